import type { JuteField, JuteType } from '../../protocols/zookeeper/format/fields.js';
import { layoutOf, requestLayout, responseLayout, type RecordLayout } from '../../protocols/zookeeper/format/layout.js';
import { leastOf, nestedRecords } from '../../protocols/zookeeper/format/nested.js';
import { typeFacts } from '../../protocols/zookeeper/format/fields.js';
import type { ContentMap } from './secrets.js';
import type { NameMap } from './names.js';

/** Thrown (as this one object) where bytes are not what they would have to be. */
export const NOT_UNDERSTOOD = new Error('not understood');

/** Thrown (as this one object) where the bytes end before the record. */
const OUT_OF_BYTES = new Error('the bytes end early');

/** Where four or more bytes of text would be taken for a number, that number is above it. */
const MOST_INT = 0x1fff_ffff;
const LONGEST = 128 * 1024 * 1024;
const LEAST_INT = -1000;
/** Upper halves of zxids (the epoch) and of times in milliseconds. */
const MOST_EPOCH = 0x1f_ffff;
const MOST_TIME = 0xffff;
const ALL_ONES = 0xffff_ffff;
const ERROR_RESULT = -1;

/** What records are rewritten with. */
export interface Maps {
  readonly names: NameMap;
  readonly contents: ContentMap;
}

/**
 * Copies jute records field by field, as the table of operations describes them: numbers stay where they can be true,
 * names and contents are replaced. It throws NOT_UNDERSTOOD where the bytes are no such record; what it has written until
 * then is to be thrown away with it.
 */
