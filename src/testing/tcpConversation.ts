import type { CaptureBuilder } from './captureBuilder.js';
import { ACK, FIN, PSH, RST, SYN } from './headers.js';

export type Side = 'client' | 'server';

export interface ConversationOptions {
  /** `10.0.0.1:40000` or `[fd77::1]:40000`. */
  readonly client: string;
  readonly server: string;
  /** Initial sequence numbers: the SYN has this one, the first byte the next. */
  readonly clientSequence?: number;
  readonly serverSequence?: number;
  /** Most payload bytes in a segment. */
  readonly segmentSize?: number;
  /** TCP timestamps option in every segment. */
  readonly timestamps?: boolean;
}

export interface SendOptions {
  /** The segments were sent and received, but the capture missed them. */
  readonly lost?: boolean;
  /** The segments were captured, but the other side never got them: it does not acknowledge them. */
  readonly dropped?: boolean;
  /** Most payload bytes in a segment, for this once. */
  readonly segmentSize?: number;
  /** TCP options of this segment, behind those of the conversation; a multiple of four bytes. */
  readonly options?: Buffer;
  /** Does not acknowledge what the other side sent since the last acknowledgement. */
  readonly withoutAck?: boolean;
}

interface SentSegment {
  readonly sequence: number;
  readonly payload: Buffer;
  readonly flags: number;
}

/** What one side of the conversation has sent and acknowledged. */
class Half {
  /** Next sequence number to send, modulo 2³². */
  next: number;
  /** Next sequence number that the other side wants from this one. */
  wanted: number;
  /** Acknowledgement number that this side last sent. */
  acknowledged = 0;
  window = 502;
  readonly sent: SentSegment[] = [];
  /** What arrived at the other side out of order. */
  private readonly early: { sequence: number; length: number }[] = [];

  constructor(
    readonly address: string,
    readonly initial: number,
  ) {
    this.next = (initial + 1) >>> 0;
    this.wanted = this.next;
  }

  /** The other side receives a segment. */
  arrive(sequence: number, length: number): void {
    this.early.push({ sequence, length });
    for (let i = 0; i < this.early.length; i++) {
      const early = this.early[i]!;
      const ahead = (early.sequence - this.wanted) | 0;
      if (ahead > 0) continue;
      this.early.splice(i, 1);
      if (ahead + early.length > 0) this.wanted = (early.sequence + early.length) >>> 0;
      i = -1;
    }
  }
}

/** SYN and FIN take a sequence number each. */
function sequenceLength(flags: number, payload: Buffer): number {
  return payload.length + ((flags & (SYN | FIN)) !== 0 ? 1 : 0);
}

const NO_BYTES = Buffer.alloc(0);

/**
 * One TCP connection of a CaptureBuilder. Each call sends one thing, in order; sequence and acknowledgement numbers
 * follow. Whatever a side sends acknowledges all that has reached it, captured or not. Without a handshake the
 * conversation is one in mid-stream.
 */
export class TcpConversation {
  private readonly builder: CaptureBuilder;
  private readonly clientHalf: Half;
  private readonly serverHalf: Half;
  private readonly segmentSize: number;
  private readonly timestamps: boolean;

  constructor(builder: CaptureBuilder, options: ConversationOptions) {
    this.builder = builder;
    this.clientHalf = new Half(options.client, options.clientSequence ?? 1_000_000);
    this.serverHalf = new Half(options.server, options.serverSequence ?? 2_000_000);
    this.segmentSize = options.segmentSize ?? 1448;
    this.timestamps = options.timestamps ?? false;
    this.clientHalf.acknowledged = this.serverHalf.wanted;
    this.serverHalf.acknowledged = this.clientHalf.wanted;
  }

  /** SYN, SYN-ACK, ACK. */
  handshake(options: SendOptions = {}): this {
    return this.syn(options).synAck(options).ack('client', options);
  }

  /** The client's SYN; sent again it has the same sequence number. */
  syn(options: SendOptions = {}): this {
    this.clientHalf.next = this.clientHalf.wanted = this.clientHalf.initial >>> 0;
    return this.segment(this.clientHalf, SYN, NO_BYTES, { ...options, withoutAck: true });
  }

  synAck(options: SendOptions = {}): this {
    this.serverHalf.next = this.serverHalf.wanted = this.serverHalf.initial >>> 0;
    return this.segment(this.serverHalf, SYN | ACK, NO_BYTES, options);
  }

  client(bytes: Uint8Array | string, options: SendOptions = {}): this {
    return this.data('client', bytes, options);
  }

  server(bytes: Uint8Array | string, options: SendOptions = {}): this {
    return this.data('server', bytes, options);
  }

