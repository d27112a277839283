import { ByteWindow } from '../byteWindow.js';
import { BLOCK_LIMIT, COUNTED_BLOCKS } from '../pcapng.js';
import { BlockType, BlockWriter } from './blockWriter.js';
import { comment, eachOption } from './options.js';

const HEADER = 8;
const TRAILER = 4;
const SMALLEST = HEADER + TRAILER;
/** Behind the magic and the version of a section header. */
const SECTION_LENGTH_AT = 16;
const SECTION_FIELDS = 24;
const SWAPPED_MAGIC = 0x4d3c2b1a;
const PACKET_FIELDS = 20;
const UNKNOWN_LENGTH = Buffer.alloc(8, 0xff);
const PIECE = 64 * 1024;

/** What is to be said in a copy. */
export interface CopyComments {
  /** Of a frame, by its number in the capture, from 1. */
  readonly of: (frame: number) => readonly string[];
  /** Of the first section. */
  readonly section: readonly string[];
}

/**
 * Copies a pcapng capture as it stands, block by block, whatever the blocks are, and adds comments. Of what is added
 * options and lengths of blocks follow; a section that states its length states it no more. The capture was read before:
 * what cannot be read ends the copy.
 */
export class BlockCopy extends ByteWindow {
  /** Comments for packets without room for any (simple packet blocks). */
  homeless = 0;
  private blocks = new BlockWriter();
  private bigEndian = false;
  private sections = 0;
  private frame = 0;
  /** Bytes of a block of no interest that are still to come. */
  private rest = 0;
  private damaged = false;

  constructor(
    private readonly out: (bytes: Buffer) => void,
    private readonly comments: CopyComments,
  ) {
    super();
  }

  /** Not even the beginning of a section was copied. */
  get empty(): boolean {
    return this.sections === 0;
  }

  /** Takes bytes of the capture, in order. They may be overwritten afterwards. */
  add(bytes: Buffer): void {
    if (this.damaged) return;
    this.push(bytes);
    while (this.next());
    if (this.blocks.pending >= PIECE) this.flush();
  }

  /** Hands on what waits. */
  flush(): void {
    if (this.blocks.pending > 0) this.out(this.blocks.take());
  }

  /** Copies the next block, or what there is of it; false where more bytes are needed. */
  private next(): boolean {
    if (this.damaged) return false;
    if (this.rest > 0) return this.passOn();
    if (!this.fill(SMALLEST)) return false;
    if (this.bytes.readUInt32BE(this.position) === BlockType.SECTION_HEADER) {
      this.bigEndian = this.bytes.readUInt32LE(this.position + HEADER) === SWAPPED_MAGIC;
    }
    const type = this.uint32(this.position);
    const length = this.uint32(this.position + 4);
    if (length < SMALLEST || length % 4 !== 0 || (this.sections === 0 && type !== BlockType.SECTION_HEADER)) {
      return this.stop();
    }
    switch (type) {
      case BlockType.SECTION_HEADER:
        return this.section(length);
      case BlockType.ENHANCED_PACKET:
      case BlockType.OBSOLETE_PACKET:
        return this.packet(type, length);
      case BlockType.SIMPLE_PACKET:
        this.homeless += this.comments.of(++this.frame).length;
        break;
      default:
        if (COUNTED_BLOCKS.includes(type)) this.frame++;
    }
    this.rest = length;
    return true;
  }

  private passOn(): boolean {
    if (this.position === this.end && !this.fill(1)) return false;
    const step = Math.min(this.rest, this.end - this.position);
    this.blocks.raw(Buffer.from(this.bytes.subarray(this.position, this.position + step)));
    this.position += step;
    this.rest -= step;
    return true;
  }

  private section(length: number): boolean {
    if (length > BLOCK_LIMIT || length < SMALLEST + SECTION_FIELDS - HEADER) return this.stop();
    if (!this.fill(length)) return false;
    const header = Buffer.from(this.bytes.subarray(this.position, this.position + length));
    this.position += length;
    UNKNOWN_LENGTH.copy(header, SECTION_LENGTH_AT);
    // In the byte order of its section.
    this.flush();
    this.blocks = new BlockWriter(this.bigEndian);
    this.write(header, BlockType.SECTION_HEADER, SECTION_FIELDS, this.sections === 0 ? this.comments.section : []);
    this.sections++;
    return true;
  }

  private packet(type: number, length: number): boolean {
    if (length > BLOCK_LIMIT || length < SMALLEST + PACKET_FIELDS) return this.stop();
    if (!this.fill(length)) return false;
    const captured = this.uint32(this.position + HEADER + 12);
    if (captured > length - SMALLEST - PACKET_FIELDS) return this.stop();
    const block = this.bytes.subarray(this.position, this.position + length);
    const options = HEADER + PACKET_FIELDS + captured + (-captured & 3);
    this.write(block, type, options, this.comments.of(++this.frame));
    this.position += length;
    return true;
  }

  /** @param block whole, whose options begin at `optionsAt` */
  private write(block: Buffer, type: number, optionsAt: number, comments: readonly string[]): void {
    if (comments.length === 0) {
      this.blocks.raw(Buffer.from(block));
      return;
    }
    let behind = optionsAt;
    eachOption(block, optionsAt, block.length - TRAILER, this.bigEndian, (_, at, size) => {
      behind = at + size + (-size & 3);
    });
    const before = block.subarray(optionsAt, Math.min(behind, block.length - TRAILER));
    const options = Buffer.concat([before, this.blocks.options(comments.map(comment))]);
    this.blocks.block(type, block.subarray(HEADER, optionsAt), options);
  }

  private stop(): false {
    this.damaged = true;
    return false;
  }

  private uint32(at: number): number {
    return this.bigEndian ? this.bytes.readUInt32BE(at) : this.bytes.readUInt32LE(at);
  }
}
