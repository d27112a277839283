import { BlockWriter } from '../capture/write/blockWriter.js';
import type { Packet } from './captureFile.js';

/** Writes pcapng files block by block (draft-ietf-opsawg-pcapng). */

export interface Option {
  readonly code: number;
  readonly value: Buffer | string;
}

export interface InterfaceOptions {
  readonly linkType: number;
  readonly snapLength?: number;
  /** if_tsresol as it stands in the file: 6 microseconds, 9 nanoseconds, with the top bit a power of two; 6 if absent. */
  readonly resolution?: number;
  /** if_tsoffset: seconds that were taken off every time. */
  readonly offset?: number;
  readonly options?: readonly Option[];
}

interface Interface {
  readonly unitsPerSecond: bigint;
  readonly offset: number;
}

const COMMENT = 1;

/** Writes whole files of packets, in either byte order, one section after the other. */
export class PcapngWriter {
  private readonly parts: Buffer[] = [];
  private bigEndian = false;
  private blocks = new BlockWriter();
  private interfaces: Interface[] = [];

  /** Begins a section. `length` is what the header states: -1 for unknown. */
  section(options: { bigEndian?: boolean; length?: bigint; options?: readonly Option[] } = {}): this {
    this.parts.push(this.blocks.take());
    this.bigEndian = options.bigEndian ?? false;
    this.blocks = new BlockWriter(this.bigEndian);
    this.interfaces = [];
    this.blocks.section(this.encoded(options.options), options.length);
    return this;
  }

  /** Describes an interface; they are numbered from 0 within a section. */
  interface(options: InterfaceOptions): this {
    const { linkType, snapLength = 262144, resolution, offset = 0 } = options;
    const units = resolution ?? 6;
    this.interfaces.push({
      unitsPerSecond: (units & 0x80) !== 0 ? 2n ** BigInt(units & 0x7f) : 10n ** BigInt(units),
      offset,
    });
    const all = [...(options.options ?? [])];
    if (resolution !== undefined) all.push({ code: 9, value: Buffer.from([resolution]) });
    if (offset !== 0) all.push({ code: 14, value: this.i64(offset) });
    this.blocks.interface(linkType, snapLength, this.encoded(all));
    return this;
  }

  /** Enhanced Packet Block. */
  packet(packet: Packet, interfaceNumber = 0, options: readonly Option[] = []): this {
    const [high, low] = this.time(packet, interfaceNumber);
    this.blocks.packet(interfaceNumber, high, low, packet.data, packet.originalLength, this.encoded(options));
    return this;
  }

  /** Any block: type, total length, body, options, total length again. */
  block(type: number, body: Buffer, options: readonly Option[] = []): this {
    this.blocks.block(type, body, this.encoded(options));
    return this;
  }

  bytes(): Buffer {
    this.parts.push(this.blocks.take());
    return Buffer.concat(this.parts);
  }

  private encoded(options: readonly Option[] = []): Buffer {
    return this.blocks.options(options.map(({ code, value }) => ({ code, value: Buffer.from(value as Buffer) })));
  }

  private time(packet: Packet, interfaceNumber: number): [high: number, low: number] {
    const { unitsPerSecond, offset } = this.interfaces[interfaceNumber]!;
    const fraction = (BigInt(packet.nanos) * unitsPerSecond) / 1_000_000_000n;
    const time = BigInt(packet.seconds - offset) * unitsPerSecond + fraction;
    return [Number((time >> 32n) & 0xffffffffn), Number(time & 0xffffffffn)];
  }

  private i64(value: number): Buffer {
    const buffer = Buffer.alloc(8);
    if (this.bigEndian) buffer.writeBigInt64BE(BigInt(value));
    else buffer.writeBigInt64LE(BigInt(value));
    return buffer;
  }
}

export interface PcapngOptions {
  readonly bigEndian?: boolean;
  /** if_tsresol of every interface; not stated if absent. */
  readonly resolution?: number;
  /** if_tsoffset of every interface. */
  readonly offset?: number;
  /** Sections that the packets are spread over. */
  readonly sections?: number;
  /** Comments, hash and flag options, name resolution, statistics and custom blocks between the packets. */
  readonly extras?: boolean;
}

/** A pcapng file with an interface for every link type in each section. */
export function writePcapng(packets: readonly Packet[], options: PcapngOptions = {}): Buffer {
  const { bigEndian = false, resolution, offset, sections = 1, extras = false } = options;
  const writer = new PcapngWriter();
  const size = Math.max(1, Math.ceil(packets.length / sections));
  for (let at = 0; at === 0 || at < packets.length; at += size) {
    const part = packets.slice(at, at + size);
    const linkTypes = [...new Set(part.map((packet) => packet.linkType))];
    writer.section({ bigEndian, options: extras ? [{ code: COMMENT, value: 'section' }] : [] });
    for (const linkType of linkTypes) {
      writer.interface({
        linkType,
        ...(resolution === undefined ? {} : { resolution }),
        ...(offset === undefined ? {} : { offset }),
        options: extras ? [{ code: 2, value: 'eth0' }] : [],
      });
    }
    part.forEach((packet, i) => {
      if (extras && i % 5 === 0) writer.block(0xcafe, Buffer.from('a block that nobody knows'));
      if (extras && i % 7 === 0) writer.block(4, Buffer.alloc(4)); // name resolution, empty
      const own = extras && i % 3 === 0 ? [{ code: COMMENT, value: `packet ${i}` }] : [];
      writer.packet(packet, linkTypes.indexOf(packet.linkType), own);
    });
    if (extras) writer.block(5, Buffer.alloc(12)); // interface statistics
  }
  return writer.bytes();
}
