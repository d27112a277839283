/**
 * Bytes that many keep together, as estimated: what strangers choose the length and the number of has no other bound. What
 * does not fit is not kept, and counted.
 */
export class Room {
  used = 0;
  /** How often there was none. */
  refused = 0;

  constructor(readonly limit: number) {}

  /** @returns whether there was room for so many more bytes, which are taken then */
  take(bytes: number): boolean {
    if (this.used + bytes > this.limit) {
      this.refused++;
      return false;
    }
    this.used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.used -= bytes;
  }
}

/** A sum of bytes that many add to. */
export interface Held {
  bytes: number;
}

/** Up to this length a name is mostly kept elsewhere as well. */
const SHARED = 128;

/**
 * What keeping a name takes, in a container of its own: of most names others keep the characters as well.
 * @returns bytes
 */
export function nameBytes(name: string): number {
  const { length } = name;
  return 16 + (length <= SHARED ? length >>> 1 : length - SHARED / 2);
}

/** The same of several. */
export function namesBytes(names: Iterable<string>): number {
  let bytes = 0;
  for (const name of names) bytes += nameBytes(name);
  return bytes;
}

/** V8 copies what is shorter when it takes a part of a string; of what is longer it keeps a view of the whole. */
const COPIED = 13;

/**
 * A part of a string that does not keep the rest of it in memory.
 * @param whole what it is a part of
 */
export function partOf(whole: string, part: string): string {
  if (part.length < COPIED || whole.length - part.length <= SHARED) return part;
  return ` ${part}`.slice(1);
}
