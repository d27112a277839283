import { FRAME_LIMIT, FrameReader, NOT_A_PACKET } from './frameReader.js';
import type { Frame } from './frame.js';
import { InterfaceNames } from './inputPart.js';
import { CaptureInterface } from './interface.js';
import type { OriginalPacket } from './original.js';
import { BlockType } from './write/blockWriter.js';
import {
  INTERFACE_NUMBERS,
  OptionCode,
  PACKET_NUMBERS,
  eachOption,
  blockOptions,
  type BlockOption,
} from './write/options.js';

const { SECTION_HEADER, INTERFACE_DESCRIPTION, OBSOLETE_PACKET, SIMPLE_PACKET, ENHANCED_PACKET, DECRYPTION_SECRETS } =
  BlockType;
/** Blocks without a packet that Wireshark numbers as frames all the same: systemd journal entry, custom block. */
export const COUNTED_BLOCKS: readonly number[] = [9, 0xbad, 0x4000_0bad];

/** Decryption Secrets Block: kind of secrets, their length, and the secrets; this kind is a TLS key log. */
const TLS_KEY_LOG = 0x544c534b;
const SECRETS_FIELDS = 8;
const LINE_END = Buffer.from('\n');

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const SWAPPED_BYTE_ORDER_MAGIC = 0x4d3c2b1a;
/** Type and length before the body, length again behind it. */
const BLOCK_HEADER = 8;
const BLOCK_TRAILER = 4;
const SMALLEST_BLOCK = BLOCK_HEADER + BLOCK_TRAILER;
const SMALLEST_SECTION_HEADER = SMALLEST_BLOCK + 16;
const SMALLEST_INTERFACE = SMALLEST_BLOCK + 8;
/** Both packet blocks with a timestamp have 20 bytes before the packet's bytes. */
const PACKET_FIELDS = 20;
/** Longest block that is held in memory: a frame and, generously, its options. Others are skipped, however long. */
export const BLOCK_LIMIT = FRAME_LIMIT + 1024 * 1024;

/**
 * Interfaces of one section; captures of a host with hundreds of containers have as many.
 * @bound interfaces
 */
const MOST_INTERFACES = 65_536;

/**
 * Longer options of an interface are read and not kept.
 * @bound bytes
 */
const MOST_OPTIONS = 65_536;
/**
 * Of an interface's name.
 * @bound bytes
 */
const MOST_NAME = 1024;
/** Of the obsolete packet block: packets lost before it, if known. */
const DROPS_UNKNOWN = 0xffff;

/** True where `bytes` (4 at least) begin with a Section Header Block, whose type reads the same both ways. */
export function isPcapng(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUInt32BE(0) === SECTION_HEADER;
}

/**
 * pcapng as draft-ietf-opsawg-pcapng describes it: blocks of type, total length, body, total length again, in the byte
 * order of their section. Section headers, interfaces and the three kinds of packet block are read, secrets are
 * handed on to who asked for them, all else is skipped without being held.
 */
export class PcapngReader extends FrameReader {
  private interfaces: CaptureInterface[] = [];
  private readonly names = new InterfaceNames();
  /** Bytes of a block of no interest that are still to come. */
  private skip = 0;
  /** Bytes of a key log within them. */
  private secrets = 0;
  /** Of the frame before, for packets that have no time of their own. */
  private lastTime: number | null = null;
  /** Block of the latest frame. */
  private block = 0;
  private timelessSaid = false;

  override next(frame: Frame): boolean {
    if (this.damage !== null) return false;
    for (;;) {
      if (this.skip > 0 && !this.skipOn()) return false;
      if (this.end - this.position < SMALLEST_BLOCK && !this.fill(SMALLEST_BLOCK)) return false;
      const type = this.uint32(this.position);
      if (type === SECTION_HEADER && !this.readByteOrder()) return false;
      const length = this.uint32(this.position + 4);
      if (length < SMALLEST_BLOCK || length % 4 !== 0) return this.stop(`a block claims a length of ${length} bytes`);
      switch (type) {
        case ENHANCED_PACKET:
        case OBSOLETE_PACKET:
        case SIMPLE_PACKET:
        case INTERFACE_DESCRIPTION:
          if (length > BLOCK_LIMIT) return this.stop(`a block claims a length of ${length} bytes`);
          if (this.end - this.position < length && !this.fill(length)) return false;
          if (this.uint32(this.position + length - BLOCK_TRAILER) !== length) {
            return this.stop(`the two lengths of a block, at its start and at its end, differ`);
          }
          if (type === INTERFACE_DESCRIPTION) {
            if (!this.readInterface(length)) return false;
            this.position += length;
            continue;
          }
          if (!(type === SIMPLE_PACKET ? this.readSimplePacket(frame, length) : this.readPacket(frame, type, length))) {
            return false;
          }
          this.block = this.position;
          this.position += length;
          return true;
        case SECTION_HEADER:
          if (!this.readSection(length)) return false;
          break;
        case DECRYPTION_SECRETS:
          if (!this.readSecrets(length)) return false;
          break;
        default:
          if (!this.started) return this.stop('a block comes before the first section header');
          this.skip = length;
          if (COUNTED_BLOCKS.includes(type)) {
            frame.linkType = NOT_A_PACKET;
            return true;
          }
      }
    }
  }

