import type { StreamChunk } from '../../network/streamChunk.js';
import { ByteCollector } from '../byteCollector.js';
import { RecordType } from './names.js';

export interface RecordPlace {
  readonly firstFrame: number;
  readonly firstTime: number;
  readonly frame: number;
  readonly time: number;
  readonly streamEnd: number;
}

export interface RecordEvents {
  /** A handshake message in clear: its type, and its body as far as it is kept, valid during the call. */
  handshake(type: number, body: Buffer, place: RecordPlace): void;
  /** An alert in clear. */
  alert(level: number, description: number, place: RecordPlace): void;
  /** This side encrypts from here on (in TLS 1.3 this is said for old middleboxes only). */
  changeCipherSpec(place: RecordPlace): void;
  /** An encrypted record, of so many bytes. */
  encrypted(length: number, place: RecordPlace): void;
}

const HEADER_LENGTH = 5;
const MAX_RECORD = 16384 + 2048;
/** Bytes of one handshake message that are kept: a ClientHello with a post-quantum key has about 1800. */
const MAX_HANDSHAKE = 16384;

/** Is this the header of a TLS record (type, version, length; 5 bytes)? */
export function isRecordHeader(bytes: Buffer, at: number): boolean {
  const type = bytes[at]!;
  const length = bytes.readUInt16BE(at + 3);
  return type >= 20 && type <= 23 && bytes[at + 1] === 3 && bytes[at + 2]! <= 4 && length > 0 && length <= MAX_RECORD;
}

/** Takes one direction of a TLS connection apart into records, as far as they can be read without keys. */
export class RecordReader {
  private readonly header = Buffer.alloc(HEADER_LENGTH);
  private headerLength = 0;
  private remaining = 0;
  /** Contents of the record under way, where it is in clear and somebody reads it. */
  private readonly content = new ByteCollector(MAX_HANDSHAKE + 4);
  private reading = false;
  /** Handshake bytes of earlier records that do not make a whole message yet. */
  private readonly handshake = new ByteCollector(MAX_HANDSHAKE + 4);
  private cipherChanged = false;
  /** False after a gap, or where no record header stands where one should: nothing more is read. */
  private aligned = true;
  private firstFrame = 0;
  private firstTime = 0;
  /** Bytes that were passed over since alignment was lost. */
  unread = 0;

  constructor(private readonly events: RecordEvents) {}

  data({ bytes, start, end, position, frame, time }: StreamChunk): void {
    let at = start;
    while (at < end && this.aligned) {
      const inHeader = this.headerLength < HEADER_LENGTH;
      if (inHeader) {
        if (this.headerLength === 0) {
          this.firstFrame = frame;
          this.firstTime = time;
        }
        const next = Math.min(end, at + HEADER_LENGTH - this.headerLength);
        bytes.copy(this.header, this.headerLength, at, next);
        this.headerLength += next - at;
        at = next;
        if (this.headerLength === HEADER_LENGTH) this.startRecord();
        continue;
      }
      const next = Math.min(end, at + this.remaining);
      if (this.reading) this.content.add(bytes, at, next);
      this.remaining -= next - at;
      at = next;
      if (this.remaining > 0) continue;
      this.headerLength = 0;
      const { firstFrame, firstTime } = this;
      this.endRecord({ firstFrame, firstTime, frame, time, streamEnd: position + (at - start) });
    }
    this.unread += end - at;
  }

  gap(length: number): void {
    const inRecord = this.headerLength === HEADER_LENGTH;
    if (inRecord && !this.reading && length < this.remaining) this.remaining -= length;
    else this.aligned = false;
  }

  private startRecord(): void {
    if (!isRecordHeader(this.header, 0)) {
      this.aligned = false;
      this.unread += HEADER_LENGTH;
      return;
    }
    this.remaining = this.header.readUInt16BE(3);
    const type = this.header[0]!;
    this.reading = !this.cipherChanged && (type === RecordType.HANDSHAKE || type === RecordType.ALERT);
  }

  private endRecord(place: RecordPlace): void {
    const { content, reading } = this;
    this.reading = false;
    const type = this.header[0]!;
    if (type === RecordType.CHANGE_CIPHER_SPEC) {
      this.cipherChanged = true;
      this.events.changeCipherSpec(place);
    } else if (!reading) this.events.encrypted(this.header.readUInt16BE(3), place);
    else if (type === RecordType.ALERT) {
      if (content.length >= 2) this.events.alert(content.at(0), content.at(1), place);
    } else this.takeHandshake(content, place);
    if (reading) content.clear();
  }

  /** Handshake messages (type 1, length 3, body) may span records and share them. */
  private takeHandshake(content: ByteCollector, place: RecordPlace): void {
    const held = this.handshake;
    held.add(content.view(), 0, content.length);
    const bytes = held.view();
    let at = 0;
    while (bytes.length - at >= 4) {
      const length = bytes.readUIntBE(at + 1, 3);
      if (length > MAX_HANDSHAKE) {
        held.clear();
        return;
      }
      if (bytes.length - at < 4 + length) break;
      this.events.handshake(bytes[at]!, bytes.subarray(at + 4, at + 4 + length), place);
      at += 4 + length;
    }
    if (at === bytes.length) held.clear();
    else if (at > 0) held.dropFirst(at);
  }
}
