import { BlockType, BlockWriter } from '../capture/write/blockWriter.js';

export interface BlockInterfaceOptions {
  readonly snapLength?: number;
  /** Byte of if_tsresol. */
  readonly resolution?: number;
  /** if_tsoffset in seconds. */
  readonly offset?: bigint;
}

/**
 * pcapng blocks one after the other, for tests of the reader: timestamps are given in raw ticks, and nothing stops a
 * block from being wrong. Whole, correct files come from `writePcapng`.
 */
export class PcapngBlocks {
  private readonly writer: BlockWriter;
  private written: Buffer = Buffer.alloc(0);

  constructor(private readonly bigEndian = false) {
    this.writer = new BlockWriter(bigEndian);
  }

  get bytes(): Buffer {
    this.written = Buffer.concat([this.written, this.writer.take()]);
    return this.written;
  }

  block(type: number, body: Buffer): this {
    this.writer.block(type, body);
    return this;
  }

  section(options?: Buffer): this {
    this.writer.section(options);
    return this;
  }

  interface(linkType: number, options: BlockInterfaceOptions = {}): this {
    const parts = [this.option(2, Buffer.from('eth0'))];
    if (options.resolution !== undefined) parts.push(this.option(9, Buffer.of(options.resolution)));
    if (options.offset !== undefined) parts.push(this.option(14, this.u64(BigInt.asUintN(64, options.offset))));
    parts.push(this.option(0, Buffer.alloc(0)));
    this.writer.interface(linkType, options.snapLength ?? 0, Buffer.concat(parts));
    return this;
  }

  /** Enhanced Packet Block of interface `number`. */
  packet(number: number, ticks: bigint, data: Buffer, originalLength = data.length, options?: Buffer): this {
    this.writer.packet(number, Number(ticks >> 32n), Number(ticks & 0xffffffffn), data, originalLength, options);
    return this;
  }

  obsoletePacket(number: number, ticks: bigint, data: Buffer, originalLength = data.length): this {
    const numbers = [Number(ticks >> 32n), Number(ticks & 0xffffffffn), data.length, originalLength];
    const fields = [this.u16(number), this.u16(7), ...numbers.map((value) => this.u32(value))];
    return this.block(BlockType.OBSOLETE_PACKET, Buffer.concat([...fields, data]));
  }

  simplePacket(data: Buffer, originalLength = data.length): this {
    return this.block(BlockType.SIMPLE_PACKET, Buffer.concat([this.u32(originalLength), data]));
  }

  option(code: number, value: Buffer): Buffer {
    return this.writer.option(code, value);
  }

  private u16(value: number): Buffer {
    const bytes = Buffer.alloc(2);
    if (this.bigEndian) bytes.writeUInt16BE(value);
    else bytes.writeUInt16LE(value);
    return bytes;
  }

  private u32(value: number): Buffer {
    const bytes = Buffer.alloc(4);
    if (this.bigEndian) bytes.writeUInt32BE(value);
    else bytes.writeUInt32LE(value);
    return bytes;
  }

  private u64(value: bigint): Buffer {
    const bytes = Buffer.alloc(8);
    if (this.bigEndian) bytes.writeBigUInt64BE(value);
    else bytes.writeBigUInt64LE(value);
    return bytes;
  }
}
