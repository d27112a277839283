import { TO_SERVER, type Direction } from '../../../network/connection.js';
import type { StreamChunk } from '../../../network/streamChunk.js';
import { ByteCollector, type HeldTally } from '../../byteCollector.js';
import { hexDigit, isWholeChunk } from './chunks.js';
import {
  MAX_HEAD_BYTES,
  MAX_START_LINE_BYTES,
  REQUEST_LINE_ANYWHERE,
  STATUS_LINE_ANYWHERE,
  parseHead,
  type Http1Head,
} from './head.js';
import type { BodyReader, Http1Events } from './message.js';

const enum State {
  Head,
  Body,
  ChunkSize,
  ChunkExtension,
  ChunkData,
  ChunkEnd,
  Trailer,
  UntilClose,
  Tunnel,
  /** Not aligned: a start line, or the size line of a chunk at the start of a segment, is looked for. */
  Resync,
}

const NO_BYTES = Buffer.alloc(0);
const HEAD_END = Buffer.from('\r\n\r\n', 'latin1');
const CR = 0x0d;
const LF = 0x0a;
const MAX_CHUNK_DIGITS = 12;

/**
 * One direction of an HTTP/1 connection. Bytes go in as they come, in pieces of any size; bodies are counted and not
 * held, except for the first bytes that the events asked for. Kept in memory: one head (64 KiB) and that much of a body.
 */
export class Http1Parser {
  private state: State;
  private readonly kind: 'request' | 'response';
  private readonly pending: ByteCollector;
  private skippedBytes = 0;
  /** Place of the present message's first byte and of its latest. */
  private firstFrame = 0;
  private firstTime = 0;
  private frame = 0;
  private time = 0;
  private streamEnd = 0;
  private head: Http1Head | null = null;
  private remaining = 0;
  private chunkDigits = 0;
  private trailerLineLength = 0;
  private body: ByteCollector | null = null;
  private reader: BodyReader | null = null;
  /** Position in the stream of the present segment's byte 0. */
  private origin = 0;
  private bodyLength = 0;
  private truncated = false;
  private tunnelNext = false;

  /** `aligned` is false where the first byte that comes need not be the first of a message. */
  constructor(
    private readonly direction: Direction,
    private readonly events: Http1Events,
    aligned: boolean,
    private readonly tally?: HeldTally,
  ) {
    this.kind = direction === TO_SERVER ? 'request' : 'response';
    this.state = aligned ? State.Head : State.Resync;
    this.pending = new ByteCollector(MAX_HEAD_BYTES, tally);
  }

  data({ bytes, start, end, position, frame, time }: StreamChunk): void {
    this.frame = frame;
    this.time = time;
    this.origin = position - start;
    let at = start;
    while (at < end) {
      at = this.step(bytes, at, end, start);
      this.streamEnd = position + (at - start);
      if (this.state === State.Body && this.remaining === 0) this.complete();
    }
  }

  /** Missing bytes. Returns whether the stream is still aligned: they lay within a body whose end is known. */
  gap(length: number, position: number, frame: number, time: number): boolean {
    const known = this.state === State.Body || this.state === State.ChunkData;
    if (known && length <= this.remaining) {
      this.truncated = true;
      this.body?.close();
      this.reader?.lost();
      this.remaining -= length;
      this.bodyLength += length;
      this.frame = frame;
      this.time = time;
      this.streamEnd = position + length;
      if (this.state === State.Body && this.remaining === 0) this.complete();
      else if (this.remaining === 0) this.state = State.ChunkEnd;
      return true;
    }
    if (this.state === State.UntilClose) {
      this.truncated = true;
      this.bodyLength += length;
      this.body?.close();
      return true;
    }
    if (this.state === State.Tunnel || this.state === State.Resync) {
      if (this.state === State.Resync) this.skippedBytes += this.pending.length;
      this.pending.clear();
      return this.state === State.Tunnel;
    }
    this.abandon();
    this.state = State.Resync;
    return false;
  }

  /** Keeps nothing of what is under way: a head is looked for anew, of a body only the length is known. */
  giveUp(): void {
    if (this.pending.length > 0 && (this.state === State.Head || this.state === State.Resync)) {
      this.skippedBytes += this.pending.length;
      this.state = State.Resync;
    }
    this.pending.release();
    this.reader?.lost();
    if (this.body !== null && this.body.length > 0) {
      this.truncated = true;
      this.body.release();
      this.body.close();
    }
  }

  private dropBody(): void {
    this.body?.release();
    this.body = null;
    this.reader?.lost();
    this.reader = null;
  }

  /** The other side agreed to speak something else from here on: nothing more is read. */
  tunnel(): void {
    this.abandon();
    this.state = State.Tunnel;
  }

  /** The direction ended. `fin`: with a FIN, which is what ends a body that has no length of its own. */
  end(fin: boolean): void {
    if (this.state === State.UntilClose && fin) this.complete();
    else this.abandon();
    this.flushSkipped();
    this.state = State.Resync;
  }

