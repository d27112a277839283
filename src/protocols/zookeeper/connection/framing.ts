import type { Direction } from '../../../network/connection.js';
import type { StreamChunk } from '../../../network/streamChunk.js';
import type { Plausibility } from '../format/evidence.js';
import { MessageBuffers, OWN_BUFFER } from './messageBuffers.js';
import { MAX_LENGTH } from './resync.js';
import { steadyShape } from '../../../capture/steadyShape.js';

/** What the framed streams of a connection hand on. Offsets are into `bytes`, behind the length prefix. */
export interface FrameHandler {
  /** A whole message, or (`truncated`) the part of one that was captured. */
  frame(
    stream: FramedStream,
    bytes: Buffer,
    start: number,
    end: number,
    length: number,
    position: number,
    truncated: boolean,
  ): void;
  /** Judges whether a length prefix stands at `at`. */
  evidence(stream: FramedStream, bytes: Buffer, at: number, end: number): Plausibility;
  /** Bytes that belong to no message. */
  skipped(stream: FramedStream, length: number): void;
  /** Memory that its streams keep for messages under way: they keep it up to date. */
  held: number;
}

/**
 * More of one message than this is not kept: it is then given as truncated.
 * @bound bytes
 */
const LARGEST_KEPT = 16 * 1024 * 1024;
/** Bytes that may be needed to judge a boundary. */
const LOOKAHEAD = 96;
const SHORTEST = 8;
/** Longer than what is left of any message: nothing behind such a gap belongs to what was before it. */
const LONGEST_GAP = MAX_LENGTH + 8;
/** What is kept of a message that is given up: its header, and mostly its path. */
const LEAST_KEPT = 1024;
const NO_BYTES = Buffer.alloc(0);
const buffers = new MessageBuffers();

/**
 * Cuts one direction of a connection into messages: a 4-byte big-endian length and that many bytes. After a gap, and where
 * a capture starts in mid-stream, it looks for the next boundary that the bytes make plausible.
 */
export class FramedStream {
  /** Frame and time of the data that is being cut, and of the first byte of the message that is handed on. */
  frame = 0;
  time = 0;
  firstFrame = 0;
  /** Time of `firstFrame`, where that is another than `frame`. */
  firstTime = 0;
  /** Bytes in messages (length prefixes and lost tails of truncated messages apart), and bytes in none. */
  messageBytes = 0;
  skippedBytes = 0;
  /** Bytes that were lost to the capture and not told yet, and where. */
  lost = 0;
  lostFrame = 0;
  lostTime = 0;
  /** The message that is handed on is the stream's first: nothing came before it, and nothing was lost. */
  atFirst = true;
  private aligned: boolean;
  private kept: Buffer = NO_BYTES;
  private keptLength = 0;
  private keptFirstFrame = 0;
  private keptFirstTime = 0;
  private keptPosition = 0;
  /** Bytes of a truncated message that are still to come. */
  private tail = 0;
  private truncatedLength = 0;
  private unreported = 0;

  constructor(
    private readonly handler: FrameHandler,
    readonly direction: Direction,
    atStart: boolean,
  ) {
    this.aligned = atStart;
  }

  data(chunk: StreamChunk): void {
    const { bytes, start, end, position } = chunk;
    this.frame = chunk.frame;
    this.time = chunk.time;
    let at = start;
    if (this.tail > 0) {
      const passed = Math.min(this.tail, end - at);
      this.tail -= passed;
      this.messageBytes += passed;
      at += passed;
      if (this.tail > 0) return;
      this.emitTruncated();
    }
    if (this.keptLength > 0 && this.aligned) at = this.fill(bytes, at, end, position - start);
    if (at < end) this.cut(bytes, at, end, position - start);
  }

  /** @param origin stream position of offset 0 of `bytes` */
  private cut(bytes: Buffer, from: number, end: number, origin: number): void {
    let at = from;
    if (!this.aligned) {
      at = this.align(bytes, at, end, origin);
      if (at < 0) return;
    }
    while (end - at >= 4) {
      const length = bytes.readInt32BE(at);
      if (length < SHORTEST || length > MAX_LENGTH) {
        this.aligned = false;
        at = this.align(bytes, at, end, origin);
        if (at < 0) return;
        continue;
      }
      if (end - at - 4 < length) break;
      this.firstFrame = this.frame;
      this.messageBytes += 4 + length;
      this.handler.frame(this, bytes, at + 4, at + 4 + length, length, origin + at + 4 + length, false);
      this.atFirst = false;
      at += 4 + length;
    }
    if (at < end) this.keep(bytes, at, end, origin + at);
  }

