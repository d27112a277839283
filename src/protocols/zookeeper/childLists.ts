import { Cursor, END_OF_RECORD } from './format/cursor.js';
import type { StringTable } from './stringTable.js';

/** Lists up to this many bytes are kept as they came, and decoded when somebody asks for the names. */
const KEPT_ENCODED = 16 * 1024;
const SHORT = 64;

/**
 * The names of an answered list of children. Most lists are only compared with the one before: the names are decoded
 * when first asked for.
 */
export class ChildNames {
  private length: number | null = null;

  private constructor(
    /** How many names there are. */
    readonly size: number,
    private readonly encoded: Buffer | null,
    private readonly strings: StringTable | null,
    private decoded: readonly string[] | null,
  ) {}

  static of(names: readonly string[]): ChildNames {
    return new ChildNames(names.length, null, null, names);
  }

  /** @param encoded a vector<ustring> that was checked, in a buffer of its own */
  static encoded(size: number, encoded: Buffer, strings: StringTable): ChildNames {
    return new ChildNames(size, encoded, strings, null);
  }

  /** Bytes that they take, or so, decoded or not. */
  get bytes(): number {
    return (
      (this.length ??= this.encoded?.length ?? this.names.reduce((sum, name) => sum + name.length, 0)) + this.size * 16
    );
  }

  get names(): readonly string[] {
    return (this.decoded ??= decode(this.encoded, this.strings));
  }

  /** Same names in the same order: servers list a znode's children in no order, but in the same one while nothing changes. */
  equals(other: ChildNames): boolean {
    if (this === other) return true;
    if (this.size !== other.size) return false;
    if (this.encoded !== null && other.encoded !== null) return this.encoded.equals(other.encoded);
    return this.names.every((name, i) => name === other.names[i]);
  }
}

function decode(encoded: Buffer | null, strings: StringTable | null): readonly string[] {
  if (encoded === null || strings === null) return [];
  return new Cursor(strings).reset(encoded, 0, encoded.length).stringVector();
}

interface Known {
  readonly bytes: Buffer;
  readonly list: ChildNames;
}

/**
 * Encoded lists of children that are kept, to know an equal one again.
 * @bound lists
 */
const MAX_LISTS = 4096;
/**
 * Of them together.
 * @bound bytes
 */
const MAX_LIST_BYTES = 32 * 1024 * 1024;

/**
 * Child lists by path: a list that comes again with the same bytes gives the same object. Bounded in entries and bytes;
 * the oldest is forgotten.
 */
export class ChildLists {
  private readonly byPath = new Map<string, Known>();
  private readonly cursor: Cursor;
  private size = 0;

  constructor(
    private readonly strings: StringTable,
    private readonly maxEntries = MAX_LISTS,
    private readonly maxBytes = MAX_LIST_BYTES,
  ) {
    this.cursor = new Cursor(strings);
  }

  /** The vector<ustring> from `start` to before `end`; null if it is longer than that. */
  read(path: string, bytes: Buffer, start: number, end: number): ChildNames | null {
    const length = end - start;
    if (length < SHORT) return this.decoded(bytes, start, end);
    const known = this.byPath.get(path);
    if (known?.bytes.length === length && bytes.compare(known.bytes, 0, length, start, end) === 0) return known.list;
    const size = namesIn(bytes, start, end);
    if (size < 0) return null;
    const lazy = length <= KEPT_ENCODED;
    const copy = length <= this.maxBytes / 4 ? Buffer.from(bytes.subarray(start, end)) : null;
    const list = lazy && copy !== null ? ChildNames.encoded(size, copy, this.strings) : this.decoded(bytes, start, end);
    if (list === null) return null;
    if (known !== undefined) {
      this.byPath.delete(path);
      this.size -= known.bytes.length;
    }
    if (copy !== null) this.keep(path, { bytes: copy, list });
    return list;
  }

  private keep(path: string, known: Known): void {
    this.byPath.set(path, known);
    this.size += known.bytes.length;
    if (this.size > this.maxBytes || this.byPath.size > this.maxEntries) this.forgetOldest();
  }

  private decoded(bytes: Buffer, start: number, end: number): ChildNames | null {
    try {
      return ChildNames.of(this.cursor.reset(bytes, start, end).stringVector());
    } catch (error) {
      if (error !== END_OF_RECORD) throw error;
      return null;
    }
  }

  /** An eighth at a time: looking for the oldest anew passes over the places of all that went before. */
  private forgetOldest(): void {
    const bytes = this.maxBytes - this.maxBytes / 8;
    const entries = this.maxEntries - (this.maxEntries >>> 3);
    for (const [oldest, entry] of this.byPath) {
      if (this.size <= bytes && this.byPath.size <= entries) break;
      this.byPath.delete(oldest);
      this.size -= entry.bytes.length;
    }
  }
}

/** Number of strings of a vector<ustring>; -1 if it does not end by `end`. */
function namesIn(bytes: Buffer, start: number, end: number): number {
  const count = bytes.readInt32BE(start);
  if (count === -1) return 0;
  if (count < 0 || count * 4 > end - start - 4) return -1;
  let at = start + 4;
  for (let left = count; left > 0; left--) {
    if (end - at < 4) return -1;
    const length = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    if (length < -1) return -1;
    at += 4 + Math.max(length, 0);
    if (at > end) return -1;
  }
  return count;
}