  private step(bytes: Buffer, at: number, end: number, segmentStart: number): number {
    switch (this.state) {
      case State.Head:
        return this.readHead(bytes, at, end);
      case State.Body: {
        const next = Math.min(end, at + this.remaining);
        this.takeBody(bytes, at, next);
        return next;
      }
      case State.ChunkSize:
      case State.ChunkExtension:
        return this.readChunkSize(bytes, at);
      case State.ChunkData: {
        const next = Math.min(end, at + this.remaining);
        this.takeBody(bytes, at, next);
        if (this.remaining === 0) this.state = State.ChunkEnd;
        return next;
      }
      case State.ChunkEnd:
        return this.readChunkEnd(bytes, at);
      case State.Trailer:
        return this.readTrailer(bytes, at);
      case State.UntilClose:
        this.remaining = end - at;
        this.takeBody(bytes, at, end);
        return end;
      case State.Tunnel:
        return end;
      case State.Resync:
        return this.resync(bytes, at, end, at === segmentStart);
    }
  }

  private readHead(bytes: Buffer, start: number, end: number): number {
    let at = start;
    if (this.pending.length === 0) {
      // Empty lines before a start line are to be ignored (RFC 9112, 2.2).
      while (at < end && (bytes[at] === CR || bytes[at] === LF)) at++;
      if (at === end) return at;
      this.firstFrame = this.frame;
      this.firstTime = this.time;
    }
    const heldBefore = this.pending.length;
    const room = Math.min(end, at + (MAX_HEAD_BYTES - heldBefore));
    if (heldBefore === 0) {
      // Mostly a head lies in one segment, often several of them: nothing is copied then.
      const headEnd = bytes.subarray(at, room).indexOf(HEAD_END);
      if (headEnd >= 0) {
        const next = at + headEnd + HEAD_END.length;
        const head = parseHead(bytes.toString('latin1', at, at + headEnd), this.kind, false);
        return head === null ? this.giveUpHead(next, next - at) : this.takeHead(head, next, next - start);
      }
    }
    this.pending.add(bytes, at, room);
    const headEnd = this.pending.indexOf(HEAD_END, Math.max(0, heldBefore - 3));
    if (headEnd < 0) {
      if (this.pending.length < MAX_HEAD_BYTES && this.startIsPlausible()) return room;
      return this.giveUpHead(room, this.pending.length);
    }
    const next = at + (headEnd + HEAD_END.length - heldBefore);
    const head = parseHead(this.pending.text(0, headEnd), this.kind, false);
    return head === null ? this.giveUpHead(next, headEnd + HEAD_END.length) : this.takeHead(head, next, next - start);
  }

  private takeHead(head: Http1Head, next: number, read: number): number {
    this.pending.clear();
    this.flushSkipped();
    this.startBody(head, read);
    return next;
  }

  /** A head that cannot be one is known by its first bytes; without this check a stranger would fill the whole buffer. */
  private startIsPlausible(): boolean {
    if (this.kind === 'response') return this.pending.startsLike('HTTP/1.');
    const first = this.pending.at(0);
    return first >= 0x41 && first <= 0x5a;
  }

  private giveUpHead(next: number, skipped: number): number {
    this.skippedBytes += skipped;
    this.pending.clear();
    this.state = State.Resync;
    return next;
  }

  private startBody(head: Http1Head, headLength: number): void {
    const plan = this.events.head(this.direction, head, {
      firstFrame: this.firstFrame,
      firstTime: this.firstTime,
      frame: this.frame,
      time: this.time,
      streamEnd: this.streamEnd + headLength,
    });
    this.head = head;
    this.bodyLength = 0;
    this.truncated = false;
    this.dropBody();
    this.body = plan.keep > 0 ? new ByteCollector(plan.keep, this.tally) : null;
    this.reader = plan.reader;
    const bodyless = head.status === 204 || head.status === 304 || (head.status >= 100 && head.status < 200);
    this.remaining = 0;
    // A Body of which nothing remains is completed at once.
    if (plan.noBody || plan.tunnel || bodyless) this.state = State.Body;
    else if (head.chunked) this.expectChunk();
    else if (head.contentLength !== null) {
      this.remaining = head.contentLength;
      this.state = State.Body;
    } else this.state = this.kind === 'request' ? State.Body : State.UntilClose;
    this.tunnelNext = plan.tunnel;
  }

  private expectChunk(): void {
    this.state = State.ChunkSize;
    this.remaining = 0;
    this.chunkDigits = 0;
  }

  private takeBody(bytes: Buffer, start: number, end: number): void {
    this.body?.add(bytes, start, end);
    this.bodyLength += end - start;
    this.remaining -= end - start;
    if (this.reader === null || end === start) return;
    const { frame, time } = this;
    const place = { firstFrame: frame, firstTime: time, frame, time, streamEnd: this.origin + end };
    this.reader.part(bytes, start, end, place);
  }

