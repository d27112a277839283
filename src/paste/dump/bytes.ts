/**
 * Bytes of which some are unknown because they were masked before the dump was published. Unknown bits are 0 in `bytes`
 * and 0 in `mask`; a mask may cover half a byte (`x5`).
 */
export class MaskedBytes {
  constructor(
    readonly bytes: Buffer,
    readonly mask: Buffer,
  ) {}

  static known(bytes: Buffer): MaskedBytes {
    return new MaskedBytes(bytes, Buffer.alloc(bytes.length, 0xff));
  }

  static concat(parts: readonly MaskedBytes[]): MaskedBytes {
    if (parts.length === 1) return parts[0]!;
    return new MaskedBytes(
      Buffer.concat(parts.map((part) => part.bytes)),
      Buffer.concat(parts.map((part) => part.mask)),
    );
  }

  get length(): number {
    return this.bytes.length;
  }

  /** Whether every bit from `start` to before `end` is known; false where the bytes end before. */
  isKnown(start: number, end: number): boolean {
    if (end > this.length) return false;
    for (let i = start; i < end; i++) if (this.mask[i] !== 0xff) return false;
    return true;
  }

  /** Whether no bit from `start` to before `end` is known. */
  isUnknown(start: number, end: number): boolean {
    for (let i = start; i < Math.min(end, this.length); i++) if (this.mask[i] !== 0) return false;
    return true;
  }

  /** How many of all bytes are not wholly known. */
  get maskedCount(): number {
    let count = 0;
    for (const bits of this.mask) if (bits !== 0xff) count++;
    return count;
  }

  slice(start: number, end: number): MaskedBytes {
    return new MaskedBytes(this.bytes.subarray(start, end), this.mask.subarray(start, end));
  }

  /** Hexadecimal digits from `start` to before `end`, `x` for what is unknown. */
  hex(start: number, end: number): string {
    let text = '';
    for (let i = start; i < Math.min(end, this.length); i++) {
      const byte = this.bytes[i]!;
      const known = this.mask[i]!;
      text += (known & 0xf0) === 0xf0 ? (byte >> 4).toString(16) : 'x';
      text += (known & 0x0f) === 0x0f ? (byte & 15).toString(16) : 'x';
    }
    return text;
  }

  /** A copy in which every unknown bit is taken from `filler`. */
  filled(filler: number): Buffer {
    const copy = Buffer.from(this.bytes);
    for (let i = 0; i < copy.length; i++) copy[i] = copy[i]! | (filler & ~this.mask[i]!);
    return copy;
  }
}

/** Collects bytes, known or masked, two hexadecimal digits or one byte at a time. */
export class MaskedBytesBuilder {
  private bytes = Buffer.alloc(64);
  private mask = Buffer.alloc(64);
  private used = 0;

  get length(): number {
    return this.used;
  }

  /** Appends pairs of digits; what is no hexadecimal digit is unknown. An odd last digit is the upper half of a byte. */
  digits(text: string): void {
    for (let i = 0; i < text.length; i += 2) {
      const high = digit(text.charCodeAt(i));
      const low = i + 1 < text.length ? digit(text.charCodeAt(i + 1)) : -1;
      this.push((high < 0 ? 0 : high << 4) | (low < 0 ? 0 : low), (high < 0 ? 0 : 0xf0) | (low < 0 ? 0 : 0x0f));
    }
  }

  byte(value: number): void {
    this.push(value & 0xff, 0xff);
  }

  append(other: MaskedBytes): void {
    for (let i = 0; i < other.length; i++) this.push(other.bytes[i]!, other.mask[i]!);
  }

  unknown(count: number): void {
    for (let i = 0; i < count; i++) this.push(0, 0);
  }

  private push(byte: number, mask: number): void {
    if (this.used === this.bytes.length) {
      this.bytes = Buffer.concat([this.bytes], this.used * 2);
      this.mask = Buffer.concat([this.mask], this.used * 2);
    }
    this.bytes[this.used] = byte;
    this.mask[this.used++] = mask;
  }

  /** The bytes so far; the builder is not to be used afterwards. */
  build(): MaskedBytes {
    return new MaskedBytes(this.bytes.subarray(0, this.used), this.mask.subarray(0, this.used));
  }
}

/** Value of a hexadecimal digit's character code, -1 for any other character. */
function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
