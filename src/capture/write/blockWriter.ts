import type { BlockOption } from './options.js';

/** Types of pcapng blocks. */
export const BlockType = {
  SECTION_HEADER: 0x0a0d0d0a,
  INTERFACE_DESCRIPTION: 1,
  OBSOLETE_PACKET: 2,
  SIMPLE_PACKET: 3,
  ENHANCED_PACKET: 6,
  DECRYPTION_SECRETS: 10,
} as const;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Kind of secrets: a TLS key log. */
const TLS_KEY_LOG = 0x544c534b;
/** An option's length has 16 bits. */
const LONGEST_OPTION = 0xffff;
const NO_BYTES = Buffer.alloc(0);

/**
 * pcapng blocks one after the other, in either byte order (draft-ietf-opsawg-pcapng): type, total length, body, options,
 * total length again. Timestamps are given in raw ticks of their interface. What was written waits in `take`.
 */
export class BlockWriter {
  private parts: Buffer[] = [];
  /** Bytes that wait. */
  pending = 0;

  constructor(private readonly bigEndian = false) {}

  /** Gives what was written since it was called last. */
  take(): Buffer {
    const bytes = Buffer.concat(this.parts, this.pending);
    this.parts = [];
    this.pending = 0;
    return bytes;
  }

  /** Any block. `body` is filled up to four bytes; what stands in `options` is encoded already. */
  block(type: number, body: Buffer, options: Buffer = NO_BYTES): this {
    const padding = -body.length & 3;
    const length = 12 + body.length + padding + options.length;
    const block = Buffer.alloc(length);
    this.putUint32(block, 0, type);
    this.putUint32(block, 4, length);
    body.copy(block, 8);
    options.copy(block, 8 + body.length + padding);
    this.putUint32(block, length - 4, length);
    return this.raw(block);
  }

  /** Bytes as they are. They must not change until `take`. */
  raw(bytes: Buffer): this {
    this.parts.push(bytes);
    this.pending += bytes.length;
    return this;
  }

  /** Begins a section: version 1.0, its length not stated unless given. */
  section(options: Buffer = NO_BYTES, length = -1n): this {
    const body = Buffer.alloc(16);
    this.putUint32(body, 0, BYTE_ORDER_MAGIC);
    this.putUint16(body, 4, 1);
    if (this.bigEndian) body.writeBigInt64BE(length, 8);
    else body.writeBigInt64LE(length, 8);
    return this.block(BlockType.SECTION_HEADER, body, options);
  }

  /** Describes an interface; they are numbered from 0 within a section. `snapLength` 0 is no limit. */
  interface(linkType: number, snapLength: number, options: Buffer = NO_BYTES): this {
    const body = Buffer.alloc(8);
    this.putUint16(body, 0, linkType);
    this.putUint32(body, 4, snapLength);
    return this.block(BlockType.INTERFACE_DESCRIPTION, body, options);
  }

  /**
   * Enhanced Packet Block.
   * @param high,low halves of the timestamp
   * @param originalLength bytes on the wire
   */
  packet(
    number: number,
    high: number,
    low: number,
    data: Buffer,
    originalLength = data.length,
    options: Buffer = NO_BYTES,
  ): this {
    const padding = -data.length & 3;
    const length = 32 + data.length + padding + options.length;
    const block = Buffer.allocUnsafe(length);
    this.putUint32(block, 0, BlockType.ENHANCED_PACKET);
    this.putUint32(block, 4, length);
    this.putUint32(block, 8, number);
    this.putUint32(block, 12, high);
    this.putUint32(block, 16, low);
    this.putUint32(block, 20, data.length);
    this.putUint32(block, 24, originalLength);
    data.copy(block, 28);
    block.fill(0, 28 + data.length, 28 + data.length + padding);
    options.copy(block, 28 + data.length + padding);
    this.putUint32(block, length - 4, length);
    return this.raw(block);
  }

  /** Decryption Secrets Block with a TLS key log. */
  keyLog(lines: Buffer): this {
    const body = Buffer.alloc(8 + lines.length);
    this.putUint32(body, 0, TLS_KEY_LOG);
    this.putUint32(body, 4, lines.length);
    lines.copy(body, 8);
    return this.block(BlockType.DECRYPTION_SECRETS, body);
  }

  /** Options as they stand in a block, with their end; nothing where there are none. A comment that is too long is cut. */
  options(options: readonly BlockOption[]): Buffer {
    if (options.length === 0) return NO_BYTES;
    return Buffer.concat([...options.map(({ code, value }) => this.option(code, value)), this.option(0, NO_BYTES)]);
  }

  /** One option, filled up to four bytes. Its value is cut where it is longer than an option can be. */
  option(code: number, value: Buffer): Buffer {
    const size = Math.min(value.length, LONGEST_OPTION);
    const option = Buffer.alloc(4 + size + (-size & 3));
    this.putUint16(option, 0, code);
    this.putUint16(option, 2, size);
    value.copy(option, 4, 0, size);
    return option;
  }

  protected putUint16(bytes: Buffer, at: number, value: number): void {
    if (this.bigEndian) bytes.writeUInt16BE(value, at);
    else bytes.writeUInt16LE(value, at);
  }

  protected putUint32(bytes: Buffer, at: number, value: number): void {
    if (this.bigEndian) bytes.writeUInt32BE(value >>> 0, at);
    else bytes.writeUInt32LE(value >>> 0, at);
  }
}
