import { StringTable } from '../stringTable.js';
import { hex64, readStat, zxidNumber, type Stat, type StatFields } from './stat.js';

/** Thrown (as this one object, without a stack) when a record asks for more bytes than there are, or is impossible. */
export const END_OF_RECORD = new Error('record is longer than its message');

/** Smallest and largest value. */
export type Range = readonly [least: number, most: number];

/** All permissions of an ACL entry. */
const PERMS: Range = [0, 31];

/** An ACL entry: perms is a bit set 1 read, 2 write, 4 create, 8 delete, 16 admin. */
export interface Acl {
  readonly perms: number;
  readonly scheme: string;
  readonly id: string;
}

/** ACL: int perms, Id id { ustring scheme, ustring id } */
export function readAcl(reader: JuteReader): Acl {
  const perms = reader.int('perms', PERMS);
  const scheme = reader.string('id.scheme') ?? '';
  return { perms, scheme, id: reader.string('id.id') ?? '' };
}

/**
 * What a record's reader needs: one method for each type of jute, each with the field's name in ZooKeeper's records. The
 * decoder's Cursor has no use for names; the annotator of pasted dumps reads the same records and keeps them.
 */
export interface JuteReader {
  /** Where the next field begins, and how many bytes are left in the record. */
  readonly position: number;
  readonly remaining: number;
  boolean(field: string): boolean;
  /** @param range what clients and servers send */
  int(field: string, range?: Range | null): number;
  /** A 64-bit number as `0x…`. */
  longHex(field: string): string;
  /** A signed 64-bit number as a double: exact within ±2^53 (times in milliseconds, TTLs). */
  longNumber(field: string): number;
  zxid(field: string): number;
  /** ustring; null for length -1. */
  string(field: string): string | null;
  /** Length of a buffer that is passed over, -1 for null. */
  skipBuffer(field: string): number;
  /** Elements of at least `least` bytes each; a null vector is empty. */
  vector<T>(field: string, least: number, read: (reader: JuteReader) => T): T[];
  stringVector(field: string): string[];
  /** A record within the record. */
  record<T>(field: string, read: (reader: JuteReader) => T): T;
  /** MultiHeader: int type, boolean done, int err. The type, null after the last operation. */
  multiHeader(): number | null;
}

/**
 * Reads jute records: big-endian, one way. Strings, buffers and vectors have a 4-byte length or count in front, -1 for
 * null. Every length is checked against the bytes that remain before it is used; END_OF_RECORD is thrown otherwise.
 */
export class Cursor implements JuteReader {
  private bytes: Buffer = Buffer.alloc(0);
  position = 0;
  end = 0;

  constructor(private readonly strings: StringTable) {}

  reset(bytes: Buffer, start: number, end: number): this {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    return this;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  private take(length: number): number {
    const at = this.position;
    if (length < 0 || length > this.end - at) throw END_OF_RECORD;
    this.position = at + length;
    return at;
  }

  boolean(): boolean {
    return this.bytes[this.take(1)] !== 0;
  }

  int(): number {
    const at = this.take(4);
    const bytes = this.bytes;
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }

  /** A 64-bit number as `0x…`. */
  longHex(): string {
    const hi = this.int();
    const lo = this.int();
    return hi === 0 && lo === 0 ? '0x0' : hex64(hi >>> 0, lo);
  }

  /** A signed 64-bit number as a double: exact within ±2^53 (times in milliseconds, TTLs). */
  longNumber(): number {
    const hi = this.int();
    return hi * 4294967296 + (this.int() >>> 0);
  }

  zxid(): number {
    const hi = this.int();
    return zxidNumber(hi, this.int());
  }

  /** UTF-8; null for length -1. Short strings that came before are given back as the same string. */
  string(): string | null {
    const length = this.int();
    if (length === -1) return null;
    const at = this.take(length);
    return this.strings.get(this.bytes, at, at + length);
  }

  /** Length of a buffer that is passed over, -1 for null. */
  skipBuffer(): number {
    const length = this.int();
    if (length === -1) return -1;
    this.take(length);
    return length;
  }

  /** Count of a vector whose elements take at least `least` bytes each; 0 for null. */
  count(least: number): number {
    const count = this.int();
    if (count === -1) return 0;
    if (count < 0 || count * least > this.remaining) throw END_OF_RECORD;
    return count;
  }

  stringVector(): string[] {
    const list = new Array<string>(this.count(4));
    for (let i = 0; i < list.length; i++) list[i] = this.string() ?? '';
    return list;
  }

  vector<T>(_field: string, least: number, read: (reader: JuteReader) => T): T[] {
    const list: T[] = [];
    for (let left = this.count(least); left > 0; left--) list.push(read(this));
    return list;
  }

  aclVector(): Acl[] {
    return this.vector('acl', 12, readAcl);
  }

  /** @param stat what is read is written into it */
  stat(stat?: StatFields): Stat {
    return readStat(this, stat);
  }

  record<T>(_field: string, read: (reader: JuteReader) => T): T {
    return read(this);
  }

  multiHeader(): number | null {
    const type = this.int();
    const done = this.boolean();
    this.int();
    return done ? null : type;
  }
}
