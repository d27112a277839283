import type { MaskedBytes } from '../dump/bytes.js';
import { contradicts } from './checks.js';
import { END_OF_RECORD, type JuteReader, type Range } from '../../protocols/zookeeper/format/cursor.js';
import { hex64, zxidNumber } from '../../protocols/zookeeper/format/stat.js';

/**
 * `length` is the length or count in front of a string, buffer or vector; `elements` are those of a long vector that are
 * not listed one by one; `rest` are bytes of a message that no field could be given.
 */
export type AnnotatedType =
  'int' | 'long' | 'id' | 'zxid' | 'boolean' | 'length' | 'ustring' | 'buffer' | 'elements' | 'rest';

/** One field of a message: where it stands, and what it says as far as its bytes are known. */
export interface AnnotatedField {
  /** ZooKeeper's name, with the way to it: `stat.czxid`, `acl[0].perms`, `ops[1].path`. */
  readonly name: string;
  readonly type: AnnotatedType;
  /** Index in the run of bytes. */
  readonly offset: number;
  /** Bytes of it that are there. */
  readonly length: number;
  /** null where unknown, and for buffers. 64-bit ids and zxids are `0x…`. Strings may be of any length. */
  readonly value: number | string | boolean | null;
  readonly known: 'known' | 'partly' | 'unknown';
  /** What is known of a string of which bytes are masked or missing, `?` for each of those. */
  readonly partial: string | null;
  /** Not read, but the only value with which the message ends where its length says. */
  readonly inferred: boolean;
}

/** The captured bytes end within the record. */
export const CUT = new Error('record goes on behind the captured bytes');
/** A masked byte decides where the next field is. */
export const MASKED = new Error('a masked byte decides how the record goes on');

/** Elements of one vector, and operations of a multi, that are listed one by one. */
const MOST_LISTED = 500;

export interface RecordBounds {
  readonly start: number;
  /** Where the message ends; Infinity where its length is masked. */
  readonly end: number;
  /** Where the bytes end. */
  readonly captured: number;
}

/** A masked length that is tried out. */
export interface AssumedLength {
  readonly at: number;
  readonly length: number;
}

/**
 * Reads records like Cursor, and keeps every field with its place. Masked bytes make fields unknown. Throws END_OF_RECORD
 * where the record contradicts itself (or, if `strict`, says what no client or server would), CUT and MASKED.
 */
export class AnnotatingReader implements JuteReader {
  readonly fields: AnnotatedField[] = [];
  position: number;
  /** Where the length stood that was masked, once MASKED was thrown for one. */
  maskedLengthAt: number | null = null;
  private prefix = '';
  private operation = 0;
  private muted = false;
  private mutedFrom = 0;

  constructor(
    private readonly data: MaskedBytes,
    private readonly bounds: RecordBounds,
    private readonly strict: boolean,
    private readonly assumed: AssumedLength | null = null,
  ) {
    this.position = bounds.start;
  }

  /** 0 where the message's length is masked: optional fields are then not read. */
  get remaining(): number {
    return this.bounds.end === Infinity ? 0 : this.bounds.end - this.position;
  }

  private take(length: number): number {
    const at = this.position;
    if (length > this.bounds.end - at) throw END_OF_RECORD;
    if (length > this.bounds.captured - at) throw CUT;
    this.position = at + length;
    return at;
  }

  private add(
    name: string,
    type: AnnotatedType,
    offset: number,
    length: number,
    value: AnnotatedField['value'],
  ): boolean {
    const known = this.data.isKnown(offset, offset + length);
    if (known && this.strict && contradicts(this.prefix + name, value)) throw END_OF_RECORD;
    const state = known ? 'known' : this.data.isUnknown(offset, offset + length) ? 'unknown' : 'partly';
    this.push({
      name,
      type,
      offset,
      length,
      value: known ? value : null,
      known: state,
      partial: null,
      inferred: false,
    });
    return known;
  }

  private push(field: AnnotatedField): void {
    if (!this.muted) this.fields.push({ ...field, name: this.prefix + field.name });
  }

  boolean(field: string): boolean {
    const at = this.take(1);
    const value = this.data.bytes[at]!;
    // No bit but the lowest can be set.
    if (this.strict && (value & 0xfe) !== 0) throw END_OF_RECORD;
    this.add(field, 'boolean', at, 1, value !== 0);
    return value !== 0;
  }

  int(field: string, range: Range | null = null): number {
    const at = this.take(4);
    const value = this.data.bytes.readInt32BE(at);
    const known = this.add(field, 'int', at, 4, value);
    if (known && this.strict && range !== null && (value < range[0] || value > range[1])) throw END_OF_RECORD;
    return value;
  }

