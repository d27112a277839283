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

export class PcapngWriter {
  private readonly parts: Buffer[] = [];
  private bigEndian = false;
  private interfaces: Interface[] = [];

  /** Begins a section. `length` is what the header states: -1 for unknown. */
  section(options: { bigEndian?: boolean; length?: bigint; options?: readonly Option[] } = {}): this {
    this.bigEndian = options.bigEndian ?? false;
    this.interfaces = [];
    const body = Buffer.concat([this.u32(0x1a2b3c4d), this.u16(1), this.u16(0), Buffer.alloc(8)]);
    if (this.bigEndian) body.writeBigInt64BE(options.length ?? -1n, 8);
    else body.writeBigInt64LE(options.length ?? -1n, 8);
    return this.block(0x0a0d0d0a, body, options.options);
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
    return this.block(1, Buffer.concat([this.u16(linkType), this.u16(0), this.u32(snapLength)]), all);
  }

  /** Enhanced Packet Block. */
  packet(packet: Packet, interfaceNumber = 0, options: readonly Option[] = []): this {
    const [high, low] = this.time(packet, interfaceNumber);
    const header = [interfaceNumber, high, low, packet.data.length, packet.originalLength].map((n) => this.u32(n));
    return this.block(6, Buffer.concat([...header, pad(packet.data)]), options);
  }

  /** Simple Packet Block: no time, of interface 0, whose snap length says how much was captured. */
  simplePacket(packet: Packet): this {
    return this.block(3, Buffer.concat([this.u32(packet.originalLength), pad(packet.data)]));
  }

  /** The obsolete Packet Block, with its count of dropped packets. */
  obsoletePacket(packet: Packet, interfaceNumber = 0): this {
    const [high, low] = this.time(packet, interfaceNumber);
    const numbers = [high, low, packet.data.length, packet.originalLength].map((n) => this.u32(n));
    return this.block(2, Buffer.concat([this.u16(interfaceNumber), this.u16(0xffff), ...numbers, pad(packet.data)]));
  }

  /** Any block: type, total length, body, options, total length again. */
  block(type: number, body: Buffer, options: readonly Option[] = []): this {
    const encoded = options.map(({ code, value }) => {
      const bytes = Buffer.from(value as Buffer);
      return Buffer.concat([this.u16(code), this.u16(bytes.length), pad(bytes)]);
    });
    if (encoded.length > 0) encoded.push(Buffer.alloc(4)); // end of options
    const content = Buffer.concat([pad(body), ...encoded]);
    const length = this.u32(content.length + 12);
    this.parts.push(this.u32(type), length, content, length);
    return this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  private time(packet: Packet, interfaceNumber: number): [high: number, low: number] {
    const { unitsPerSecond, offset } = this.interfaces[interfaceNumber]!;
    const fraction = (BigInt(packet.nanos) * unitsPerSecond) / 1_000_000_000n;
    const time = BigInt(packet.seconds - offset) * unitsPerSecond + fraction;
    return [Number((time >> 32n) & 0xffffffffn), Number(time & 0xffffffffn)];
  }

  private u16(value: number): Buffer {
    const buffer = Buffer.alloc(2);
    if (this.bigEndian) buffer.writeUInt16BE(value);
    else buffer.writeUInt16LE(value);
    return buffer;
  }

  private u32(value: number): Buffer {
    const buffer = Buffer.alloc(4);
    if (this.bigEndian) buffer.writeUInt32BE(value >>> 0);
    else buffer.writeUInt32LE(value >>> 0);
    return buffer;
  }

  private i64(value: number): Buffer {
    const buffer = Buffer.alloc(8);
    if (this.bigEndian) buffer.writeBigInt64BE(BigInt(value));
    else buffer.writeBigInt64LE(BigInt(value));
    return buffer;
  }
}

/** Blocks and options are filled up to four bytes. */
function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
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