  override original(): OriginalPacket | null {
    const { block, bytes, bigEndian } = this;
    const type = this.uint32(block);
    const end = block + this.uint32(block + 4) - BLOCK_TRAILER;
    const fields = block + BLOCK_HEADER;
    if (type === SIMPLE_PACKET) {
      const source = this.interfaces[0];
      return source === undefined ? null : { source, ...source.ticks(this.lastTime ?? 0, this.clock), options: [] };
    }
    const number = type === ENHANCED_PACKET ? this.uint32(fields) : this.uint16(fields);
    const source = this.interfaces[number];
    if (source === undefined) return null;
    const captured = this.uint32(fields + 12);
    const optionsAt = fields + PACKET_FIELDS + ((captured + 3) & ~3);
    const options = blockOptions(bytes, optionsAt, end, bigEndian, PACKET_NUMBERS);
    const drops = type === OBSOLETE_PACKET ? this.uint16(fields + 2) : DROPS_UNKNOWN;
    if (drops !== DROPS_UNKNOWN) {
      const value = Buffer.alloc(8);
      value.writeUInt16LE(drops);
      options.push({ code: OptionCode.EPB_DROPCOUNT, value });
    }
    return { source, high: this.uint32(fields + 4), low: this.uint32(fields + 8), options };
  }

  override finish(): void {
    if (this.skip > 0) this.stop('the file ends in the middle of a block');
    else super.finish();
  }

  private skipOn(): boolean {
    while (this.skip > 0) {
      if (this.position === this.end && !this.fill(1)) return false;
      const wanted = this.secrets > 0 ? this.secrets : this.skip;
      const step = Math.min(wanted, this.end - this.position);
      if (this.secrets > 0) this.handSecrets(step);
      this.position += step;
      this.skip -= step;
    }
    return true;
  }

  /** A block of secrets is passed over like one of no interest, but for the key log in it. */
  private readSecrets(length: number): boolean {
    if (!this.started) return this.stop('a block comes before the first section header');
    this.skip = length;
    if (this.onSecrets === null || length < SMALLEST_BLOCK + SECRETS_FIELDS) return true;
    const fields = BLOCK_HEADER + SECRETS_FIELDS;
    if (this.end - this.position < fields && !this.fill(fields)) {
      // Looked at again when more bytes are there.
      this.skip = 0;
      return false;
    }
    if (this.uint32(this.position + BLOCK_HEADER) !== TLS_KEY_LOG) return true;
    this.secrets = Math.min(this.uint32(this.position + BLOCK_HEADER + 4), length - SMALLEST_BLOCK - SECRETS_FIELDS);
    this.position += fields;
    this.skip -= fields;
    return true;
  }

  private handSecrets(count: number): void {
    this.onSecrets?.(this.bytes.subarray(this.position, this.position + count));
    this.secrets -= count;
    if (this.secrets === 0) this.onSecrets?.(LINE_END);
  }

  /** The byte order must be known before even the length of a section header can be read. */
  private readByteOrder(): boolean {
    this.bigEndian = false;
    const magic = this.uint32(this.position + 8);
    if (magic !== BYTE_ORDER_MAGIC && magic !== SWAPPED_BYTE_ORDER_MAGIC) {
      return this.stop('a section header has no byte-order magic', this.offset + 8);
    }
    this.bigEndian = magic === SWAPPED_BYTE_ORDER_MAGIC;
    return true;
  }

  private readSection(length: number): boolean {
    if (length < SMALLEST_SECTION_HEADER) return this.stop(`a section header claims a length of ${length} bytes`);
    if (!this.fill(SMALLEST_SECTION_HEADER)) return false;
    const major = this.uint16(this.position + 12);
    if (major !== 1) {
      return this.stop(`pcapng version ${major}.${this.uint16(this.position + 14)} is not known`, this.offset + 12);
    }
    this.started = true;
    this.interfaces = [];
    this.names.clear();
    this.skip = length;
    return true;
  }

