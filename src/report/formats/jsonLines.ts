import { printableJson } from '../text/escape.js';
import type { RecordLines } from './format.js';

/** Bytes of lines that go out together. */
const PIECE = 64 * 1024;
/** What one value may take at once before there must be room for it: a number, `null`, a piece of punctuation. */
const SMALL = 64;
/**
 * Names of fields that are known as bytes.
 * @bound names
 */
const MOST_NAMES = 4096;
const [QUOTE, COMMA, BACKSLASH, NEWLINE] = [0x22, 0x2c, 0x5c, 0x0a];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const [ZERO, POINT] = [0x30, 0x2e];
/** Below it String uses an exponent. */
const LEAST_DECIMAL = 1e-6;
/** Below these, millionths and billionths lie farther apart than doubles do (2^-22 and 2^-31). */
const MOST_MICRO = 2 ** 31;
const MOST_NANO = 2 ** 22;

/**
 * Writes records as lines of JSON, straight into bytes: the same that `printableJson(JSON.stringify(record))` gives, for
 * records of plain objects, lists, texts, numbers, booleans and null. Lists that are frozen are written once and copied from
 * then on: they come again and again (the children of a znode).
 */
export class JsonLines implements RecordLines {
  private bytes = Buffer.allocUnsafeSlow(PIECE + SMALL);
  private at = 0;
  private readonly names = new Map<string, Buffer>();
  private readonly frozen = new WeakMap<readonly unknown[], Buffer>();

  /** @param send takes what is written, in large pieces that do not change any more */
  constructor(private readonly send: (bytes: Buffer) => void) {}

  /** One record, and the end of its line. */
  record(record: unknown): void {
    this.value(record);
    this.bytes[this.at++] = NEWLINE;
    if (this.at >= PIECE) this.flush();
    else this.room(0);
  }

  /** Sends what was not sent yet. */
  flush(): void {
    if (this.at === 0) return;
    const written = this.bytes.subarray(0, this.at);
    this.bytes = Buffer.allocUnsafeSlow(PIECE + SMALL);
    this.at = 0;
    this.send(written);
  }

  /** Makes room for so many bytes and something small behind them. */
  private room(wanted: number): void {
    const least = this.at + wanted + SMALL;
    if (least <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(least, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  private value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.text(value);
        break;
      case 'number':
        this.number(value);
        break;
      case 'boolean':
        this.ascii(value ? 'true' : 'false');
        break;
      case 'object':
        if (value === null) this.ascii('null');
        else if (Array.isArray(value)) this.list(value);
        else this.object(value as Readonly<Record<string, unknown>>);
        break;
      default:
        this.ascii('null');
    }
  }

  private object(fields: Readonly<Record<string, unknown>>): void {
    this.room(0);
    this.bytes[this.at++] = OPEN_OBJECT;
    let first = true;
    for (const name in fields) {
      const value = fields[name];
      if (value === undefined) continue;
      if (!first) this.bytes[this.at++] = COMMA;
      first = false;
      this.name(name);
      this.value(value);
    }
    this.room(0);
    this.bytes[this.at++] = CLOSE_OBJECT;
  }

  private name(name: string): void {
    let piece = this.names.get(name);
    if (piece === undefined) {
      piece = Buffer.from(`${printableJson(JSON.stringify(name))}:`);
      if (this.names.size < MOST_NAMES) this.names.set(name, piece);
    }
    const { length } = piece;
    this.room(length);
    const { bytes, at } = this;
    for (let i = 0; i < length; i++) bytes[at + i] = piece[i]!;
    this.at = at + length;
  }

  private list(values: readonly unknown[]): void {
    const known = this.frozen.get(values);
    if (known !== undefined) {
      this.room(known.length);
      this.at += known.copy(this.bytes, this.at);
      return;
    }
    this.room(0);
    const start = this.at;
    this.bytes[this.at++] = OPEN_LIST;
    for (let i = 0; i < values.length; i++) {
      if (i > 0) this.bytes[this.at++] = COMMA;
      this.value(values[i]);
    }
    this.room(0);
    this.bytes[this.at++] = CLOSE_LIST;
    if (Object.isFrozen(values)) this.frozen.set(values, Buffer.from(this.bytes.subarray(start, this.at)));
  }

  /** Nearly all text is ASCII that needs no escape. */
  private text(text: string): void {
    const { length } = text;
    this.room(length + 2);
    const { bytes } = this;
    const start = this.at;
    let at = start;
    bytes[at++] = QUOTE;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
        this.escaped(text);
        return;
      }
      bytes[at++] = code;
    }
    bytes[at++] = QUOTE;
    this.at = at;
  }

  private escaped(text: string): void {
    const json = printableJson(JSON.stringify(text));
    this.room(3 * json.length);
    this.at += this.bytes.write(json, this.at);
  }

  private number(value: number): void {
    this.room(0);
    if (value >= 0 && value <= 0x7fffffff && (value | 0) === value) this.digits(value | 0);
    else if (value < LEAST_DECIMAL || !(this.decimal(value, 6, MOST_MICRO) || this.decimal(value, 9, MOST_NANO)))
      this.ascii(Number.isFinite(value) ? String(value) : 'null');
  }

  /**
   * A number that is the nearest to one of so many decimals: then those are what JSON has, as no other such decimal, and
   * so no shorter one, is nearest to it while they lie farther apart than doubles do.
   * @param below where that ends
   */
  private decimal(value: number, decimals: number, below: number): boolean {
    const scale = decimals === 6 ? 1e6 : 1e9;
    const scaled = Math.round(value * scale);
    if (value >= below || scaled / scale !== value) return false;
    const whole = Math.floor(scaled / scale);
    this.digits(whole);
    let fraction = scaled - whole * scale;
    let length = decimals;
    while (fraction % 10 === 0) {
      fraction /= 10;
      length--;
    }
    const { bytes } = this;
    bytes[this.at++] = POINT;
    const end = this.at + length;
    for (let at = end - 1; at >= this.at; at--) {
      const tenth = (fraction / 10) | 0;
      bytes[at] = ZERO + fraction - tenth * 10;
      fraction = tenth;
    }
    this.at = end;
    return true;
  }

  private digits(value: number): void {
    const { bytes } = this;
    let length = 1;
    for (let limit = 10; length < 10 && value >= limit; limit *= 10) length++;
    const end = this.at + length;
    let rest = value;
    for (let at = end - 1; at >= this.at; at--) {
      const tenth = (rest / 10) | 0;
      bytes[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.at = end;
  }

  /** A short text of ASCII as it is. */
  private ascii(text: string): void {
    const { length } = text;
    this.room(length);
    const { bytes, at } = this;
    for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
    this.at = at + length;
  }
}