export class JuteRewriter {
  private position = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly out: Buffer,
    private readonly maps: Maps,
    private end = bytes.length,
  ) {}

  get at(): number {
    return this.position;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** Passes over bytes, which stay zeros. */
  skip(length: number): void {
    this.take(length);
  }

  /** Copies numbers whose meaning allows any value. */
  keep(length: number): void {
    const at = this.take(length);
    this.bytes.copy(this.out, at, at, at + length);
  }

  int(least = LEAST_INT, most = MOST_INT): number {
    const at = this.take(4);
    const value = this.bytes.readInt32BE(at);
    if (value < least || value > most) throw NOT_UNDERSTOOD;
    this.bytes.copy(this.out, at, at, at + 4);
    return value;
  }

  boolean(): boolean {
    const at = this.take(1);
    const value = this.bytes[at]!;
    if (value > 1) throw NOT_UNDERSTOOD;
    this.out[at] = value;
    return value === 1;
  }

  /** A 64-bit number whose upper half is at most so much, or -1. */
  long(mostUpper: number): void {
    const at = this.take(8);
    const upper = this.bytes.readUInt32BE(at);
    const negative = upper === ALL_ONES && this.bytes.readInt32BE(at + 4) < 0;
    if (upper > mostUpper && !negative) throw NOT_UNDERSTOOD;
    this.bytes.copy(this.out, at, at, at + 8);
  }

  zxid(): void {
    this.long(MOST_EPOCH);
  }

  /** A string or buffer: length, and as many other bytes. */
  string(map: (bytes: Buffer) => Buffer): void {
    const length = this.int(-1, LONGEST);
    if (length <= 0) return;
    const there = Math.min(length, this.remaining);
    const at = this.take(there);
    map(Buffer.from(this.bytes.subarray(at, at + there))).copy(this.out, at);
    if (there < length) throw OUT_OF_BYTES;
  }

  /** @param least bytes of an element */
  vector(least: number, element: () => void): void {
    const count = this.int(-1, LONGEST / least);
    for (let left = count; left > 0; left--) element();
  }

  record(layout: RecordLayout): void {
    for (const field of layout.fields) if (!field.optional || this.remaining > 0) this.field(field);
  }

  /** A record within, of so many bytes; it has to fill them. */
  within(length: number, write: () => void): void {
    const { end } = this;
    if (length > this.remaining) throw NOT_UNDERSTOOD;
    this.end = this.position + length;
    write();
    if (this.position !== this.end) throw NOT_UNDERSTOOD;
    this.end = end;
  }

  field({ name, type, range }: JuteField): void {
    const { names, contents } = this.maps;
    switch (type) {
      case 'path':
        this.string((bytes) => names.path(bytes));
        return;
      case 'boolean':
        this.boolean();
        return;
      case 'int':
      case 'named':
      case 'flags':
        if (range === null) this.int();
        else this.int(range[0], Math.min(range[1], MOST_INT));
        return;
      case 'buffer':
        this.string((bytes) => (name === 'data' ? contents.data(bytes) : contents.credential(bytes)));
        return;
      case 'ustring':
        this.string((bytes) => this.text(name, bytes));
        return;
      case 'ustrings':
        this.vector(4, () => {
          this.string((bytes) => names.path(bytes));
        });
        return;
      case 'zxid':
      case 'long':
      case 'decimal':
        this.zxid();
        return;
      case 'id':
        this.keep(8);
        return;
      case 'stat':
        this.nested('stat');
        return;
      case 'acl':
      case 'clientInfo':
        this.vector(leastOf(type), () => {
          this.nested(type);
        });
        return;
      case 'requests':
      case 'results':
        this.operations(type);
    }
  }

  private take(length: number): number {
    if (length > this.remaining) throw OUT_OF_BYTES;
    const at = this.position;
    this.position += length;
    return at;
  }

  private text(name: string, bytes: Buffer): Buffer {
    const { contents } = this.maps;
    if (name === 'scheme') return contents.scheme(bytes);
    // Of a reconfiguration: servers that join, or all; ids of those that leave.
    if (name === 'leavingServers') return /^[\d,\s]*$/.test(bytes.toString('latin1')) ? bytes : contents.text(bytes);
    return contents.configuration(bytes);
  }

  private nested(record: keyof typeof nestedRecords): void {
    const { contents } = this.maps;
    for (const { name, type } of nestedRecords[record]) {
      if (name.endsWith('scheme') || name === 'authScheme') this.string((bytes) => contents.scheme(bytes));
      else if (type === 'ustring') this.string((bytes) => contents.user(bytes));
      else if (record === 'stat') this.ofStat(name, type);
      else this.int(0, 31);
    }
  }

  /** A Stat begins in no text: its numbers are small, its times of this century. */
  private ofStat(name: string, type: JuteType): void {
    if (name === 'ephemeralOwner') this.keep(8);
    else if (name === 'ctime' || name === 'mtime') this.long(MOST_TIME);
    else if (typeFacts[type].least === 8) this.zxid();
    else this.int();
  }

  /** Repeated MultiHeader (int type, boolean done, int err) and record, until done. */
  private operations(kind: 'requests' | 'results'): void {
    for (;;) {
      const type = this.int();
      const done = this.boolean();
      this.int();
      if (done) return;
      if (kind === 'results' && type === ERROR_RESULT) {
        this.int();
        continue;
      }
      const layout = kind === 'requests' ? requestLayout(type) : responseLayout(type);
      // A multi within a multi does not exist, nor an operation that nobody knows.
      if (layoutOf(type) === null || layout.fields[0]?.as === 'ops') throw NOT_UNDERSTOOD;
      this.record(layout);
    }
  }
}

/**
 * Rewrites the record that `write` reads in `bytes`; zeros where it is not understood, or does not end where the bytes do.
 * @param partly the bytes end early, as the rest was not captured: what was read until then stays
 */
export function rewriteRecord(
  bytes: Buffer,
  maps: Maps,
  partly: boolean,
  write: (rewriter: JuteRewriter) => void,
): Buffer {
  const out = Buffer.alloc(bytes.length);
  const rewriter = new JuteRewriter(bytes, out, maps);
  try {
    write(rewriter);
    return rewriter.remaining === 0 || partly ? out : Buffer.alloc(bytes.length);
  } catch (error) {
    if (error === OUT_OF_BYTES && partly) return out;
    if (error !== NOT_UNDERSTOOD && error !== OUT_OF_BYTES) throw error;
    return Buffer.alloc(bytes.length);
  }
}
