import type { AnonymizingKey } from './key.js';

const ROUNDS = 6;
const NOTHING = Buffer.alloc(0);

/** Kinds of characters; what is none of them stays as it is. */
const DIGITS = '0123456789';
const HEX = '0123456789abcdef';
const HEX_CAPITALS = '0123456789ABCDEF';
const SMALL = 'abcdefghijklmnopqrstuvwxyz';
const CAPITALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The characters that one may become, itself among them; null where it stays. */
function alphabetOf(code: number, hex: boolean): string | null {
  if (code >= 0x30 && code <= 0x39) return hex ? HEX : DIGITS;
  if (hex && code >= 0x61 && code <= 0x66) return HEX;
  if (hex && code >= 0x41 && code <= 0x46) return HEX_CAPITALS;
  if (code >= 0x61 && code <= 0x7a) return SMALL;
  if (code >= 0x41 && code <= 0x5a) return CAPITALS;
  return null;
}

/**
 * Replaces the letters and digits of a text by others of their kind, one to one: texts of the same kind (length, places of
 * letters, digits and all else) never become the same. Each of two halves is shifted, in turn, by what follows from the
 * key and the other one. Bytes beyond ASCII become small letters, of which that does not hold.
 * @param hex the text is hexadecimal digits
 * @param beside what else the replacement depends on
 */
export function shuffled(key: AnonymizingKey, text: Buffer, hex = false, beside: Buffer = NOTHING): Buffer {
  const out = Buffer.from(text);
  const places: number[] = [];
  const alphabets: string[] = [];
  const template = Buffer.alloc(text.length);
  for (let i = 0; i < text.length; i++) {
    if (text[i]! >= 0x80) {
      out[i] = 0x61 + (text[i]! % 26);
    }
    const alphabet = alphabetOf(out[i]!, hex);
    template[i] = alphabet === null ? out[i]! : alphabet.length;
    if (alphabet === null) continue;
    places.push(i);
    alphabets.push(alphabet);
  }
  const values = places.map((place, i) => {
    const value = alphabets[i]!.indexOf(String.fromCharCode(out[place]!));
    // Of capital hexadecimal digits and small ones in one text only one alphabet has the letters.
    return Math.max(0, value);
  });
  const middle = values.length >> 1;
  for (let round = 0; round < ROUNDS; round++) {
    const [from, to] = round % 2 === 0 ? [middle, values.length] : [0, middle];
    const other = round % 2 === 0 ? values.slice(0, middle) : values.slice(middle);
    const input = Buffer.concat([template, Buffer.from(other), beside]);
    const shifts = key.bytes(`shuffle ${round}`, input, (to - from) * 2);
    for (let i = from; i < to; i++) {
      const size = alphabets[i]!.length;
      values[i] = (values[i]! + shifts.readUInt16BE((i - from) * 2)) % size;
    }
  }
  for (const [i, place] of places.entries()) out[place] = alphabets[i]!.charCodeAt(values[i]!);
  return out;
}
