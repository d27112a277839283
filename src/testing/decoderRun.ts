import { Connection, TO_CLIENT, TO_SERVER, type Direction } from '../network/connection.js';
import { StreamChunk } from '../network/streamChunk.js';
import { missingBytes, type ConnectionDecoder, type Gap, type MessageSink } from '../protocols/protocol.js';
import type { ConnectedMessage, Message } from '../protocols/registry.js';

export interface DecoderRunOptions {
  /** The start of the connection was not captured. */
  readonly midStream?: boolean;
  readonly port?: number;
  /** Cuts every segment into pieces of at most so many bytes. */
  readonly pieces?: number;
}

/** Drives a decoder with the bytes of one connection, without TCP: each segment is a frame, a millisecond apart. */
export class DecoderRun {
  readonly connection: Connection;
  readonly messages: Message[] = [];
  readonly gaps: Gap[] = [];
  private readonly decoder: ConnectionDecoder;
  private readonly positions: [number, number] = [0, 0];
  private readonly pieces: number;
  private readonly chunk = new StreamChunk();
  frame = 0;

  constructor(
    open: (connection: Connection, sink: MessageSink) => ConnectionDecoder,
    { midStream = false, port = 2380, pieces = Infinity }: DecoderRunOptions = {},
  ) {
    this.pieces = pieces;
    this.connection = new Connection(
      0,
      { ip: '10.0.0.2', port: 40000, text: '10.0.0.2:40000' },
      { ip: '10.0.0.1', port, text: `10.0.0.1:${port}` },
      true,
      { frame: 1, time: 0 },
      midStream,
    );
    this.decoder = open(this.connection, {
      message: (message: ConnectedMessage) => this.messages.push(message),
      gap: (gap) => this.gaps.push(gap),
    });
  }

  get time(): number {
    return this.frame * 1e6;
  }

  client(bytes: Buffer | string): this {
    return this.segment(TO_SERVER, bytes);
  }

  server(bytes: Buffer | string): this {
    return this.segment(TO_CLIENT, bytes);
  }

  /** A segment; text is latin1. It counts as acknowledged. */
  segment(direction: Direction, bytes: Buffer | string): this {
    const all = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    for (let start = 0; start < all.length; start += this.pieces) {
      const piece = all.subarray(start, Math.min(all.length, start + this.pieces));
      this.frame++;
      const position = this.positions[direction];
      const facts = this.connection.stream(direction);
      facts.packets++;
      this.positions[direction] += piece.length;
      facts.delivered = this.positions[direction];
      facts.acked = this.positions[direction];
      // What lies around the piece must not be looked at, and its bytes not be kept.
      const chunk = Buffer.alloc(piece.length + 14, 0x5a);
      piece.copy(chunk, 7);
      this.decoder.data(this.chunk.set(direction, chunk, 7, 7 + piece.length, position, this.frame, this.time));
      chunk.fill(0xa5);
    }
    return this;
  }

  lose(direction: Direction, length: number): this {
    this.frame++;
    const { connection, decoder, frame, time } = this;
    if (decoder.tellsMissing !== true) this.gaps.push(missingBytes(connection, direction, length, frame, time));
    decoder.gap(direction, length, this.positions[direction], frame, time);
    this.positions[direction] += length;
    return this;
  }

  get held(): number {
    return this.decoder.held ?? 0;
  }

  giveUp(): this {
    this.decoder.giveUp?.();
    return this;
  }

  fin(direction: Direction): this {
    this.frame++;
    this.connection.stream(direction).fin = { frame: this.frame, time: this.time };
    this.decoder.fin(direction, this.frame, this.time);
    return this;
  }

  reset(direction: Direction): this {
    this.frame++;
    this.connection.stream(direction).rst = { frame: this.frame, time: this.time };
    return this;
  }

  end(): this {
    this.decoder.end(this.frame, this.time);
    return this;
  }

  /** `kind op` of each message. */
  ops(): string[] {
    return this.messages.map((message) => `${message.kind} ${message.op ?? 'null'}`);
  }

  records(): Record<string, unknown>[] {
    return this.messages.map((message) => message.toRecord({ data: false }));
  }

  /** Bytes of the gaps of one reason. */
  gapBytes(reason: Gap['reason']): number {
    return this.gaps.filter((gap) => gap.reason === reason).reduce((sum, gap) => sum + gap.bytes, 0);
  }
}
