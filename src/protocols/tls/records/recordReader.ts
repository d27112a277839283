import { ByteCollector } from '../../byteCollector.js';
import type { Moment } from '../../../network/connection.js';
import { isRecordHeader, MAX_RECORD, RECORD_HEADER, type RecordHandler } from './record.js';
import { RecordSearch } from './recordSearch.js';

const NO_HEADER = Buffer.alloc(0);

/**
 * Cuts one direction of a connection into TLS records. A record that lies in a segment as a whole is not copied. Where
 * bytes are missing the reader goes on behind the record they belong to if it can tell where that ends, and otherwise looks
 * for the next one.
 */
export class RecordReader {
  /** Of its own once a record comes: many connections never say more than a few. */
  private header = NO_HEADER;
  private headerLength = 0;
  /** Bytes of the record under way that are still to come. */
  private remaining = 0;
  private readonly content = new ByteCollector(RECORD_HEADER + MAX_RECORD);
  private mode: 'collect' | 'pass' | 'damaged' = 'pass';
  private firstFrame = 0;
  private firstTime = 0;
  /** Position behind the last record. */
  private aligned: number | null;
  private readonly search: RecordSearch;
  private lastPosition = 0;
  /** Bytes that came while no record was known to begin. */
  unalignedBytes = 0;
  firstUnaligned: Moment | null = null;

  constructor(
    private readonly handler: RecordHandler,
    atStart: boolean,
  ) {
    this.aligned = atStart ? 0 : null;
    this.search = new RecordSearch(handler);
    if (!atStart) this.search.begin(0);
  }

  data(bytes: Buffer, start: number, end: number, position: number, frame: number, time: number): void {
    this.lastPosition = position + end - start;
    if (this.aligned === null) {
      this.unalignedBytes += end - start;
      this.firstUnaligned ??= { frame, time };
    }
    this.go(bytes, start, end, position, frame, time);
  }

  private go(bytes: Buffer, start: number, end: number, position: number, frame: number, time: number): void {
    if (this.aligned === null) this.look(bytes, start, end, position, frame, time);
    else this.cut(bytes, start, end, position - start, frame, time);
  }

  /** @param origin stream position of offset 0 of `bytes` */
  private cut(bytes: Buffer, start: number, end: number, origin: number, frame: number, time: number): void {
    let at = start;
    while (at < end) {
      if (this.headerLength < RECORD_HEADER) {
        if (this.headerLength === 0) {
          this.firstFrame = frame;
          this.firstTime = time;
          if (end - at >= RECORD_HEADER && isRecordHeader(bytes, at)) {
            const next = at + RECORD_HEADER + bytes.readUInt16BE(at + 3);
            if (next <= end) {
              this.whole(bytes, at, next, origin + next, frame, time);
              at = next;
              continue;
            }
          }
        }
        const next = Math.min(end, at + RECORD_HEADER - this.headerLength);
        if (this.header === NO_HEADER) this.header = Buffer.alloc(RECORD_HEADER);
        bytes.copy(this.header, this.headerLength, at, next);
        this.headerLength += next - at;
        at = next;
        if (this.headerLength === RECORD_HEADER && !this.startRecord()) {
          // No record: whatever this is, the search may find where one begins.
          this.headerLength = 0;
          this.lose(origin + at - RECORD_HEADER);
          const rest = Buffer.concat([this.header, bytes.subarray(at, end)]);
          this.unalignedBytes += rest.length;
          this.look(rest, 0, rest.length, origin + at - RECORD_HEADER, frame, time);
          return;
        }
        continue;
      }
      const next = Math.min(end, at + this.remaining);
      if (this.mode === 'collect') this.content.add(bytes, at, next);
      this.remaining -= next - at;
      at = next;
      if (this.remaining === 0) this.endRecord(origin + at, frame, time);
    }
  }

  /** A segment began like a record although no record was known to begin there. */
  get likely(): boolean {
    return this.search.likely;
  }

  private whole(bytes: Buffer, start: number, end: number, streamEnd: number, frame: number, time: number): void {
    this.aligned = streamEnd;
    const type = bytes[start]!;
    const place = { firstFrame: frame, firstTime: time, frame, time, streamEnd };
    if (this.handler.wants(type)) this.handler.record(bytes, start, end, place);
    else this.handler.passed(type, end - start - RECORD_HEADER, place);
  }

  private startRecord(): boolean {
    if (!isRecordHeader(this.header, 0)) return false;
    this.remaining = this.header.readUInt16BE(3);
    this.mode = this.handler.wants(this.header[0]!) ? 'collect' : 'pass';
    if (this.mode === 'collect') this.content.add(this.header, 0, RECORD_HEADER);
    return true;
  }

  private endRecord(streamEnd: number, frame: number, time: number): void {
    const { firstFrame, firstTime, mode } = this;
    const place = { firstFrame, firstTime, frame, time, streamEnd };
    const type = this.header[0]!;
    const length = this.header.readUInt16BE(3);
    this.headerLength = 0;
    this.aligned = streamEnd;
    if (mode === 'damaged') this.handler.damaged(type, length, place);
    else if (mode === 'pass') this.handler.passed(type, length, place);
    else {
      const record = this.content.view();
      this.handler.record(record, 0, record.length, place);
      this.content.clear();
    }
  }

  /** The next `length` bytes are missing. */
  gap(length: number, position: number, frame: number, time: number): void {
    this.lastPosition = position + length;
    if (this.aligned === null) {
      this.search.hole();
      return;
    }
    if (this.headerLength === RECORD_HEADER && length <= this.remaining) {
      this.content.clear();
      this.mode = 'damaged';
      this.remaining -= length;
      if (this.remaining === 0) this.endRecord(position + length, frame, time);
      return;
    }
    this.lose(this.aligned);
  }

  private lose(from: number): void {
    this.headerLength = 0;
    this.content.clear();
    this.aligned = null;
    this.search.begin(from);
  }

  private look(bytes: Buffer, start: number, end: number, position: number, frame: number, time: number): void {
    const found = this.search.data(bytes, start, end, position, frame, time);
    if (found === null) return;
    this.aligned = found.position;
    // The record that was found, and what followed it, in the pieces in which it came.
    for (const piece of found.pieces) {
      this.go(piece.bytes, 0, piece.bytes.length, piece.position, piece.frame, piece.time);
    }
  }

  /** Nothing more will come: a record under way is damaged, what was searched in vain is astray. */
  end(frame: number, time: number): void {
    const { firstFrame, firstTime, lastPosition: streamEnd } = this;
    if (this.aligned === null) {
      this.search.end({ firstFrame: frame, firstTime: time, frame, time, streamEnd });
      return;
    }
    if (this.headerLength === 0) return;
    this.content.clear();
    const place = { firstFrame, firstTime, frame, time, streamEnd };
    this.handler.astray(streamEnd - this.aligned, place);
    this.headerLength = 0;
  }
}
