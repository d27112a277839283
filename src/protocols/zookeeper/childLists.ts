import type { Cursor } from './cursor.js';

interface Known {
  readonly bytes: Buffer;
  readonly names: readonly string[];
}

const SHORT = 64;

/**
 * Child lists by path: a list that comes again with the same bytes gives the same array, without being decoded. Bounded
 * in entries and bytes; the oldest is forgotten.
 */
export class ChildLists {
  private readonly byPath = new Map<string, Known>();
  private size = 0;

  constructor(
    private readonly maxEntries = 4096,
    private readonly maxBytes = 32 * 1024 * 1024,
  ) {}

  /** The names of the vector<ustring> at the cursor, which moves behind it only if it had to be decoded. */
  read(path: string, bytes: Buffer, start: number, end: number, cursor: Cursor): readonly string[] {
    const length = end - start;
    if (length < SHORT) return cursor.stringVector();
    const known = this.byPath.get(path);
    if (known?.bytes.length === length && bytes.compare(known.bytes, 0, length, start, end) === 0) return known.names;
    const names = cursor.stringVector();
    if (known !== undefined) {
      this.byPath.delete(path);
      this.size -= known.bytes.length;
    }
    if (length <= this.maxBytes / 4) {
      this.byPath.set(path, { bytes: Buffer.from(bytes.subarray(start, end)), names });
      this.size += length;
      if (this.size > this.maxBytes || this.byPath.size > this.maxEntries) this.forgetOldest();
    }
    return names;
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
