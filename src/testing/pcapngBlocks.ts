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
  private readonly bigEndian: boolean;
  private readonly parts: Buffer[] = [];

  constructor(bigEndian = false) {
    this.bigEndian = bigEndian;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  block(type: number, body: Buffer): this {
    const padding = Buffer.alloc(-body.length & 3);
    const length = this.u32(body.length + padding.length + 12);
    this.parts.push(this.u32(type), length, body, padding, length);
    return this;
  }

  section(options: Buffer = Buffer.alloc(0)): this {
    const version = [this.u16(1), this.u16(0)];
    return this.block(0x0a0d0d0a, Buffer.concat([this.u32(0x1a2b3c4d), ...version, Buffer.alloc(8, 0xff), options]));
  }

  interface(linkType: number, options: BlockInterfaceOptions = {}): this {
    const parts = [this.u16(linkType), this.u16(0), this.u32(options.snapLength ?? 0)];
    parts.push(this.option(2, Buffer.from('eth0')));
    if (options.resolution !== undefined) parts.push(this.option(9, Buffer.of(options.resolution)));
    if (options.offset !== undefined) parts.push(this.option(14, this.u64(BigInt.asUintN(64, options.offset))));
    parts.push(this.option(0, Buffer.alloc(0)));
    return this.block(1, Buffer.concat(parts));
  }

  /** Enhanced Packet Block of interface `number`. */
  packet(
    number: number,
    ticks: bigint,
    data: Buffer,
    originalLength = data.length,
    options: Buffer = Buffer.alloc(0),
  ): this {
    const padding = Buffer.alloc(options.length === 0 ? 0 : -data.length & 3);
    const fields = [this.u32(number), this.time(ticks), this.lengths(data, originalLength)];
    return this.block(6, Buffer.concat([...fields, data, padding, options]));
  }

  obsoletePacket(number: number, ticks: bigint, data: Buffer, originalLength = data.length): this {
    const fields = [this.u16(number), this.u16(7), this.time(ticks), this.lengths(data, originalLength)];
    return this.block(2, Buffer.concat([...fields, data]));
  }

  simplePacket(data: Buffer, originalLength = data.length): this {
    return this.block(3, Buffer.concat([this.u32(originalLength), data]));
  }

  option(code: number, value: Buffer): Buffer {
    return Buffer.concat([this.u16(code), this.u16(value.length), value, Buffer.alloc(-value.length & 3)]);
  }

  private time(ticks: bigint): Buffer {
    return Buffer.concat([this.u32(Number(ticks >> 32n)), this.u32(Number(ticks & 0xffffffffn))]);
  }

  private lengths(data: Buffer, originalLength: number): Buffer {
    return Buffer.concat([this.u32(data.length), this.u32(originalLength)]);
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
