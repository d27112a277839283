import { ByteCollector, type HeldTally } from '../../byteCollector.js';
import type { FramePlace } from '../http2/frameReader.js';

/** One length-prefixed message of a stream. */
export interface GrpcMessage {
  /** As many bytes as are kept; a copy. */
  readonly body: Buffer;
  /** Value of the length prefix. */
  readonly length: number;
  readonly compressed: boolean;
  readonly truncated: boolean;
  readonly firstFrame: number;
  readonly firstTime: number;
  readonly frame: number;
  readonly time: number;
  readonly streamEnd: number;
}

const PREFIX_LENGTH = 5;
/**
 * Bytes of one message that are kept for decoding.
 * @bound bytes
 */
export const MAX_MESSAGE_KEPT = 65536;

/**
 * Finds the messages in the DATA of one direction of one stream: each has 1 byte (0, or 1 where it is compressed), a
 * 4-byte big-endian length, and that many bytes. Where alignment is lost, a DATA frame that holds exactly one message
 * restores it.
 */
export class GrpcDeframer {
  private readonly prefix = Buffer.alloc(PREFIX_LENGTH);
  private prefixLength = 0;
  private body: ByteCollector | null = null;
  private length = 0;
  private remaining = -1;
  private truncated = false;
  private firstFrame = 0;
  private firstTime = 0;
  /** Length of the DATA frame whose first byte comes next, while alignment is looked for. */
  private frameLength = 0;

  constructor(
    private aligned: boolean,
    private readonly found: (message: GrpcMessage) => void,
    private readonly tally?: HeldTally,
  ) {}

  /** A DATA frame with `length` bytes of data begins. */
  startFrame(length: number): void {
    this.frameLength = length;
  }

  data(bytes: Buffer, start: number, end: number, place: FramePlace): void {
    const base = place.streamEnd - end;
    let at = start;
    while (at < end) {
      if (!this.aligned && !this.realign(bytes, at, end)) return;
      at = this.remaining < 0 ? this.readPrefix(bytes, at, end, place) : this.readBody(bytes, at, end);
      if (this.remaining === 0) this.finish(place, base + at);
    }
  }

  gap(length: number, place: FramePlace): void {
    this.frameLength = 0;
    if (this.aligned && this.remaining >= length) {
      this.remaining -= length;
      this.truncated = true;
      this.body?.close();
      if (this.remaining === 0) this.finish(place, place.streamEnd);
      return;
    }
    this.lose();
  }

  /** Nobody knows what of this direction is missing. */
  lose(): void {
    this.aligned = false;
    this.prefixLength = 0;
    this.remaining = -1;
    this.dropBody();
    this.frameLength = 0;
  }

  /** Keeps nothing of the message under way: its length is still known. */
  giveUp(): void {
    if (this.body === null || this.body.length === 0) return;
    this.truncated = true;
    this.body.release();
    this.body.close();
  }

  private dropBody(): void {
    this.body?.release();
    this.body = null;
  }

  private realign(bytes: Buffer, start: number, end: number): boolean {
    const wanted = this.frameLength;
    this.frameLength = 0;
    if (wanted < PREFIX_LENGTH || end - start < PREFIX_LENGTH || bytes[start]! > 1) return false;
    if (bytes.readUInt32BE(start + 1) !== wanted - PREFIX_LENGTH) return false;
    this.aligned = true;
    return true;
  }

  private readPrefix(bytes: Buffer, at: number, end: number, place: FramePlace): number {
    if (this.prefixLength === 0) {
      this.firstFrame = place.frame;
      this.firstTime = place.time;
    }
    const next = Math.min(end, at + PREFIX_LENGTH - this.prefixLength);
    bytes.copy(this.prefix, this.prefixLength, at, next);
    this.prefixLength += next - at;
    if (this.prefixLength < PREFIX_LENGTH) return next;
    this.prefixLength = 0;
    if (this.prefix[0]! > 1) {
      this.lose();
      return end;
    }
    this.length = this.prefix.readUInt32BE(1);
    this.remaining = this.length;
    this.truncated = false;
    this.body = this.length > 0 ? new ByteCollector(MAX_MESSAGE_KEPT, this.tally) : null;
    return next;
  }

  private readBody(bytes: Buffer, at: number, end: number): number {
    const next = Math.min(end, at + this.remaining);
    this.body?.add(bytes, at, next);
    this.remaining -= next - at;
    return next;
  }

  private finish(place: FramePlace, streamEnd: number): void {
    this.remaining = -1;
    const body = this.body?.copy() ?? Buffer.alloc(0);
    this.dropBody();
    this.found({
      body,
      length: this.length,
      compressed: this.prefix[0] === 1,
      truncated: this.truncated,
      firstFrame: this.firstFrame,
      firstTime: this.firstTime,
      frame: place.frame,
      time: place.time,
      streamEnd,
    });
  }
}