  /** Adds to the message whose beginning is kept; @returns where the next one begins in `bytes` */
  private fill(bytes: Buffer, from: number, end: number, origin: number): number {
    let at = from;
    if (this.keptLength < 4) {
      const wanted = Math.min(4 - this.keptLength, end - at);
      this.append(bytes, at, at + wanted);
      at += wanted;
      if (this.keptLength < 4) return at;
      const length = this.kept.readInt32BE(0);
      if (length < SHORTEST || length > MAX_LENGTH) {
        const prefix = Buffer.from(this.kept.subarray(0, this.keptLength));
        this.keptLength = 0;
        this.aligned = false;
        this.firstFrame = this.frame;
        const joined = Buffer.concat([prefix, bytes.subarray(at, end)]);
        this.cut(joined, 0, joined.length, origin + at - prefix.length);
        return end;
      }
    }
    const length = this.kept.readInt32BE(0);
    const wanted = Math.min(4 + length - this.keptLength, end - at);
    this.append(bytes, at, at + wanted);
    at += wanted;
    if (this.keptLength === 4 + length) {
      this.keptLength = 0;
      this.firstFrame = this.keptFirstFrame;
      this.firstTime = this.keptFirstTime;
      this.messageBytes += 4 + length;
      this.handler.frame(this, this.kept, 4, 4 + length, length, origin + at, false);
      this.atFirst = false;
      this.shrink();
    } else if (this.keptLength > LARGEST_KEPT) {
      this.truncate();
    }
    return at;
  }

  private keep(bytes: Buffer, start: number, end: number, position: number): void {
    this.keptLength = 0;
    this.keptFirstFrame = this.frame;
    this.keptFirstTime = this.time;
    this.keptPosition = position;
    this.append(bytes, start, end);
  }

  private append(bytes: Buffer, start: number, end: number): void {
    const needed = this.keptLength + end - start;
    if (needed > this.kept.length) {
      const larger = buffers.take(Math.max(needed, Math.min(this.kept.length * 2, needed + LARGEST_KEPT)));
      this.kept.copy(larger, 0, 0, this.keptLength);
      this.keepIn(larger);
    }
    bytes.copy(this.kept, this.keptLength, start, end);
    this.keptLength = needed;
  }

  /** From now on in that memory; what it was in is the next one's. */
  private keepIn(memory: Buffer): void {
    this.handler.held += memory.length - this.kept.length;
    buffers.give(this.kept);
    this.kept = memory;
  }

  /** Keeps the beginning of the message under way: it is given as truncated when the rest has passed. */
  giveUp(): void {
    if (this.keptLength > LEAST_KEPT && this.aligned) {
      if (this.tail === 0) this.truncate();
      this.keptLength = LEAST_KEPT;
    }
    this.keepIn(Buffer.from(this.kept.subarray(0, this.keptLength)));
  }

  /** What came is kept until the rest has passed, so that the message is told in its place. */
  private truncate(): void {
    const length = this.kept.readInt32BE(0);
    this.messageBytes += this.keptLength;
    this.truncatedLength = length;
    this.tail = 4 + length - this.keptLength;
  }

  /** What was kept has been handed on. */
  private shrink(): void {
    if (this.kept.length > OWN_BUFFER) this.keepIn(NO_BYTES);
  }

  /** Looks for a boundary; @returns its offset, or -1 if there is none (what may be the start of one is kept). */
  private align(bytes: Buffer, from: number, end: number, origin: number): number {
    if (this.keptLength > 0) {
      // A few bytes of the segment before, which might have been a boundary: judged together with what came now.
      const joined = Buffer.concat([
        this.kept.subarray(0, this.keptLength),
        bytes.subarray(from, Math.min(end, from + LOOKAHEAD * 2)),
      ]);
      const before = this.keptLength;
      this.keptLength = 0;
      for (let at = 0; at < before; at++) {
        const found = this.judge(joined, at, joined.length, at === 0);
        if (found === 'no') continue;
        if (found === 'more' && end - from <= LOOKAHEAD) {
          this.skip(at);
          this.keep(joined, at, joined.length, origin + from - before + at);
          return -1;
        }
        if (found === 'more') continue;
        this.skip(at);
        this.aligned = true;
        const whole = Buffer.concat([joined.subarray(at, before), bytes.subarray(from, end)]);
        this.cut(whole, 0, whole.length, origin + from - (before - at));
        return -1;
      }
      this.skip(before);
    }
    for (let at = from; at < end; at++) {
      // Quick look: no message is longer than 2^27 bytes, so the first byte of its length is below 8.
      if (bytes[at]! > 7) continue;
      const found = this.judge(bytes, at, end, at === from);
      if (found === 'no') continue;
      if (found === 'more') {
        this.skip(at - from);
        this.keep(bytes, at, end, origin + at);
        return -1;
      }
      this.skip(at - from);
      this.aligned = true;
      this.reportSkipped();
      return at;
    }
    this.skip(end - from);
    return -1;
  }

