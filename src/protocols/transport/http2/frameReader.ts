import type { Direction } from '../../../network/connection.js';
import type { StreamChunk } from '../../../network/streamChunk.js';
import { ByteCollector, type HeldTally } from '../../byteCollector.js';
import {
  areFrames,
  FLAG_END_STREAM,
  FLAG_PADDED,
  FRAME_HEADER_LENGTH,
  FrameType,
  isPlausibleHeader,
  PREFACE,
} from './frames.js';

/** Where the frame under way began, and where the stream stands now. Reused. */
export interface FramePlace {
  firstFrame: number;
  firstTime: number;
  frame: number;
  time: number;
  /** Position behind the bytes that were read. */
  streamEnd: number;
}

export interface FrameEvents {
  /** A whole frame of those whose payload matters, DATA apart; its payload is valid during the call. */
  frame(direction: Direction, type: number, flags: number, id: number, payload: Buffer, place: FramePlace): void;
  /** The same where its payload was not captured whole, or is longer than is kept. */
  damagedFrame(direction: Direction, type: number, flags: number, id: number, place: FramePlace): void;
  /** A DATA frame begins; `length` bytes of it are data, padding apart. */
  dataStart(direction: Direction, id: number, length: number): void;
  dataBytes(direction: Direction, id: number, bytes: Buffer, start: number, end: number, place: FramePlace): void;
  /** Bytes of a DATA frame's payload are missing. */
  dataGap(direction: Direction, id: number, length: number, place: FramePlace): void;
  dataEnd(direction: Direction, id: number, endStream: boolean, place: FramePlace): void;
  /** Frames are missing, nobody knows which. */
  lost(direction: Direction): void;
  skipped(direction: Direction, bytes: number, frame: number, time: number): void;
}

const enum State {
  Preface,
  Header,
  Payload,
  /** Pad length of a padded DATA frame. */
  PadLength,
  Data,
  Padding,
  Resync,
}

/**
 * Longest payload that is kept of a frame other than DATA; a header block is bounded by the same.
 * @bound bytes
 */
export const MAX_PAYLOAD = 65536;
/** By type: whether anybody reads the payload (HEADERS, RST_STREAM, PUSH_PROMISE, GOAWAY, CONTINUATION). */
const PAYLOAD_KEPT = [false, true, false, true, false, true, false, true, false, true];
/**
 * No frame says more than this before SETTINGS allowed it, and no known peer allows more.
 * @bound bytes
 */
const MAX_FRAME = 1 << 20;

/** Takes one direction of an HTTP/2 connection apart into frames, bytes in pieces of any size. */
export class Http2FrameReader {
  private state: State;
  private prefaceAt = 0;
  private readonly header = Buffer.alloc(FRAME_HEADER_LENGTH);
  private headerLength = 0;
  private readonly payload: ByteCollector;
  private type = 0;
  private flags = 0;
  private id = 0;
  private remaining = 0;
  private padding = 0;
  private damaged = false;
  private kept = false;
  private skippedBytes = 0;
  private readonly place: FramePlace = { firstFrame: 0, firstTime: 0, frame: 0, time: 0, streamEnd: 0 };

  /** `start`: the first bytes will be the client's preface, a frame, or (`middle`) whatever passes by. */
  constructor(
    private readonly direction: Direction,
    private readonly events: FrameEvents,
    start: 'preface' | 'frame' | 'middle',
    tally?: HeldTally,
  ) {
    this.payload = new ByteCollector(MAX_PAYLOAD, tally);
    this.state = start === 'preface' ? State.Preface : start === 'frame' ? State.Header : State.Resync;
  }

  data({ bytes, start, end, position, frame, time }: StreamChunk): void {
    this.place.frame = frame;
    this.place.time = time;
    let at = start;
    while (at < end) {
      const next = this.step(bytes, at, end, at === start, position - start);
      at = next;
    }
    this.place.streamEnd = position + (end - start);
  }

  gap(length: number, position: number, frame: number, time: number): void {
    const place = this.place;
    place.frame = frame;
    place.time = time;
    place.streamEnd = position + length;
    const inPayload = this.state === State.Payload || this.state === State.Data || this.state === State.Padding;
    if (inPayload && length <= this.remaining) {
      this.remaining -= length;
      this.damaged = true;
      if (this.state === State.Data) {
        this.events.dataGap(this.direction, this.id, length, place);
        if (this.remaining === 0) this.endData();
      } else if (this.remaining === 0) this.endPayload();
      return;
    }
    if (this.state !== State.Resync) this.lose();
    this.headerLength = 0;
  }

  /** Keeps nothing of the frame under way: it then counts as damaged. */
  giveUp(): void {
    if (this.payload.length > 0) this.damaged = true;
    this.payload.release();
  }