  /** Data in as many segments as needed, the last with PSH. */
  data(side: Side, bytes: Uint8Array | string, options: SendOptions = {}): this {
    const payload = Buffer.from(bytes as Uint8Array);
    const size = options.segmentSize ?? this.segmentSize;
    for (let at = 0; at < payload.length; at += size) {
      const flags = at + size >= payload.length ? PSH | ACK : ACK;
      this.segment(this.half(side), flags, payload.subarray(at, at + size), options);
    }
    return this;
  }

  /** A segment without data that acknowledges all that the other side has sent. */
  ack(side: Side, options: SendOptions = {}): this {
    return this.segment(this.half(side), ACK, NO_BYTES, options);
  }

  /** An acknowledgement that says that the nth of the other side's segments (see retransmit) had come before: D-SACK. */
  dsack(side: Side, back = 0): this {
    const segment = this.other(this.half(side)).sent.at(-1 - back);
    if (!segment) throw new Error('nothing was sent');
    const options = Buffer.from([1, 1, 5, 10, 0, 0, 0, 0, 0, 0, 0, 0]);
    options.writeUInt32BE(segment.sequence, 4);
    options.writeUInt32BE((segment.sequence + segment.payload.length) >>> 0, 8);
    return this.ack(side, { options });
  }

  fin(side: Side, options: SendOptions = {}): this {
    return this.segment(this.half(side), FIN | ACK, NO_BYTES, options);
  }

  rst(side: Side, options: SendOptions = {}): this {
    return this.segment(this.half(side), RST | ACK, NO_BYTES, options);
  }

  /** FIN, FIN, ACK, begun by `side`. */
  close(side: Side = 'client'): this {
    return this.fin(side)
      .fin(side === 'client' ? 'server' : 'client')
      .ack(side);
  }

  /** Sends the nth segment that carried data, SYN or FIN again; counted from the last (0) backwards. */
  retransmit(side: Side, back = 0, options: SendOptions = {}): this {
    const half = this.half(side);
    const segment = half.sent.at(-1 - back);
    if (!segment) throw new Error('nothing to retransmit');
    return this.put(half, segment.sequence, segment.flags, segment.payload, options);
  }

  /** One byte before the next, or none: asks whether the other side is still there. */
  keepAlive(side: Side, bytes: 0 | 1 = 0): this {
    const half = this.half(side);
    return this.put(half, (half.next - 1) >>> 0, ACK, Buffer.alloc(bytes), {});
  }

  /** Announces a window (as in the header, unscaled) in this and all later segments. */
  window(side: Side, window: number): this {
    this.half(side).window = window;
    return this.ack(side);
  }

  /** A segment at any place of the stream: `position` counts from the first byte after SYN and may be negative. */
  raw(side: Side, position: number, bytes: Uint8Array | string, flags = PSH | ACK, options: SendOptions = {}): this {
    const half = this.half(side);
    return this.put(half, (half.initial + 1 + position) >>> 0, flags, Buffer.from(bytes as Uint8Array), options);
  }

  /** Number of the last frame of the capture. */
  get frame(): number {
    return this.builder.frame;
  }

  wait(seconds: number): this {
    this.builder.wait(seconds);
    return this;
  }

  private half(side: Side): Half {
    return side === 'client' ? this.clientHalf : this.serverHalf;
  }

  private other(half: Half): Half {
    return half === this.clientHalf ? this.serverHalf : this.clientHalf;
  }

  private segment(half: Half, flags: number, payload: Buffer, options: SendOptions): this {
    const sequence = half.next;
    const length = sequenceLength(flags, payload);
    if (length > 0) half.sent.push({ sequence, payload, flags });
    half.next = (half.next + length) >>> 0;
    return this.put(half, sequence, flags, payload, options);
  }

  private put(half: Half, sequence: number, flags: number, payload: Buffer, options: SendOptions): this {
    const other = this.other(half);
    if (!options.withoutAck) half.acknowledged = other.wanted;
    if (!options.dropped) half.arrive(sequence, sequenceLength(flags, payload));
    if (options.lost) {
      this.builder.miss();
      return this;
    }
    this.builder.addSegment({
      source: half.address,
      destination: other.address,
      sequence,
      acknowledgement: (flags & ACK) !== 0 ? half.acknowledged : 0,
      flags,
      window: half.window,
      options: Buffer.concat([this.options(flags), options.options ?? NO_BYTES]),
      payload,
    });
    return this;
  }

  private options(flags: number): Buffer {
    const parts: Buffer[] = [];
    if ((flags & SYN) !== 0) parts.push(Buffer.from([2, 4, 5, 0xb4])); // maximum segment size 1460
    if (this.timestamps) {
      const timestamps = Buffer.from([1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0]);
      timestamps.writeUInt32BE(1000 + this.builder.frame, 4);
      parts.push(timestamps);
    }
    return Buffer.concat(parts);
  }
}
