import { shuffled } from './alphabet.js';
import type { AnonymizingKey } from './key.js';

/**
 * Names that are remembered, with what they became.
 * @bound bytes
 */
const MOST_BYTES = 8 * 1024 * 1024;
/** What one takes beside its characters. */
const NAME_BYTES = 200;
const SLASH = 0x2f;

/** Names of ZooKeeper's own and of nobody else's znodes. */
export const KEPT_NAMES: readonly string[] = ['zookeeper', 'config', 'quota', 'zookeeper_limits', 'zookeeper_stats'];
/**
 * What recipes (Curator's, kazoo's, Go's) put before and behind the names that they make: it says what a znode is for, and
 * nothing of whose it is.
 */
export const KEPT_PREFIX = /^_c_/;
export const KEPT_SUFFIX = /(?:__(?:lock|rlock|READ|WRIT)__|(?:^|-)(?:latch|lock|lease|read|write)-)$/;
/** What is made anew each time: UUIDs, session ids and other long hexadecimal numbers, start times (see likePath). */
const IDENTITY = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{15,}|\d{13,}/gi;
/** The server appends ten digits to the name of a sequential znode. */
const SEQUENCE = /\d{10}$/;

const NUMBER = /[0-9]+/g;
/** Stands for a number among words, and for words between numbers. */
const BETWEEN = '#';

/** What is said of names at the end. */
export class NameCounts {
  replaced = 0;
  kept = 0;
}

/**
 * Names of znodes: each becomes one of the same length that looks like it (letters for letters, digits for digits), the
 * same wherever it stands. Sequence numbers, UUID shapes, and what recipes call their znodes, can still be told.
 */
export class NameMap {
  readonly counts = new NameCounts();
  private readonly known = new Map<string, Buffer>();
  private bytes = 0;

  constructor(private readonly key: AnonymizingKey) {}

  /** A path, or a name without slashes. */
  path(text: Buffer): Buffer {
    const out = Buffer.from(text);
    let start = 0;
    for (let at = 0; at <= text.length; at++) {
      if (at < text.length && text[at] !== SLASH) continue;
      if (at > start) this.name(text.subarray(start, at)).copy(out, start);
      start = at + 1;
    }
    return out;
  }

  /** One name between slashes. */
  private name(text: Buffer): Buffer {
    const word = text.toString('latin1');
    const known = this.known.get(word);
    if (known !== undefined) {
      this.counts.replaced++;
      return known;
    }
    if (KEPT_NAMES.includes(word)) {
      this.counts.kept++;
      return text;
    }
    this.counts.replaced++;
    const sequence = SEQUENCE.exec(word)?.[0] ?? '';
    const mapped = Buffer.concat([this.stem(word.slice(0, word.length - sequence.length)), latin(sequence)]);
    this.bytes += NAME_BYTES + 2 * word.length;
    if (this.bytes > MOST_BYTES) {
      this.known.clear();
      this.bytes = NAME_BYTES + 2 * word.length;
    }
    this.known.set(word, mapped);
    return mapped;
  }

  /** A name without its sequence number. */
  private stem(word: string): Buffer {
    const prefix = KEPT_PREFIX.exec(word)?.[0] ?? '';
    const suffix = KEPT_SUFFIX.exec(word.slice(prefix.length))?.[0] ?? '';
    const pieces = [latin(prefix)];
    const own = word.slice(prefix.length, word.length - suffix.length);
    let at = 0;
    for (const match of own.matchAll(IDENTITY)) {
      const [text] = match;
      pieces.push(this.numbered(own.slice(at, match.index)));
      pieces.push(shuffled(this.key, latin(text), !/^\d+$/.test(text)));
      at = match.index + text.length;
    }
    pieces.push(this.numbered(own.slice(at)), latin(suffix));
    return Buffer.concat(pieces);
  }

  /**
   * Names that differ only in numbers (`worker-7`, `worker-12`) do so afterwards: rules know by that what is alike. So
   * numbers are replaced apart, by what follows from what stands around them.
   */
  private numbered(text: string): Buffer {
    const numbers = text.match(NUMBER) ?? [];
    if (numbers.length === 0) return shuffled(this.key, latin(text));
    const around = latin(text.replace(NUMBER, BETWEEN));
    const words = shuffled(this.key, around);
    const digits = shuffled(this.key, latin(numbers.join(BETWEEN)), false, around);
    const out = latin(text);
    let [word, digit] = [0, 0];
    let inNumber = false;
    for (let at = 0; at < out.length; at++) {
      const number = out[at]! >= 0x30 && out[at]! <= 0x39;
      // One place in the words stands for a number, one in the digits for what is between two.
      if (number && !inNumber) word++;
      if (!number && inNumber) digit++;
      inNumber = number;
      out[at] = number ? digits[digit++]! : words[word++]!;
    }
    return out;
  }
}

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
