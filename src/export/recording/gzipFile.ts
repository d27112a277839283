import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { crc32 } from './crc32.js';
import type { LogFile } from './logFile.js';
import { openToExtend, writeAt } from './plainFile.js';

const deflateRaw = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.deflateRaw);

/** A gzip member with a comment (RFC 1952): by it the beginning of the last member is found again. */
const HEADER = Buffer.from('\x1f\x8b\x08\x10\0\0\0\0\0\xffzkscope journal\0', 'latin1');
/** An empty last block: what ends a deflate stream that was flushed to a whole byte. */
const LAST_BLOCK = Buffer.from([0x03, 0x00]);
/** What every flush ends in: an empty stored block. */
const FLUSHED = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const TRAILER = 8;
const DICTIONARY = 32 * 1024;
/** Bytes of text after which a member ends: as much has to be looked at where a file is cut. */
const MEMBER = 16 * 1024 * 1024;
const WINDOW = 1024 * 1024;

/** Where to go on in a file that exists. */
interface Tail {
  /** Behind its last whole member. */
  readonly end: number;
  /** What makes the cut member behind that whole, and where it belongs; null where there is none. */
  readonly repair: { readonly at: number; readonly bytes: Buffer } | null;
}

/**
 * Lines in gzip. Each `append` is flushed to a whole byte, and refers to the 32 KiB before it: the file compresses as one
 * stream, and all that was appended can be read whenever the program ends. A file that is cut is made whole, and gone on
 * with, by `open`.
 */
export class GzipFile implements LogFile {
  /** Of the member that is being written. */
  private text = 0;
  private crc = 0;
  private before = Buffer.alloc(0);

  private constructor(
    private readonly file: FileHandle,
    public size: number,
  ) {}

  /** Throws what the system says. */
  static async open(path: string): Promise<GzipFile> {
    const file = await openToExtend(path);
    const { end, repair } = await tailOf(file);
    await file.truncate(repair?.at ?? end);
    const repaired = repair === null ? end : repair.at + (await writeAt(file, repair.bytes, repair.at));
    return new GzipFile(file, repaired);
  }

  async append(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    const { before } = this;
    const options = {
      finishFlush: zlib.constants.Z_SYNC_FLUSH,
      ...(before.length > 0 ? { dictionary: before } : {}),
    };
    const pieces = [await deflateRaw(bytes, options)];
    if (this.text === 0) pieces.unshift(HEADER);
    const crc = crc32(bytes, this.crc);
    const length = this.text + bytes.length;
    const ends = length >= MEMBER;
    if (ends) pieces.push(endOfMember(crc, length));
    this.size += await writeAt(this.file, Buffer.concat(pieces), this.size);
    this.text = ends ? 0 : length;
    this.crc = ends ? 0 : crc;
    this.before = ends ? Buffer.alloc(0) : Buffer.concat([before, bytes]).subarray(-DICTIONARY);
  }

  async close(): Promise<void> {
    try {
      if (this.text > 0) this.size += await writeAt(this.file, endOfMember(this.crc, this.text), this.size);
    } finally {
      await this.file.close();
    }
  }
}

function endOfMember(crc: number, length: number): Buffer {
  const trailer = Buffer.alloc(TRAILER);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(length >>> 0, 4);
  return Buffer.concat([LAST_BLOCK, trailer]);
}

async function tailOf(file: FileHandle): Promise<Tail> {
  const { size } = await file.stat();
  if (size < HEADER.length) {
    const bytes = Buffer.alloc(size);
    await file.read(bytes, 0, size, 0);
    if (bytes.equals(HEADER.subarray(0, size))) return { end: 0, repair: null };
  }
  const start = await lastMember(file, size);
  // Another program's gzip, or none: what follows is a member of its own.
  if (start === null) return { end: size, repair: null };
  const member = Buffer.alloc(size - start);
  await file.read(member, 0, member.length, start);
  const whole = wholeLength(member);
  // What lies behind it is the beginning of a header.
  if (whole !== null) return { end: start + whole, repair: null };
  for (let at = member.lastIndexOf(FLUSHED); at >= HEADER.length; at = member.lastIndexOf(FLUSHED, at - 1)) {
    const flushed = at + FLUSHED.length;
    const text = inflate(member.subarray(HEADER.length, flushed));
    if (text === null) continue;
    const bytes = endOfMember(crc32(text), text.length);
    // The four bytes may be by chance what compressed data has: then this is not where the stream can end.
    if (wholeLength(Buffer.concat([member.subarray(0, flushed), bytes])) !== null)
      return { end: start, repair: { at: start + flushed, bytes } };
  }
  return { end: start, repair: null };
}

/** Where the last member begins; null where there is none of ours. */
async function lastMember(file: FileHandle, size: number): Promise<number | null> {
  const window = Buffer.alloc(WINDOW + HEADER.length);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - WINDOW);
    // Reaches into the window behind it: a header may lie across.
    const { bytesRead } = await file.read(window, 0, Math.min(window.length, size - start), start);
    const at = window.subarray(0, bytesRead).lastIndexOf(HEADER);
    if (at >= 0) return start + at;
    end = start;
  }
  return null;
}

interface Inflated {
  readonly buffer: Buffer;
  /** `bytesWritten`: how many of the bytes that were given the stream has. */
  readonly engine: { readonly bytesWritten: number };
}

/** With `info` node:zlib says where the stream ended. */
const inflated = zlib.inflateRawSync as unknown as (bytes: Buffer, options: { readonly info: true }) => Inflated;

/** Bytes that a member has, null where it is not whole. */
function wholeLength(member: Buffer): number | null {
  try {
    const { buffer, engine } = inflated(member.subarray(HEADER.length), { info: true });
    const trailer = HEADER.length + engine.bytesWritten;
    const length = trailer + TRAILER;
    if (length > member.length || member.readUInt32LE(trailer) !== crc32(buffer)) return null;
    return length;
  } catch {
    return null;
  }
}

function inflate(bytes: Buffer): Buffer | null {
  try {
    return zlib.inflateRawSync(bytes, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
  } catch {
    return null;
  }
}
