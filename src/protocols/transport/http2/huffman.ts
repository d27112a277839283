/**
 * The Huffman code of HPACK (RFC 7541, Appendix B). It is canonical: codes of one length are consecutive in order of
 * their symbols, so that the lengths alone, here of symbols 0 to 256 (256 is EOS), define it.
 */
const CODE_LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
];
const EOS = 256;
const LONGEST = 30;

/** Of each length: the first code, how many codes there are, and where their symbols begin in SYMBOLS. */
const FIRST_CODE = new Uint32Array(LONGEST + 1);
const CODE_COUNT = new Uint16Array(LONGEST + 1);
const FIRST_SYMBOL = new Uint16Array(LONGEST + 1);
const SYMBOLS = new Uint16Array(CODE_LENGTHS.length);

for (const length of CODE_LENGTHS) CODE_COUNT[length]!++;
for (let length = 1, code = 0, index = 0; length <= LONGEST; length++) {
  code *= 2;
  FIRST_CODE[length] = code;
  FIRST_SYMBOL[length] = index;
  CODE_LENGTHS.forEach((symbolLength, symbol) => {
    if (symbolLength === length) SYMBOLS[index++] = symbol;
  });
  code += CODE_COUNT[length]!;
}

/**
 * Decodes a Huffman-coded string of HPACK. Returns it as latin1 text of at most `limit` characters (the rest is read and
 * dropped), or null where it breaks the rules: EOS within it, or padding that is longer than 7 bits or not all ones.
 */
export function decodeHuffman(bytes: Buffer, start: number, end: number, limit: number): string | null {
  const out: number[] = [];
  let code = 0;
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      length++;
      if (length > LONGEST) return null;
      const offset = code - FIRST_CODE[length]!;
      if (offset < 0 || offset >= CODE_COUNT[length]!) continue;
      const symbol = SYMBOLS[FIRST_SYMBOL[length]! + offset]!;
      if (symbol === EOS) return null;
      if (out.length < limit) out.push(symbol);
      code = 0;
      length = 0;
    }
  }
  if (length > 7 || code !== 2 ** length - 1) return null;
  return Buffer.from(out).toString('latin1');
}