  /** Weak evidence is enough at the start of a segment, or where the message behind it is plausible as well. */
  private judge(bytes: Buffer, at: number, end: number, segmentStart: boolean): 'no' | 'more' | 'yes' {
    const evidence = this.handler.evidence(this, bytes, at, end);
    if (evidence === 'strong') return 'yes';
    if (evidence === 'no' || evidence === 'more') return evidence;
    if (segmentStart) return 'yes';
    const next = at + 4 + bytes.readInt32BE(at);
    if (next === end) return 'yes';
    if (next > end - 20) return 'no';
    return this.handler.evidence(this, bytes, next, end) === 'no' ? 'no' : 'yes';
  }

  private skip(length: number): void {
    this.atFirst = false;
    this.skippedBytes += length;
    this.unreported += length;
  }

  private reportSkipped(): void {
    if (this.unreported === 0) return;
    const length = this.unreported;
    this.unreported = 0;
    this.handler.skipped(this, length);
  }

  /** Whether so many missing bytes all belong to the message under way: none can be lost among them. */
  lacks(length: number): boolean {
    if (this.tail > 0) return length <= this.tail;
    return this.aligned && this.keptLength >= 4 && length <= 4 + this.kept.readInt32BE(0) - this.keptLength;
  }

  /** The next `length` bytes are missing; where that is an estimate, nothing is counted on. */
  gap(length: number, exact = true): void {
    if (this.tail === 0 && (!this.aligned || this.keptLength < 4)) this.atFirst = false;
    if (!exact) length = Math.max(length, LONGEST_GAP);
    if (this.tail > 0) {
      if (length <= this.tail) {
        this.tail -= length;
        if (this.tail === 0) this.emitTruncated();
        return;
      }
      this.tail = 0;
      this.emitTruncated();
      this.aligned = false;
      return;
    }
    if (!this.aligned) {
      this.skip(this.keptLength);
      this.keptLength = 0;
      return;
    }
    if (this.keptLength < 4) {
      this.skip(this.keptLength);
      this.keptLength = 0;
      this.aligned = false;
      return;
    }
    const messageLength = this.kept.readInt32BE(0);
    const rest = 4 + messageLength - this.keptLength;
    this.messageBytes += this.keptLength;
    this.truncatedLength = messageLength;
    if (length < rest) {
      this.tail = rest - length;
      return;
    }
    this.emitTruncated();
    this.aligned = length === rest;
  }

  private emitTruncated(): void {
    const length = this.keptLength;
    this.keptLength = 0;
    this.tail = 0;
    this.firstFrame = this.keptFirstFrame;
    this.firstTime = this.keptFirstTime;
    this.handler.frame(
      this,
      this.kept,
      4,
      length,
      this.truncatedLength,
      this.keptPosition + 4 + this.truncatedLength,
      true,
    );
    this.atFirst = false;
    this.shrink();
  }

  /** Nothing more will come: the beginning of a message is given as truncated, what was not aligned is counted. */
  end(): void {
    if (this.tail > 0) this.emitTruncated();
    else if (this.keptLength >= 4 && this.aligned) {
      this.messageBytes += this.keptLength;
      this.truncatedLength = this.kept.readInt32BE(0);
      this.emitTruncated();
    } else {
      this.skip(this.keptLength);
      this.keptLength = 0;
    }
    this.reportSkipped();
  }
}

const noHandler: FrameHandler = { frame: () => undefined, evidence: () => 'no', skipped: () => undefined, held: 0 };
steadyShape(new FramedStream(noHandler, 0, true), 'time', 'lostTime');
