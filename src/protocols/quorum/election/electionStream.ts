import type { StreamChunk } from '../../../network/streamChunk.js';
import { int32 } from '../../../network/bytes.js';
import { HELLO_LENGTH, isHello, LARGEST_ADDRESS, looksLikeNotification } from './electionFormat.js';
import { MORE, NO } from '../zab/plausibility.js';
import { AUTH_HEADER_LENGTH, AUTH_MAGIC, isAuthHeader } from '../zab/quorumAuth.js';
import { appended } from '../held.js';

/**
 * QuorumCnxManager refuses longer messages.
 * @bound bytes
 */
export const LARGEST_MESSAGE = 512 << 10;

export interface ElectionSink {
  /** The initial message: `start` is that of its first long. */
  initial(bytes: Buffer, start: number, end: number, length: number, streamEnd: number): void;
  /** A notification without its length prefix. */
  notification(bytes: Buffer, start: number, end: number, length: number, streamEnd: number): void;
  /** A QuorumAuthPacket, from its magic number on. */
  auth(bytes: Buffer, start: number, length: number, streamEnd: number): void;
  skipped(bytes: number): void;
}

const INITIAL = 0;
const MESSAGES = 1;
const SEARCHING = 2;

/**
 * One direction of an election connection: from the side that connected one initial message, then, both ways,
 * notifications of a 4-byte length and that many bytes.
 */
export class ElectionStream {
  /** Place of the data that is being cut, and of the first byte of the message that is handed on. */
  frame = 0;
  time = 0;
  firstFrame = 0;
  private held: Buffer = Buffer.alloc(0);
  private heldLength = 0;
  private heldFrame = 0;
  /** Bytes that must be there before another look is worth while. */
  private needed = 1;
  private skippedBytes = 0;

  constructor(
    private readonly sink: ElectionSink,
    private mode: typeof INITIAL | typeof MESSAGES | typeof SEARCHING,
  ) {}

  static readonly INITIAL = INITIAL;
  static readonly MESSAGES = MESSAGES;
  static readonly SEARCHING = SEARCHING;

  data({ bytes, start, end, position, frame, time }: StreamChunk): void {
    this.frame = frame;
    this.time = time;
    if (this.heldLength === 0) {
      this.firstFrame = frame;
      const at = this.cut(bytes, start, end, position - start);
      if (at < end) {
        this.heldFrame = frame;
        this.hold(bytes, at, end);
      }
      return;
    }
    this.hold(bytes, start, end);
    if (this.heldLength < this.needed) return;
    this.firstFrame = this.heldFrame;
    const length = this.heldLength;
    const at = this.cut(this.held, 0, length, position + end - start - length);
    if (at === 0) return;
    this.heldLength = 0;
    this.heldFrame = frame;
    if (at < length) this.hold(this.held, at, length);
    else if (this.held.length > 4096) this.held = Buffer.alloc(0);
  }

  gap(): void {
    this.abandon();
    this.mode = SEARCHING;
  }

  /** Memory that is kept for the message under way. */
  get memory(): number {
    return this.held.length;
  }

  /** The message under way is lost. */
  giveUp(): void {
    if (this.heldLength > 0) this.gap();
    this.held = Buffer.alloc(0);
  }

  /** What has begun is not completed any more. */
  abandon(): void {
    this.skippedBytes += this.heldLength;
    this.heldLength = 0;
    this.needed = 1;
    this.flushSkipped();
  }

  private flushSkipped(): void {
    if (this.skippedBytes === 0) return;
    const bytes = this.skippedBytes;
    this.skippedBytes = 0;
    this.sink.skipped(bytes);
  }

  private hold(bytes: Buffer, start: number, end: number): void {
    this.held = appended(this.held, this.heldLength, bytes, start, end);
    this.heldLength += end - start;
  }

  /** Hands on all messages that are complete; returns where the rest begins, and sets `needed` for it. */
  private cut(bytes: Buffer, start: number, end: number, origin: number): number {
    let at = start;
    while (at < end) {
      const next = this.step(bytes, at, end, origin);
      if (next === at) {
        if (this.isSearching()) continue;
        return at;
      }
      at = next;
      // The next message begins in this chunk, unless it is still what was held (then nothing was taken).
      if (at > start) this.firstFrame = this.frame;
    }
    this.needed = 1;
    return at;
  }

  private isSearching(): boolean {
    if (this.mode !== SEARCHING || this.needed !== 0) return false;
    this.needed = 1;
    return true;
  }

  /** Loses the alignment at `at`: `needed` 0 says that the bytes there are to be searched at once. */
  private lose(at: number): number {
    this.mode = SEARCHING;
    this.needed = 0;
    return at;
  }

  private step(bytes: Buffer, at: number, end: number, origin: number): number {
    const there = end - at;
    if (this.mode === SEARCHING) {
      const answer = looksLikeNotification(bytes, at, end);
      if (answer === NO) {
        this.skippedBytes++;
        return at + 1;
      }
      if (answer === MORE) return this.wait(at, there + 1);
      this.flushSkipped();
      this.mode = MESSAGES;
    }
    if (this.mode === INITIAL) {
      if (there < 8) return this.wait(at, 8);
      const withAddress = isHello(bytes, at);
      if (!withAddress && int32(bytes, at) !== 0) return this.lose(at);
      if (withAddress && there < HELLO_LENGTH) return this.wait(at, HELLO_LENGTH);
      const addressLength = withAddress ? int32(bytes, at + 16) : 0;
      if (addressLength < 0 || addressLength > LARGEST_ADDRESS) return this.lose(at);
      const length = withAddress ? HELLO_LENGTH + addressLength : 8;
      if (there < length) return this.wait(at, length);
      this.sink.initial(bytes, at, at + length, length, origin + at + length);
      this.mode = MESSAGES;
      return at + length;
    }
    if (there < 4) return this.wait(at, 4);
    const length = int32(bytes, at);
    if (length === AUTH_MAGIC) {
      if (there < AUTH_HEADER_LENGTH) return this.wait(at, AUTH_HEADER_LENGTH);
      if (!isAuthHeader(bytes, at)) return this.lose(at);
      const whole = AUTH_HEADER_LENGTH + Math.max(0, int32(bytes, at + 12));
      if (there < whole) return this.wait(at, whole);
      this.sink.auth(bytes, at, whole, origin + at + whole);
      return at + whole;
    }
    if (length < SHORTEST || length > LARGEST_MESSAGE) return this.lose(at);
    if (there < 4 + length) return this.wait(at, 4 + length);
    this.sink.notification(bytes, at + 4, at + 4 + length, 4 + length, origin + at + 4 + length);
    return at + 4 + length;
  }

  private wait(at: number, needed: number): number {
    this.needed = needed;
    return at;
  }
}

/** Every version of a notification has at least int state, long leader, zxid, electionEpoch. */
const SHORTEST = 28;
