import { TO_SERVER, type Connection } from '../network/connection.js';
import type { Message } from './protocol.js';

/** Says once a connection that what a protocol's port carries is something else. */
export class ForeignMessage implements Message {
  readonly direction = TO_SERVER;
  readonly kind = 'foreign';
  readonly truncated = false;
  readonly protocol: string;
  readonly firstFrame: number;
  /** The first bytes as a server would have taken them for a length. */
  private readonly asLength: number | null;

  /** @param name `TLS`, `HTTP`, `SSH` or `unknown` */
  constructor(
    readonly connection: Connection,
    readonly op: string,
    readonly frame: number,
    readonly time: number,
    readonly streamEnd: number,
    bytes: Buffer,
    start: number,
    end: number,
  ) {
    this.protocol = op.toLowerCase();
    this.firstFrame = frame;
    this.asLength = end - start >= 4 ? bytes.readInt32BE(start) : null;
  }

  toRecord(): Record<string, unknown> {
    return this.asLength === null ? {} : { asLength: this.asLength };
  }
}