  private readChunkSize(bytes: Buffer, at: number): number {
    const byte = bytes[at]!;
    if (byte === LF) {
      if (this.chunkDigits === 0) return this.loseChunks(at);
      if (this.remaining > 0) this.state = State.ChunkData;
      else {
        this.state = State.Trailer;
        this.trailerLineLength = 0;
      }
      return at + 1;
    }
    if (this.state === State.ChunkExtension || byte === CR) return at + 1;
    const digit = hexDigit(byte);
    if (digit >= 0 && this.chunkDigits < MAX_CHUNK_DIGITS) {
      this.chunkDigits++;
      this.remaining = this.remaining * 16 + digit;
      return at + 1;
    }
    if ((byte === 0x3b || byte === 0x20) && this.chunkDigits > 0) {
      this.state = State.ChunkExtension;
      return at + 1;
    }
    return this.loseChunks(at);
  }

  private readChunkEnd(bytes: Buffer, at: number): number {
    const byte = bytes[at]!;
    if (byte === CR) return at + 1;
    if (byte !== LF) return this.loseChunks(at);
    this.expectChunk();
    return at + 1;
  }

  private readTrailer(bytes: Buffer, at: number): number {
    const byte = bytes[at]!;
    if (byte === CR) return at + 1;
    if (byte !== LF) {
      this.trailerLineLength++;
      return at + 1;
    }
    if (this.trailerLineLength === 0) {
      // The body is over; data() completes a Body of which nothing remains.
      this.state = State.Body;
      this.remaining = 0;
    }
    this.trailerLineLength = 0;
    return at + 1;
  }

  /** What stands here is not the coding of chunks: the message ends as cut. */
  private loseChunks(at: number): number {
    this.abandon();
    this.state = State.Resync;
    return at;
  }

  private resync(bytes: Buffer, at: number, end: number, atSegmentStart: boolean): number {
    if (atSegmentStart && this.pending.length === 0 && this.kind === 'response' && isWholeChunk(bytes, at, end)) {
      this.flushSkipped();
      this.head = null;
      this.dropBody();
      this.events.headlessChunks(this.direction, this.frame, this.time, this.streamEnd);
      this.expectChunk();
      return at;
    }
    // A start line ends with LF and holds none: what follows the last LF is all that may have to wait for more.
    const lastLineFeed = bytes.subarray(at, end).lastIndexOf(LF);
    if (lastLineFeed < 0) {
      this.holdTail(bytes, at, end);
      return end;
    }
    const held = this.pending.length;
    const text = this.pending.text(0, held) + bytes.toString('latin1', at, at + lastLineFeed + 1);
    const found = (this.kind === 'request' ? REQUEST_LINE_ANYWHERE : STATUS_LINE_ANYWHERE).exec(text);
    if (found === null) {
      this.skippedBytes += text.length;
      this.pending.clear();
      this.holdTail(bytes, at + lastLineFeed + 1, end);
      return end;
    }
    this.skippedBytes += found.index;
    this.state = State.Head;
    if (found.index >= held) {
      this.pending.clear();
      return at + (found.index - held);
    }
    this.pending.dropFirst(found.index);
    return at;
  }

  private holdTail(bytes: Buffer, start: number, end: number): void {
    if (start === end) return;
    if (this.pending.length === 0) {
      this.firstFrame = this.frame;
      this.firstTime = this.time;
    }
    if (this.pending.length + (end - start) > MAX_START_LINE_BYTES) {
      this.skippedBytes += this.pending.length + (end - start);
      this.pending.clear();
      return;
    }
    this.pending.add(bytes, start, end);
  }

  private flushSkipped(): void {
    if (this.skippedBytes === 0) return;
    this.events.skipped(this.direction, this.skippedBytes, this.frame, this.time);
    this.skippedBytes = 0;
  }

  private complete(): void {
    const head = this.head;
    const tunnel = this.tunnelNext;
    this.tunnelNext = false;
    this.head = null;
    this.state = tunnel ? State.Tunnel : State.Head;
    if (head !== null) this.emit(head, this.truncated);
    this.dropBody();
  }

  /** The present message will not be completed: what is known of it is said now. */
  private abandon(): void {
    let head = this.head;
    this.head = null;
    if (this.state === State.Head || this.state === State.Resync) {
      const length = this.pending.length;
      if (length > 0 && this.state === State.Head) {
        head = parseHead(this.pending.text(0, length), this.kind, true);
        if (head !== null) {
          this.bodyLength = 0;
          this.dropBody();
          const place = {
            firstFrame: this.firstFrame,
            firstTime: this.firstTime,
            frame: this.frame,
            time: this.time,
            streamEnd: this.streamEnd,
          };
          this.events.head(this.direction, head, place);
        }
      }
      if (head === null) this.skippedBytes += length;
      this.pending.clear();
    }
    if (head !== null) {
      this.flushSkipped();
      this.emit(head, true);
    }
    this.dropBody();
  }

  private emit(head: Http1Head, truncated: boolean): void {
    this.events.complete(this.direction, {
      head,
      body: this.body?.copy() ?? NO_BYTES,
      bodyLength: this.bodyLength,
      truncated,
      firstFrame: this.firstFrame,
      firstTime: this.firstTime,
      frame: this.frame,
      time: this.time,
      streamEnd: this.streamEnd,
    });
  }
}
