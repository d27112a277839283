const CR = 0x0d;
const LF = 0x0a;

/** Value of an ASCII hex digit, -1 for anything else. */
export function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** A size line, that many bytes, CRLF, and then the end or the digit of another size line. */
export function isWholeChunk(bytes: Buffer, start: number, end: number): boolean {
  let at = start;
  let size = 0;
  while (at < end && at - start < 7) {
    const digit = hexDigit(bytes[at]!);
    if (digit < 0) break;
    size = size * 16 + digit;
    at++;
  }
  if (at === start || size === 0 || at + 2 + size + 2 > end) return false;
  if (bytes[at] !== CR || bytes[at + 1] !== LF) return false;
  at += 2 + size;
  if (bytes[at] !== CR || bytes[at + 1] !== LF) return false;
  return at + 2 === end || hexDigit(bytes[at + 2]!) >= 0;
}