  longHex(field: string): string {
    const at = this.take(8);
    const { bytes } = this.data;
    const value = hex64(bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4));
    this.add(field, 'id', at, 8, value);
    return value;
  }

  longNumber(field: string): number {
    const at = this.take(8);
    const value = Number(this.data.bytes.readBigInt64BE(at));
    this.add(field, 'long', at, 8, value);
    return value;
  }

  zxid(field: string): number {
    const at = this.take(8);
    const { bytes } = this.data;
    const hi = bytes.readUInt32BE(at);
    const lo = bytes.readUInt32BE(at + 4);
    this.add(field, 'zxid', at, 8, hex64(hi, lo));
    return zxidNumber(hi, lo);
  }

  /** A length or count, -1 for null. */
  private length(field: string, type: 'length' = 'length'): number {
    const at = this.take(4);
    const { assumed } = this;
    if (assumed?.at === at) {
      const known = this.data.isUnknown(at, at + 4) ? 'unknown' : 'partly';
      this.push({
        name: field,
        type,
        offset: at,
        length: 4,
        value: assumed.length,
        known,
        partial: null,
        inferred: true,
      });
      return assumed.length;
    }
    const value = this.data.bytes.readInt32BE(at);
    if (!this.add(field, type, at, 4, value)) {
      this.maskedLengthAt = at;
      throw MASKED;
    }
    if (value < -1) throw END_OF_RECORD;
    return value;
  }

  /** Content of a string or buffer; where its end was not captured, what there is becomes a field before CUT is thrown. */
  private content(field: string, type: 'ustring' | 'buffer', length: number): AnnotatedField {
    const at = this.position;
    if (length > this.bounds.end - at) throw END_OF_RECORD;
    const there = Math.min(length, this.bounds.captured - at);
    const whole = there === length && this.data.isKnown(at, at + length);
    const value = type === 'ustring' && whole ? this.data.bytes.toString('utf8', at, at + length) : null;
    const known = whole ? 'known' : this.data.isUnknown(at, at + there) ? 'unknown' : 'partly';
    const partial = type === 'ustring' && !whole ? this.partialText(at, at + there, length) : null;
    if (this.strict && contradicts(this.prefix + field, value ?? partial ?? null)) throw END_OF_RECORD;
    const added: AnnotatedField = {
      name: field,
      type,
      offset: at,
      length: there,
      value,
      known,
      partial,
      inferred: false,
    };
    if (length > 0) this.push(added);
    this.position = at + there;
    if (there < length) throw CUT;
    return added;
  }

  private partialText(start: number, end: number, length: number): string {
    let text = '';
    for (let i = start; i < end; i++) {
      const byte = this.data.bytes[i]!;
      const shown = this.data.mask[i] === 0xff && byte >= 0x20 && byte < 0x7f;
      if (this.strict && this.data.mask[i] === 0xff && (byte < 0x20 || byte === 0x7f)) text += '\0';
      else text += shown ? String.fromCharCode(byte) : '?';
    }
    return end - start < length ? `${text}…` : text;
  }

  string(field: string): string | null {
    const length = this.length(`${field}.length`);
    if (length === -1) {
      if (this.strict && contradicts(this.prefix + field, null)) throw END_OF_RECORD;
      return null;
    }
    const { value } = this.content(field, 'ustring', length);
    return typeof value === 'string' ? value : '';
  }

  skipBuffer(field: string): number {
    const length = this.length(`${field}.length`);
    if (length > 0) this.content(field, 'buffer', length);
    return length;
  }

  vector<T>(field: string, least: number, read: (reader: JuteReader) => T): T[] {
    const count = this.length(`${field}.count`);
    if (count * least > this.bounds.end - this.position) throw END_OF_RECORD;
    const before = this.prefix;
    const list: T[] = [];
    for (let i = 0; i < count; i++) {
      if (i === MOST_LISTED) this.mute();
      this.prefix = `${before}${field}[${i}].`;
      const element = read(this);
      if (i < MOST_LISTED) list.push(element);
    }
    this.prefix = before;
    if (count > MOST_LISTED) this.unmute(`${field}[${MOST_LISTED}]…[${count - 1}]`);
    return list;
  }

  stringVector(field: string): string[] {
    const count = this.length(`${field}.count`);
    if (count * 4 > this.bounds.end - this.position) throw END_OF_RECORD;
    const list: string[] = [];
    for (let i = 0; i < count; i++) {
      if (i === MOST_LISTED) this.mute();
      const element = this.string(`${field}[${i}]`);
      if (i < MOST_LISTED) list.push(element ?? '');
    }
    if (count > MOST_LISTED) this.unmute(`${field}[${MOST_LISTED}]…[${count - 1}]`);
    return list;
  }

  record<T>(field: string, read: (reader: JuteReader) => T): T {
    const before = this.prefix;
    this.prefix = `${before}${field}.`;
    const value = read(this);
    this.prefix = before;
    return value;
  }

  multiHeader(): number | null {
    const i = this.operation++;
    if (i === MOST_LISTED) this.mute();
    this.prefix = '';
    if (this.position + 9 === this.bounds.end) this.unmute(`ops[${MOST_LISTED}]…[${i - 1}]`);
    this.prefix = `ops[${i}].`;
    const at = this.position;
    const type = this.int('type');
    const done = this.boolean('done');
    this.int('err');
    if (!this.data.isKnown(at + 4, at + 5)) throw MASKED;
    if (done) {
      this.prefix = '';
      return null;
    }
    if (!this.data.isKnown(at, at + 4)) throw MASKED;
    return type;
  }

  private mute(): void {
    this.muted = true;
    this.mutedFrom = this.position;
  }

  private unmute(name: string): void {
    if (!this.muted) return;
    this.muted = false;
    const length = this.position - this.mutedFrom;
    this.push({
      name,
      type: 'elements',
      offset: this.mutedFrom,
      length,
      value: null,
      known: this.data.isKnown(this.mutedFrom, this.position) ? 'known' : 'partly',
      partial: null,
      inferred: false,
    });
  }
}
