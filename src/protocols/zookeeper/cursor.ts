import { StringTable } from './stringTable.js';
import { hex64, zxidNumber, type Stat } from './stat.js';

/** Thrown (as this one object, without a stack) when a record asks for more bytes than there are, or is impossible. */
export const END_OF_RECORD = new Error('record is longer than its message');

/** An ACL entry: perms is a bit set 1 read, 2 write, 4 create, 8 delete, 16 admin. */
export interface Acl {
  readonly perms: number;
  readonly scheme: string;
  readonly id: string;
}

/**
 * Reads jute records: big-endian, one way. Strings, buffers and vectors have a 4-byte length or count in front, -1 for
 * null. Every length is checked against the bytes that remain before it is used; END_OF_RECORD is thrown otherwise.
 */
export class Cursor {
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
    return hex64(hi >>> 0, this.int());
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

  /** vector<ACL>: perms int, id { scheme ustring, id ustring }. */
  aclVector(): Acl[] {
    const list: Acl[] = [];
    for (let left = this.count(12); left > 0; left--) {
      list.push({ perms: this.int(), scheme: this.string() ?? '', id: this.string() ?? '' });
    }
    return list;
  }

  /** Stat: czxid mzxid ctime mtime (long), version cversion aversion (int), ephemeralOwner (long), dataLength numChildren (int), pzxid (long). */
  stat(): Stat {
    const czxid = this.zxid();
    const mzxid = this.zxid();
    const ctime = this.longNumber();
    const mtime = this.longNumber();
    const version = this.int();
    const cversion = this.int();
    const aversion = this.int();
    const ownerHi = this.int();
    const ownerLo = this.int();
    const ephemeralOwner = ownerHi === 0 && ownerLo === 0 ? '0x0' : hex64(ownerHi >>> 0, ownerLo);
    const dataLength = this.int();
    const numChildren = this.int();
    const pzxid = this.zxid();
    return { czxid, mzxid, pzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner, dataLength, numChildren };
  }
}
