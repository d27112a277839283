import { fstatSync, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import process from 'node:process';
import type { Readable } from 'node:stream';
import {
  type BufferPool,
  type ByteSource,
  FileSource,
  openDescriptor,
  ReplaySource,
  StreamSource,
} from './byteSource.js';
import { CaptureError } from './captureError.js';
import type { CaptureInfo } from './captureInfo.js';
import type { Clock } from './clock.js';
import { type Compression, describeStranger, detectCompression, detectFormat, MAGIC_LENGTH } from './detect.js';
import { NOT_A_PACKET, type FrameReader } from './frameReader.js';
import { Frame } from './frame.js';
import { splitHost } from './hosts.js';
import type { HostCensus, InputPart } from './inputPart.js';
import { linkTypeName } from './linkTypes.js';
import type { FiledPacket } from './original.js';

/** A path, `-` for standard input, or a stream with the name that messages about it use. */
export type CaptureInput = string | { readonly name: string; readonly stream: Readable };
/** The same, or what of a file is one host's. */
export type PartialInput = CaptureInput | InputPart;

const SUFFIX = { gzip: '.gz', zstd: '.zst' } as const;
const STANDARD_INPUT = 0;

/** An input's bytes: null where there are none. */
export interface PlainBytes {
  readonly first: Buffer | null;
  readonly source: ByteSource;
  readonly compression: Compression | null;
}

/** One input while it is read: opened, its frames loaded one at a time into `frame`, closed. */
export class OpenCapture {
  readonly info: CaptureInfo;
  /** The frame that was loaded last. Valid until the next is loaded. */
  readonly frame = new Frame();
  /** Frames that were loaded so far, those without a packet too: Wireshark's number of the loaded one in this file. */
  frames = 0;
  /** Bytes that the input has, as stored; null for a stream. Known after `examine`. */
  size: number | null = null;
  /** True for a regular file given by its path: it can be closed and opened again. Known after `examine`. */
  reopenable = false;
  /** Nanoseconds that are added to all times: its host's clock was so much behind. */
  offset = 0;
  /** What of the file is read; null for all of it. */
  readonly part: InputPart | null;
  private readonly input: CaptureInput;
  /** Takes the names of those whose packets or lines are in it, in place of reading them; to be set before it is opened. */
  census: HostCensus | null = null;
  private source: ByteSource | null = null;
  private reader: FrameReader | null = null;
  private compressed = false;
  private linkTypes = 0;
  private readonly linkTypeNames = new Set<string>();
  private lastFrame = 0;
  /** As in `info`, where a new time would be a new object each. */
  private readonly times = { from: Infinity, to: -Infinity };
  private closed = false;
  private pipe = false;
  private done = false;
  private clock: Clock | null = null;
  private timesPossible = true;
  /** Device and inode of what can be read only once: a pipe, a terminal, what standard input reads. */
  private once: string | null = null;

  /** @param index its place among the inputs of the run, from 0 */
  constructor(
    input: PartialInput,
    index = 0,
    private readonly onSecrets: ((bytes: Buffer) => void) | null = null,
  ) {
    this.frame.input = index;
    this.part = typeof input !== 'string' && 'path' in input ? input : null;
    this.input = typeof input !== 'string' && 'path' in input ? input.path : input;
    const file = typeof input === 'string' ? input : input.name;
    const { times } = this;
    this.info = {
      file,
      format: null,
      linkTypes: [],
      packets: 0,
      bytes: 0,
      get from() {
        return times.from === Infinity ? null : times.from;
      },
      // Decoded lines say it of the packets that they were.
      set from(time: number | null) {
        times.from = time ?? Infinity;
      },
      get to() {
        return times.to === -Infinity ? null : times.to;
      },
      set to(time: number | null) {
        times.to = time ?? -Infinity;
      },
      firstFrame: null,
      truncated: false,
      interrupted: false,
      problems: [],
    };
  }

  /** Finds out what kind of thing the input is. Throws CaptureError where it cannot be read. */
  async examine(): Promise<void> {
    if (typeof this.input !== 'string') {
      // Standard input that somebody looks at on its way.
      if (this.input.name === '-') this.once = onceKey(standardInputStats());
      return;
    }
    const stats =
      this.input === '-'
        ? standardInputStats()
        : await stat(splitHost(this.input).path).catch((e: unknown) => this.refuse(e));
    if (this.input === '-' || stats?.isFile() === false) this.once = onceKey(stats);
    if (stats === null) return;
    if (stats.isDirectory()) {
      throw new CaptureError(this.info.file, 'this is a directory', 'name the capture files in it');
    }
    this.pipe = stats.isFIFO();
    if (!stats.isFile()) return;
    this.size = stats.size;
    this.reopenable = this.input !== '-';
  }

  /** Whether both read from what can be read only once. Known after `examine`. */
  sharesWith(other: OpenCapture): boolean {
    return this.once !== null && this.once === other.once;
  }

  /**
   * Opens the input and finds its format. `examine` comes first. Throws CaptureError where there is no capture in it.
   */
  async open(clock: Clock, pool: BufferPool): Promise<void> {
    const opened = await this.openPlain(pool);
    if (opened === null) return;
    this.clock = clock;
    const { first, source, compression } = opened;
    this.start(first, source, compression === null ? '' : SUFFIX[compression], clock);
  }

  /**
   * Opens the input for its bytes, decompressed: the first of them, which `source` does not give again, and the rest. Null
   * where it was closed meanwhile. `examine` comes first. Throws CaptureError where it cannot be opened.
   */
  async openPlain(pool: BufferPool): Promise<PlainBytes | null> {
    const source = await this.openSource(pool);
    if (this.closed) {
      await source.close();
      return null;
    }
    this.source = source;
    const first = await firstBytes(source);
    const compression = first === null ? null : detectCompression(first);
    if (first === null || compression === null) return { first, source, compression: null };
    this.compressed = true;
    const { decompress } = await import('./decompress.js');
    const plain = decompress(new ReplaySource(first, source), compression);
    this.source = plain;
    return { first: await firstBytes(plain), source: plain, compression };
  }

  /** Loads the next frame that the bytes at hand hold; false where there is none. */
  next(): boolean {
    return this.reader !== null && this.load(this.reader);
  }

  /**
   * Gets more bytes and loads the next frame in them. False at the end of the input; then `info` tells how it ended.
   * Throws CaptureError where not even the first record can be true.
   */
  async advance(): Promise<boolean> {
    const reader = this.reader;
    const source = this.source;
    if (reader === null || source === null) return false;
    for (;;) {
      // Bytes of the first look may hold frames already.
      if (this.load(reader)) return true;
      this.noteLinkTypes(reader);
      if (reader.damage !== null) {
        this.damaged(reader, false);
        return false;
      }
      const chunk = await source.read();
      this.info.bytes = source.bytesRead;
      if (this.closed) return false;
      if (chunk === null) {
        this.ended(reader, source);
        return false;
      }
      reader.push(chunk);
    }
  }

  /** What the capture says of the loaded frame; null where it is no packet. */
  original(): FiledPacket | null {
    const original = this.reader?.original() ?? null;
    if (original === null) return null;
    const { source, high, low, options } = original;
    return { source, high, low, options, file: this.info.file, number: this.frames };
  }

  private load(reader: FrameReader): boolean {
    if (!reader.next(this.frame)) return false;
    if (this.frame.linkType !== NOT_A_PACKET) this.frame.time += this.offset;
    return true;
  }

  /** Enters the loaded frame, which is number `number` of the run, in `info`. */
  count(number: number): void {
    const { info, times } = this;
    const { time } = this.frame;
    info.packets++;
    info.firstFrame ??= number;
    if (this.timesPossible && this.clock?.isPossible(time) === false) {
      this.timesPossible = false;
      info.problems.push(`frame ${number} and perhaps others: their times are before 1970 or behind the year 9999`);
    }
    if (time < times.from) times.from = time;
    if (time > times.to) times.to = time;
    this.lastFrame = number;
  }

  /** Forgets all that was read, so that a reopenable input can be opened again. */
  async rewind(): Promise<void> {
    await this.source?.close();
    this.source = null;
    this.reader = null;
    this.linkTypes = 0;
    this.info.format = null;
    this.info.bytes = 0;
    this.info.linkTypes.length = 0;
    this.linkTypeNames.clear();
  }

  /** Enters in `info` that the reading was ended before the end of the input. To be called once, at the end. */
  interrupt(): void {
    if (this.done) return;
    const { info, size } = this;
    info.interrupted = true;
    const where = info.packets === 0 ? 'before the first frame' : `behind frame ${this.lastFrame}`;
    const of = size === null ? '' : ` of ${size}`;
    info.problems.push(`reading was interrupted ${where}, at byte ${info.bytes}${of}: the rest was not read`);
  }

  /** Ends the reading, also from outside while `advance` is under way; that then returns false. */
  async close(): Promise<void> {
    this.closed = true;
    await this.source?.close();
  }

  private async openSource(pool: BufferPool): Promise<ByteSource> {
    const input = this.input;
    if (typeof input !== 'string') return new StreamSource(input.stream);
    const { path } = splitHost(input);
    try {
      if (input === '-')
        return this.size === null ? new StreamSource(process.stdin) : new FileSource(STANDARD_INPUT, pool);
      if (!this.pipe || process.versions['bun'] !== undefined) return await FileSource.open(path, pool);
      // As a socket its reads can be given up; as a file they would hold up the end of the process. Bun's sockets read
      // nothing from a pipe.
      return new StreamSource(new Socket({ fd: await openDescriptor(path), readable: true, writable: false }));
    } catch (error) {
      return this.refuse(error);
    }
  }

  private start(first: Buffer | null, source: ByteSource, suffix: string, clock: Clock): void {
    const { info } = this;
    info.bytes = source.bytesRead;
    if (this.closed) return;
    if (first === null) {
      if (source.failure !== null) throw new CaptureError(info.file, source.failure);
      const advice = 'was tcpdump stopped before it wrote anything? A capture without packets still has 24 bytes';
      throw new CaptureError(info.file, suffix === '' ? 'empty' : 'holds nothing but an empty compressed file', advice);
    }
    const detected = detectFormat(first, clock);
    if (detected === null) {
      const { what, advice } = describeStranger(first.subarray(0, 512));
      throw new CaptureError(info.file, `${suffix === '' ? '' : 'decompressed, '}not a capture: ${what}`, advice);
    }
    info.format = detected.format + suffix;
    this.reader = detected.reader;
    this.reader.onSecrets = this.onSecrets;
    this.reader.part = this.part;
    this.reader.census = this.census;
    this.reader.push(first);
  }

  private ended(reader: FrameReader, source: ByteSource): void {
    this.done = true;
    const failure = source.failure;
    reader.finish();
    if (failure !== null) {
      if (!reader.started) throw new CaptureError(this.info.file, failure);
      this.info.problems.push(failure);
      this.info.truncated = true;
    }
    this.damaged(reader, true);
  }

  private damaged(reader: FrameReader, atEnd: boolean): void {
    const { info } = this;
    for (const remark of reader.remarks) info.problems.push(remark);
    const damage = reader.damage;
    if (damage === null) return;
    this.done = true;
    if (!reader.started || (info.packets === 0 && !atEnd)) {
      const advice = atEnd ? 'capture or copy it again' : 'it is damaged from its start, or no capture at all';
      throw new CaptureError(info.file, damage.text, advice, damage.offset);
    }
    info.truncated = true;
    const place = `byte ${damage.offset}${this.compressed ? ' of the decompressed capture' : ''}`;
    const behind = info.packets === 0 ? 'before the first frame' : `behind frame ${this.lastFrame}`;
    info.problems.push(`${place}, ${behind}: ${damage.text}${atEnd ? '' : '; the rest was not read'}`);
  }

  private noteLinkTypes(reader: FrameReader): void {
    for (; this.linkTypes < reader.linkTypes.length; this.linkTypes++) {
      const name = linkTypeName(reader.linkTypes[this.linkTypes]!);
      if (this.linkTypeNames.has(name)) continue;
      this.linkTypeNames.add(name);
      this.info.linkTypes.push(name);
    }
  }

  private refuse(error: unknown): never {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    const [problem, advice] = REFUSALS.get(String(error.code)) ?? [error.message, null];
    throw new CaptureError(this.info.file, problem, advice);
  }
}

const REFUSALS = new Map<string, [problem: string, advice: string | null]>([
  ['ENOENT', ['no such file', null]],
  ['ENOTDIR', ['no such file', 'a part of its path is not a directory']],
  ['EACCES', ['permission denied', 'tcpdump writes as root: change the owner, or read it with sudo']],
  ['EPERM', ['permission denied', null]],
  ['ELOOP', ['too many symbolic links', null]],
  ['ENAMETOOLONG', ['the name is too long', null]],
  [
    'EMFILE',
    ['too many files are open', 'more captures overlap in time than the limit allows: raise it with ulimit -n'],
  ],
]);

/** What tells inputs apart that can be read only once. */
function onceKey(stats: Stats | null): string {
  return stats === null || stats.isFile() ? '-' : `${stats.dev}:${stats.ino}`;
}

/** What standard input is, null where the system does not say; a closed one reads as empty. */
function standardInputStats(): Stats | null {
  if (process.stdin.isTTY) {
    throw new CaptureError(
      '-',
      'standard input is a terminal',
      'pipe a capture into it: tcpdump -U -w - … | zkscope … -',
    );
  }
  try {
    return fstatSync(STANDARD_INPUT);
  } catch {
    return null;
  }
}

/** The first bytes of a source, at least enough for every magic number; fewer where there are no more, null for none. */
async function firstBytes(source: ByteSource): Promise<Buffer | null> {
  let first = await source.read();
  while (first !== null && first.length < MAGIC_LENGTH) {
    const head = Buffer.from(first);
    const more = await source.read();
    if (more === null) return head;
    first = Buffer.concat([head, more]);
  }
  return first;
}
