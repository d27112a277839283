import { ByteWindow } from './byteWindow.js';

const ZSTD_MAGIC = 0xfd2fb528;
const BLOCK_LIMIT = 131_072;
/** Largest window that is granted: what `zstd -d` and zlib's default grant (2^27). */
const WINDOW_LIMIT = 2 ** 27;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

/** One block, with the frame header before it if it is the first of its frame, and the checksum behind it if the last. */
export interface ZstdBlock {
  /** Valid until the next call, or where `lasting` is true until the next `push`. */
  readonly bytes: Buffer;
  readonly lasting: boolean;
  readonly first: boolean;
  readonly last: boolean;
}

/**
 * Splits zstd data (RFC 8878) into blocks without decompressing them, so that a decompressor can be fed one block at a
 * time, is never asked for a window that is out of all proportion, and so that a cut file is told from a whole one.
 * `next` throws an Error where the bytes are not zstd.
 */
export class ZstdBlocks extends ByteWindow {
  private inFrame = false;
  private checksum = false;
  private skip = 0;

  /** True between two frames: here the data may end. */
  get complete(): boolean {
    return !this.inFrame && this.skip === 0 && this.unread === 0;
  }

  next(): ZstdBlock | null {
    let header = 0;
    if (!this.inFrame) {
      if (!this.skipFrames()) return null;
      header = this.frameHeader();
      if (header === 0) return null;
    }
    if (!this.fill(header + 3)) return null;
    const at = this.position + header;
    const word = this.bytes.readUIntLE(at, 3);
    const last = (word & 1) === 1;
    const type = (word >> 1) & 3;
    const size = word >> 3;
    if (type === RESERVED_BLOCK || size > BLOCK_LIMIT) throw new Error('invalid zstd block');
    const first = !this.inFrame;
    const checksum = first ? (this.bytes[this.position + 4]! & 4) !== 0 : this.checksum;
    const length = header + 3 + (type === RLE_BLOCK ? 1 : size) + (last && checksum ? 4 : 0);
    if (!this.fill(length)) return null;
    const bytes = this.bytes.subarray(this.position, this.position + length);
    this.position += length;
    this.inFrame = !last;
    this.checksum = checksum;
    return { bytes, lasting: this.onChunk, first, last };
  }

  /** Passes over skippable frames; false where more bytes are needed. */
  private skipFrames(): boolean {
    for (;;) {
      while (this.skip > 0) {
        if (!this.fill(1)) return false;
        const step = Math.min(this.skip, this.end - this.position);
        this.position += step;
        this.skip -= step;
      }
      if (!this.fill(4)) return false;
      const magic = this.bytes.readUInt32LE(this.position);
      if (magic === ZSTD_MAGIC) return true;
      if ((magic & 0xfffffff0) >>> 0 !== 0x184d2a50) throw new Error('no zstd frame where one should begin');
      if (!this.fill(8)) return false;
      this.skip = this.bytes.readUInt32LE(this.position + 4);
      this.position += 8;
    }
  }

  /** Length of the frame header that begins here, 0 where more bytes are needed. */
  private frameHeader(): number {
    if (!this.fill(6)) return 0;
    const descriptor = this.bytes[this.position + 4]!;
    const singleSegment = (descriptor & 0x20) !== 0;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
    const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
    const windowBytes = singleSegment ? 0 : 1;
    const length = 5 + windowBytes + dictionaryBytes + sizeBytes;
    if (!this.fill(length)) return 0;
    if ((descriptor & 8) !== 0) throw new Error('invalid zstd frame header');
    const dictionary = this.position + 5 + windowBytes;
    if (this.bytes.subarray(dictionary, dictionary + dictionaryBytes).some((byte) => byte !== 0)) {
      throw new Error('it needs a zstd dictionary');
    }
    const window = singleSegment
      ? this.contentSize(dictionary + dictionaryBytes, sizeBytes)
      : windowSize(this.bytes[this.position + 5]!);
    if (window > WINDOW_LIMIT) throw new Error('its zstd window is larger than 128 MiB');
    return length;
  }

  private contentSize(at: number, sizeBytes: number): number {
    if (sizeBytes === 8) return Number(this.bytes.readBigUInt64LE(at));
    return this.bytes.readUIntLE(at, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  }
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
