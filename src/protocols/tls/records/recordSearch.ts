import { RECORD_HEADER, isRecordHeader, type RecordHandler, type RecordPlace } from './record.js';

/** Bytes in the segment that brought them. */
export interface SearchPiece {
  readonly bytes: Buffer;
  readonly position: number;
  readonly frame: number;
  readonly time: number;
}

/** A record was found at `position`; the pieces begin with it. */
export interface FoundRecord {
  readonly position: number;
  readonly pieces: readonly SearchPiece[];
}

const NO_BYTES = Buffer.alloc(0);

/**
 * Looks for the next TLS record after bytes were lost: whatever begins like a header and, once it is whole, agrees with what
 * is known of the keys. Holds no more than the longest record and a segment.
 */
export class RecordSearch {
  private held = NO_BYTES;
  private pieces: SearchPiece[] = [];
  /** Position of the first byte that is held, of the next one, and where the loss began. */
  private position = 0;
  private next = 0;
  private from = 0;
  /** A segment began like a record. */
  likely = false;

  constructor(private readonly handler: RecordHandler) {}

  /** Bytes were lost from here on. */
  begin(position: number): void {
    this.from = position;
    this.drop();
  }

  /** What comes next does not follow what is held. */
  hole(): void {
    this.drop();
  }

  private drop(): void {
    this.held = NO_BYTES;
    this.pieces = [];
  }

  data(bytes: Buffer, start: number, end: number, position: number, frame: number, time: number): FoundRecord | null {
    if (end - start >= RECORD_HEADER && isRecordHeader(bytes, start)) this.likely = true;
    if (!this.handler.canProve) {
      this.drop();
      this.next = position + end - start;
      return null;
    }
    const piece = Buffer.from(bytes.subarray(start, end));
    if (this.held.length === 0) this.position = position;
    this.next = position + piece.length;
    this.pieces.push({ bytes: piece, position, frame, time });
    this.held = this.held.length === 0 ? piece : Buffer.concat([this.held, piece]);
    const { held, handler } = this;
    let at = 0;
    for (; at < held.length; at++) {
      const type = held[at]!;
      if (type < 20 || type > 23) continue;
      if (held.length - at < RECORD_HEADER) {
        if (at + 1 < held.length && held[at + 1] !== 3) continue;
        break;
      }
      if (!isRecordHeader(held, at)) continue;
      const last = at + RECORD_HEADER + held.readUInt16BE(at + 3);
      if (last > held.length) {
        // Not whole yet. What begins inside of it waits as well: it is judged when this turns out to be none.
        break;
      }
      if (handler.proves(held, at, last, this.position + at - this.from)) return this.found(at, frame, time);
    }
    this.forget(at);
    return null;
  }

  /** Nothing before offset `at` is a record. */
  private forget(at: number): void {
    if (at === 0) return;
    this.position += at;
    this.held = this.held.subarray(at);
    this.pieces = this.piecesFrom(this.position);
  }

  private piecesFrom(position: number): SearchPiece[] {
    const left: SearchPiece[] = [];
    for (const piece of this.pieces) {
      const skip = position - piece.position;
      if (skip >= piece.bytes.length) continue;
      left.push(skip <= 0 ? piece : { ...piece, bytes: piece.bytes.subarray(skip), position });
    }
    return left;
  }

  private found(at: number, frame: number, time: number): FoundRecord {
    const position = this.position + at;
    const pieces = this.piecesFrom(position);
    const lost = position - this.from;
    this.drop();
    if (lost > 0) this.handler.astray(lost, { firstFrame: frame, firstTime: time, frame, time, streamEnd: position });
    return { position, pieces };
  }

  end(place: RecordPlace): void {
    const lost = Math.max(this.next, place.streamEnd) - this.from;
    this.drop();
    if (lost > 0) this.handler.astray(lost, place);
  }
}
