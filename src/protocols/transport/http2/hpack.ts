import { STATIC_TABLE, type HeaderField } from './hpackStaticTable.js';
import { decodeHuffman } from './huffman.js';

export type { HeaderField };

/** Fields of one header block, as far as the dynamic table that they refer to is known. */
export interface HeaderBlock {
  readonly fields: readonly HeaderField[];
  /** False where a field referred to an entry that came before the capture, or where the list was longer than is kept. */
  readonly complete: boolean;
}

/** Dynamic table that a peer may use before it says otherwise, and the most that is kept of a larger one. */
const DEFAULT_TABLE_SIZE = 4096;
/**
 * Of a dynamic table of HPACK.
 * @bound bytes
 */
export const MAX_TABLE_SIZE = 65536;
/**
 * Names and values of one block together, beyond which fields are read and not kept.
 * @bound bytes
 */
export const MAX_HEADER_LIST = 65536;
const ENTRY_OVERHEAD = 32;
const MAX_INTEGER = 0x7fffffff;

/**
 * Decodes the header blocks of one direction of an HTTP/2 connection (RFC 7541). The table depends on every block since
 * the connection began. Where the beginning or a part was not captured, entries that came since are still known by
 * their index, since the newest come first; older ones are unknown fields, and the block says that it is not complete.
 */
export class HpackDecoder {
  /** Dynamic table, oldest first from `first` on. */
  private entries: HeaderField[] = [];
  private first = 0;
  private size = 0;
  private maxSize = DEFAULT_TABLE_SIZE;
  /** Entries older than those in `entries` may exist. */
  private olderUnknown: boolean;
  private at = 0;

  /** `fromStart` is true where the first block that is given will be the connection's first. */
  constructor(fromStart: boolean) {
    this.olderUnknown = !fromStart;
  }

  /** Blocks were lost: the indices of all entries have moved by an unknown number. */
  /** Bytes of the entries that are kept. */
  get held(): number {
    return this.size;
  }

  forget(): void {
    this.entries = [];
    this.first = 0;
    this.size = 0;
    this.olderUnknown = true;
  }

  /** Decodes a whole block; null where it is malformed, whereupon the table is no longer known. */
  decode(bytes: Buffer, start: number, end: number): HeaderBlock | null {
    const fields: HeaderField[] = [];
    let complete = true;
    let listSize = 0;
    this.at = start;
    while (this.at < end) {
      const byte = bytes[this.at]!;
      if ((byte & 0xe0) === 0x20) {
        const size = this.integer(bytes, end, 5);
        if (size === null) return this.malformed();
        this.resize(size);
        continue;
      }
      const field = (byte & 0x80) !== 0 ? this.indexed(bytes, end) : this.literal(bytes, end);
      if (field === 'malformed') return this.malformed();
      if (field === null) {
        complete = false;
        continue;
      }
      listSize += field.name.length + field.value.length + ENTRY_OVERHEAD;
      if (listSize <= MAX_HEADER_LIST) fields.push(field);
      else complete = false;
    }
    return { fields, complete };
  }

  private malformed(): null {
    this.forget();
    return null;
  }

  private indexed(bytes: Buffer, end: number): HeaderField | null | 'malformed' {
    const index = this.integer(bytes, end, 7);
    return index === null ? 'malformed' : this.lookUp(index);
  }

  private literal(bytes: Buffer, end: number): HeaderField | null | 'malformed' {
    const indexing = (bytes[this.at]! & 0x40) !== 0;
    const nameIndex = this.integer(bytes, end, indexing ? 6 : 4);
    if (nameIndex === null) return 'malformed';
    let name: string | null;
    if (nameIndex === 0) {
      name = this.string(bytes, end);
      if (name === null) return 'malformed';
    } else {
      const entry = this.lookUp(nameIndex);
      if (entry === 'malformed') return 'malformed';
      name = entry?.name ?? null;
    }
    const value = this.string(bytes, end);
    if (value === null) return 'malformed';
    if (name === null) {
      // Its size, and so what it pushed out of the table, is unknown too; its place is not.
      if (indexing) this.insertUnknown(value);
      return null;
    }
    const field = { name, value };
    if (indexing) this.insert(field);
    return field;
  }

  /** Null for an entry that exists but is not known. */
  private lookUp(index: number): HeaderField | null | 'malformed' {
    if (index === 0) return 'malformed';
    const fixed = STATIC_TABLE[index - 1];
    if (fixed !== undefined) return fixed;
    const place = this.entries.length - (index - STATIC_TABLE.length);
    const entry = place >= this.first ? this.entries[place] : undefined;
    if (entry === undefined) return this.olderUnknown ? null : 'malformed';
    return entry.name === '' ? null : entry;
  }

  private insert(field: HeaderField): void {
    this.entries.push(field);
    this.size += field.name.length + field.value.length + ENTRY_OVERHEAD;
    this.evict();
  }

  private insertUnknown(value: string): void {
    this.entries.push({ name: '', value });
    this.size += value.length + ENTRY_OVERHEAD;
    this.evict();
  }

  private resize(size: number): void {
    if (size > MAX_TABLE_SIZE) this.olderUnknown = true;
    if (size === 0) this.olderUnknown = false;
    this.maxSize = Math.min(size, MAX_TABLE_SIZE);
    this.evict();
  }

  private evict(): void {
    while (this.size > this.maxSize) {
      const oldest = this.entries[this.first++]!;
      this.size -= oldest.name.length + oldest.value.length + ENTRY_OVERHEAD;
    }
    if (this.first > 64 && this.first * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.first);
      this.first = 0;
    }
  }

  /** Integer with a prefix of `bits` bits (RFC 7541, 5.1); null where it is cut or larger than 31 bits. */
  private integer(bytes: Buffer, end: number, bits: number): number | null {
    const mask = 2 ** bits - 1;
    let value = bytes[this.at++]! & mask;
    if (value < mask) return value;
    for (let factor = 1; this.at < end; factor *= 128) {
      const byte = bytes[this.at++]!;
      value += (byte & 0x7f) * factor;
      if (value > MAX_INTEGER || factor > MAX_INTEGER) return null;
      if ((byte & 0x80) === 0) return value;
    }
    return null;
  }

  private string(bytes: Buffer, end: number): string | null {
    if (this.at >= end) return null;
    const huffman = (bytes[this.at]! & 0x80) !== 0;
    const length = this.integer(bytes, end, 7);
    if (length === null || length > end - this.at) return null;
    const start = this.at;
    this.at += length;
    return huffman
      ? decodeHuffman(bytes, start, this.at, MAX_HEADER_LIST)
      : bytes.toString('latin1', start, Math.min(this.at, start + MAX_HEADER_LIST));
  }
}
