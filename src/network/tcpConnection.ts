import type { Connection } from './connection.js';
import { TableEntry } from './connectionTable.js';
import type { Doubtful } from './doubtQueue.js';
import { HalfConnection } from './halfConnection.js';
import type { Segment } from './segment.js';
import type { StreamHandler } from './streamHandler.js';

/** A half that knows its connection. */
export class Half extends HalfConnection implements Doubtful {
  owner: TcpConnection | null = null;
  doubted = false;
  before: this | null = null;
  after: this | null = null;
}

/** A connection as the reassembly works on it. */
export class TcpConnection extends TableEntry {
  handler: StreamHandler | null = null;
  /** What its handler held when it was last asked. */
  held = 0;
  closing = false;
  closed = false;

  constructor(
    hash: number,
    segment: Segment,
    readonly connection: Connection,
    /** Half of the sender of the first segment, and of its receiver. */
    readonly a: Half,
    readonly b: Half,
  ) {
    super(hash, segment);
    a.owner = this;
    b.owner = this;
  }

  get lastTime(): number {
    return Math.max(this.a.lastTime, this.b.lastTime);
  }
}