  end(): void {
    this.skippedBytes += this.headerLength;
    this.headerLength = 0;
    this.flushSkipped();
  }

  private step(bytes: Buffer, at: number, end: number, atSegmentStart: boolean, offset: number): number {
    const place = this.place;
    switch (this.state) {
      case State.Preface:
        if (bytes[at] !== PREFACE[this.prefaceAt]) {
          this.lose();
          return at;
        }
        if (++this.prefaceAt === PREFACE.length) this.state = State.Header;
        return at + 1;
      case State.Header:
        return this.readHeader(bytes, at, end, offset);
      case State.Payload: {
        const next = Math.min(end, at + this.remaining);
        if (this.kept) this.payload.add(bytes, at, next);
        this.remaining -= next - at;
        place.streamEnd = offset + next;
        if (this.remaining === 0) this.endPayload();
        return next;
      }
      case State.PadLength: {
        this.padding = bytes[at]!;
        if (this.padding >= this.remaining) {
          this.lose();
          return at;
        }
        this.remaining -= 1 + this.padding;
        place.streamEnd = offset + at + 1;
        this.startData();
        return at + 1;
      }
      case State.Data: {
        const next = Math.min(end, at + this.remaining);
        this.remaining -= next - at;
        place.streamEnd = offset + next;
        this.events.dataBytes(this.direction, this.id, bytes, at, next, place);
        if (this.remaining === 0) this.endData();
        return next;
      }
      case State.Padding: {
        const next = Math.min(end, at + this.remaining);
        this.remaining -= next - at;
        place.streamEnd = offset + next;
        if (this.remaining === 0) this.endPadding();
        return next;
      }
      case State.Resync:
        if (atSegmentStart && areFrames(bytes, at, end)) {
          this.flushSkipped();
          this.state = State.Header;
          return at;
        }
        this.skippedBytes += end - at;
        return end;
    }
  }

  private readHeader(bytes: Buffer, at: number, end: number, offset: number): number {
    const place = this.place;
    if (this.headerLength === 0) {
      place.firstFrame = place.frame;
      place.firstTime = place.time;
    }
    const next = Math.min(end, at + FRAME_HEADER_LENGTH - this.headerLength);
    bytes.copy(this.header, this.headerLength, at, next);
    this.headerLength += next - at;
    place.streamEnd = offset + next;
    if (this.headerLength < FRAME_HEADER_LENGTH) return next;
    this.headerLength = 0;
    const header = this.header;
    this.remaining = header.readUIntBE(0, 3);
    this.type = header[3]!;
    this.flags = header[4]!;
    this.id = header.readUInt32BE(5) & 0x7fffffff;
    this.damaged = false;
    // Types that nobody defined are to be ignored (RFC 9113, 4.1); a known type that breaks its rules is no frame.
    const known = this.type <= FrameType.CONTINUATION;
    if (this.remaining > MAX_FRAME || (known && !isPlausibleHeader(header, 0, MAX_FRAME))) {
      this.skippedBytes += FRAME_HEADER_LENGTH;
      this.lose();
      return next;
    }
    if (this.type !== FrameType.DATA) {
      this.state = State.Payload;
      this.kept = PAYLOAD_KEPT[this.type] ?? false;
      if (this.remaining === 0) this.endPayload();
    } else if ((this.flags & FLAG_PADDED) !== 0 && this.remaining > 0) this.state = State.PadLength;
    else {
      this.padding = 0;
      this.startData();
    }
    return next;
  }

  private startData(): void {
    this.state = State.Data;
    this.events.dataStart(this.direction, this.id, this.remaining);
    if (this.remaining === 0) this.endData();
  }

  private endData(): void {
    this.remaining = this.padding;
    if (this.remaining > 0) this.state = State.Padding;
    else this.endPadding();
  }

  private endPadding(): void {
    this.state = State.Header;
    this.events.dataEnd(this.direction, this.id, (this.flags & FLAG_END_STREAM) !== 0, this.place);
  }

  private endPayload(): void {
    this.state = State.Header;
    if (!this.kept) return;
    if (this.damaged || this.payload.overflowed) {
      this.events.damagedFrame(this.direction, this.type, this.flags, this.id, this.place);
    } else this.events.frame(this.direction, this.type, this.flags, this.id, this.payload.view(), this.place);
    this.payload.clear();
  }

  private lose(): void {
    this.state = State.Resync;
    this.skippedBytes += this.headerLength;
    this.headerLength = 0;
    this.payload.clear();
    this.events.lost(this.direction);
  }

  private flushSkipped(): void {
    if (this.skippedBytes === 0) return;
    this.events.skipped(this.direction, this.skippedBytes, this.place.frame, this.place.time);
    this.skippedBytes = 0;
  }
}