  private readInterface(length: number): boolean {
    if (length < SMALLEST_INTERFACE) return this.stop(`an interface block claims a length of ${length} bytes`);
    if (this.interfaces.length >= MOST_INTERFACES) {
      return this.stop(`a section describes more than ${MOST_INTERFACES} interfaces`);
    }
    const linkType = this.uint16(this.position + 8);
    const snapLength = this.uint32(this.position + 12);
    let resolution: number | null = null;
    let offsetSeconds = 0;
    let name: string | null = null;
    const start = this.position + 16;
    const optionsEnd = this.position + length - BLOCK_TRAILER;
    const tooLong = eachOption(this.bytes, start, optionsEnd, this.bigEndian, (code, value, size) => {
      if (code === OptionCode.IF_TSRESOL && size === 1) resolution = this.bytes[value]!;
      if (code === OptionCode.IF_NAME || (code === OptionCode.IF_DESCRIPTION && name === null))
        name = this.bytes.toString('utf8', value, value + Math.min(size, MOST_NAME));
      if (code === OptionCode.IF_TSOFFSET && size === 8) {
        offsetSeconds = Number(this.bigEndian ? this.bytes.readBigInt64BE(value) : this.bytes.readBigInt64LE(value));
      }
    });
    if (tooLong >= 0) {
      return this.stop('an option of an interface is longer than its block', this.offset + tooLong - this.position);
    }
    let options: BlockOption[] = [];
    if (optionsEnd - start <= MOST_OPTIONS) {
      options = blockOptions(this.bytes, start, optionsEnd, this.bigEndian, INTERFACE_NUMBERS);
    }
    this.names.add(name);
    this.interfaces.push(new CaptureInterface(linkType, snapLength, resolution, offsetSeconds, this.clock, options));
    this.addLinkType(linkType);
    return true;
  }

  /** Enhanced Packet Block and, with a shorter interface number and a drop count beside it, the obsolete one. */
  private readPacket(frame: Frame, type: number, length: number): boolean {
    const start = this.position + BLOCK_HEADER;
    if (length < SMALLEST_BLOCK + PACKET_FIELDS) return this.stop(`a packet block claims a length of ${length} bytes`);
    const number = type === ENHANCED_PACKET ? this.uint32(start) : this.uint16(start);
    const source = this.interfaces[number];
    if (source === undefined) return this.stop(`a packet names interface ${number}, which the section does not have`);
    const captured = this.uint32(start + 12);
    const original = this.uint32(start + 16);
    if (captured > length - SMALLEST_BLOCK - PACKET_FIELDS || captured > FRAME_LIMIT) {
      return this.stop(`a packet claims ${captured} captured bytes in a block of ${length}`);
    }
    const time = source.time(this.uint32(start + 4), this.uint32(start + 8), this.clock);
    this.lastTime = time;
    if (!this.wanted(number, frame)) return true;
    frame.time = time;
    frame.linkType = source.linkType;
    frame.bytes = this.bytes;
    frame.start = start + PACKET_FIELDS;
    frame.end = frame.start + captured;
    frame.originalLength = original > captured ? original : captured;
    return true;
  }

  /** Whether a packet of an interface is of the part that is read; if not, `frame` becomes one without a packet. */
  private wanted(number: number, frame: Frame): boolean {
    const { part, census } = this;
    if (part === null && census === null) return true;
    const name = this.names.of(number);
    census?.add(name);
    if (part === null || part.host === name) return true;
    frame.linkType = NOT_A_PACKET;
    return false;
  }

  private readSimplePacket(frame: Frame, length: number): boolean {
    const start = this.position + BLOCK_HEADER;
    if (length < SMALLEST_BLOCK + 4) return this.stop(`a simple packet block claims a length of ${length} bytes`);
    const source = this.interfaces[0];
    if (source === undefined) return this.stop('a simple packet block in a section without interface');
    const original = this.uint32(start);
    const room = length - SMALLEST_BLOCK - 4;
    const limit = source.snapLength === 0 ? FRAME_LIMIT : Math.min(source.snapLength, FRAME_LIMIT);
    const captured = Math.min(original, limit);
    if (captured > room) return this.stop(`a simple packet block of ${length} bytes has no room for its packet`);
    if (!this.timelessSaid) {
      this.timelessSaid = true;
      this.remarks.push(
        'holds simple packet blocks, which have no time: each is given the time of the frame before it',
      );
    }
    if (!this.wanted(0, frame)) return true;
    frame.time = this.lastTime ?? 0;
    frame.linkType = source.linkType;
    frame.bytes = this.bytes;
    frame.start = start + 4;
    frame.end = frame.start + captured;
    frame.originalLength = original;
    return true;
  }
}
