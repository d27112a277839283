import { Connection, TO_SERVER, type Endpoint } from './connection.js';
import { TableEntry } from './connectionTable.js';
import type { Doubtful } from './doubtQueue.js';
import { HalfConnection } from './halfConnection.js';
import { Segment } from './segment.js';
import type { StreamHandler } from './streamHandler.js';
import { steadyShape } from '../capture/steadyShape.js';

/** A half that knows its connection. */
export class Half extends HalfConnection implements Doubtful {
  owner: TcpConnection | null = null;
  doubted = false;
  before: this | null = null;
  after: this | null = null;
}

/** The connection of a segment, and the stream that it is part of. */
export interface SegmentPlace {
  readonly connection: Connection;
  readonly stream: HalfConnection;
  readonly closed: boolean;
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

  get ends(): Pick<TcpConnection, 'connection' | 'closed'> {
    return { connection: this.connection, closed: this.closed };
  }

  get lastTime(): number {
    return Math.max(this.a.lastTime, this.b.lastTime);
  }
}

// All that a segment touches of its connection, laid out before the first one comes.
const TIMES = ['ackedTime', 'lastTime', 'lastPayloadTime', 'lastDeliveredTime', 'doubtSince', 'finTime'] as const;
const half = (): Half => {
  const one = new Half(TO_SERVER);
  steadyShape(one, 'watchFor', 'initialSequence', ...TIMES);
  return one;
};
const nobody: Endpoint = { ip: '', port: 0, text: '' };
const example = new Connection(0, nobody, nobody, false, { frame: 0, time: 0 }, false, half(), half());
steadyShape(example);
steadyShape(new TcpConnection(0, new Segment(), example, half(), half()));
