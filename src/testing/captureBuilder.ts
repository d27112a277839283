import { parseAddress } from './addresses.js';
import type { Packet, PcapOptions } from './captureFile.js';
import { writePcap } from './captureFile.js';
import { ethernetHeader, IPV4, IPV6, ipPacket, tcpSegment } from './headers.js';
import { TcpConversation } from './tcpConversation.js';
import type { ConversationOptions } from './tcpConversation.js';

/** What one TCP segment on the wire is made of; the rest follows from its conversation. */
export interface WireSegment {
  readonly source: string;
  readonly destination: string;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly window: number;
  readonly options: Buffer;
  readonly payload: Buffer;
}

/**
 * Makes captures from nothing: conversations whose packets are put down in the order in which the test sends them, on
 * Ethernet, a millisecond apart.
 */
export class CaptureBuilder {
  readonly packets: Packet[] = [];
  /** Nanoseconds since `startSeconds` at which the next packet is sent. */
  private now = 0;

  constructor(
    /** Epoch second of the first packet. */
    readonly startSeconds = 1_700_000_000,
    /** Nanoseconds between packets. */
    readonly step = 1_000_000,
  ) {}

  /** Number of the last frame, counting from 1. */
  get frame(): number {
    return this.packets.length;
  }

  connection(options: ConversationOptions): TcpConversation {
    return new TcpConversation(this, options);
  }

  /** Lets time pass. */
  wait(seconds: number): this {
    this.now += Math.round(seconds * 1e9);
    return this;
  }

  /** Puts a frame of any kind into the capture. */
  add(data: Buffer, options: { linkType?: number; originalLength?: number } = {}): this {
    this.packets.push({
      seconds: this.startSeconds + Math.floor(this.now / 1e9),
      nanos: this.now % 1e9,
      data,
      originalLength: options.originalLength ?? data.length,
      linkType: options.linkType ?? 1,
    });
    this.now += this.step;
    return this;
  }

  /** Time passes, as if a packet had been sent, but the capture does not have it. */
  miss(): this {
    this.now += this.step;
    return this;
  }

  addSegment(segment: WireSegment): this {
    const source = parseAddress(segment.source);
    const destination = parseAddress(segment.destination);
    const ports = { sourcePort: source.port, destinationPort: destination.port };
    const tcp = tcpSegment(source.ip, destination.ip, { ...segment, ...ports }, segment.payload);
    const ip = ipPacket({ source: source.ip, destination: destination.ip, protocol: 6 }, tcp);
    const etherType = source.ip.includes(':') ? IPV6 : IPV4;
    return this.add(Buffer.concat([ethernetHeader(source.ip, destination.ip, etherType), ip]));
  }

  toPcap(options: PcapOptions = {}): Buffer {
    return writePcap(this.packets, options);
  }
}
