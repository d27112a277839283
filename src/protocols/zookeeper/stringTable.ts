import { createHash } from 'node:crypto';

const LONGEST = 256;
/**
 * Bytes of the longest name that stands as it is. Longer ones no application has; of 16,384 characters and more V8 knows
 * only the length when it looks for them in a Map, and a thousand of them take seconds.
 * @bound bytes
 */
export const LONGEST_NAME = 16_000;
const BEGINNING = 1024;
const FIRST_BITS = 10;

/**
 * Turns bytes into strings and gives back the same string for the same bytes: paths and child names repeat thousands of
 * times in a capture. Bounded: a table in which a newcomer takes the place of an older one, and which grows, up to a fixed
 * size, while there are many newcomers: most captures are small, and a large table costs more than reading them.
 */
export class StringTable {
  private strings: (string | undefined)[] = [];
  private hashes = new Int32Array(0);
  private mask = 0;
  private newcomers = 0;

  /** @param bits the table has 2^bits places at most */
  constructor(private readonly bits = 16) {
    this.resize(Math.min(bits, FIRST_BITS));
  }

  /** UTF-8 string of `bytes` from `start` to before `end`. */
  get(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length === 0) return '';
    if (length > LONGEST_NAME) return shortened(bytes, start, end);
    if (length > LONGEST) return bytes.toString('utf8', start, end);
    let hash = length;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    hash ^= hash >>> 15;
    const place = hash & this.mask;
    const known = this.strings[place];
    if (known !== undefined && this.hashes[place] === hash && known.length === length) {
      let i = 0;
      while (i < length && known.charCodeAt(i) === bytes[start + i]!) i++;
      if (i === length) return known;
    }
    const string = bytes.toString('utf8', start, end);
    // As long as its bytes only if all of it is ASCII (or U+FFFD, which equals no byte): the comparison above holds.
    if (string.length === length) {
      this.strings[place] = string;
      this.hashes[place] = hash;
      if (++this.newcomers > this.mask && this.mask < (1 << this.bits) - 1) this.grow();
    }
    return string;
  }

  private resize(bits: number): void {
    this.strings = new Array<string | undefined>(1 << bits).fill(undefined);
    this.hashes = new Int32Array(1 << bits);
    this.mask = (1 << bits) - 1;
    this.newcomers = 0;
  }

  /** Places become four times as many. */
  private grow(): void {
    const { strings, hashes } = this;
    this.resize(Math.min(this.bits, Math.log2(strings.length) + 2));
    for (const [i, string] of strings.entries()) {
      if (string === undefined) continue;
      const hash = hashes[i]!;
      this.strings[hash & this.mask] = string;
      this.hashes[hash & this.mask] = hash;
    }
  }
}

/**
 * What stands for a very long name: how it begins, its length and its hash, so that two are equal only if they are. As a
 * path it has a parent that is no znode: the true one cannot be told from it.
 */
function shortened(bytes: Buffer, start: number, end: number): string {
  const beginning = bytes.toString('utf8', start, start + BEGINNING).replace(/\uFFFD$/, '');
  const hash = createHash('sha256').update(bytes.subarray(start, end)).digest('hex');
  const separator = beginning.startsWith('/') ? '…/' : '…';
  return `${beginning}${separator}[${end - start} bytes, sha256 ${hash}]`;
}
