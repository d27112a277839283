import type { HexPacket } from './hexDump.js';
import { MaskedBytes, MaskedBytesBuilder } from './bytes.js';
import { parsePacketHeader, type PacketHeader } from './header.js';
import { readRow, rowText } from './row.js';

function packet(
  data: MaskedBytes,
  line: number,
  header: PacketHeader | null = null,
  side: 0 | 1 | null = null,
  fromText = 0,
): HexPacket {
  return { line, offset: null, data, header, side, fromText };
}

/** Line of a place in the text, from 1; places must not go back. */
function lineCounter(text: string): (index: number) => number {
  let line = 1;
  let next = text.indexOf('\n');
  return (index) => {
    for (; next >= 0 && next < index; next = text.indexOf('\n', next + 1)) line++;
    return line;
  };
}

// Escapes: Python, C, shell and strace strings

const ESCAPE = /\\(?:x([0-9a-fA-FxX?*]{1,2})|([0-7]{1,3})|([\s\S]))|([^\\]+)/g;
const LETTERS: Record<string, number> = { n: 10, t: 9, r: 13, a: 7, b: 8, f: 12, v: 11, e: 27 };

/** Strings with `\x00` or `\0` escapes; strings that follow one another without anything between are one. */
export function parseEscapes(text: string): HexPacket[] {
  const quoted = /["']/.test(text) && /\\[0-7]/.test(text);
  if (!quoted && !/\\x[0-9a-fA-FxX?*]{2}/.test(text)) return [];
  const packets: HexPacket[] = [];
  const lineAt = lineCounter(text);
  let builder = new MaskedBytesBuilder();
  let start = 0;
  let end = -1;
  const flush = (): void => {
    if (builder.length > 0) packets.push(packet(builder.build(), lineAt(start)));
    builder = new MaskedBytesBuilder();
  };
  for (const string of quotedStrings(text)) {
    const content = text.slice(string.start + 1, string.end - 1);
    if (!/\\[x0-7]/.test(content)) continue;
    if (end < 0 || !/^[\s+\\]*[bB]?$/.test(text.slice(end, string.start))) {
      flush();
      start = string.start;
    }
    unescape(content, builder);
    end = string.end;
  }
  if (end < 0) unescape(text.trim(), builder);
  flush();
  return packets;
}

/** Places of the strings in quotes, the quotes included. An apostrophe within a word begins none. */
function* quotedStrings(text: string): Generator<{ start: number; end: number }> {
  let at = 0;
  while (at < text.length) {
    const quote = text[at]!;
    if ((quote !== '"' && quote !== "'") || /(?:\w[a-zA-Z]|[ac-zAC-Z])$/.test(text.slice(Math.max(0, at - 2), at))) {
      at++;
      continue;
    }
    let end = at + 1;
    while (end < text.length && text[end] !== quote) end += text[end] === '\\' ? 2 : 1;
    if (end >= text.length) return;
    yield { start: at, end: end + 1 };
    at = end + 1;
  }
}

function unescape(content: string, builder: MaskedBytesBuilder): void {
  for (const [, hex, octal, letter, literal] of content.matchAll(ESCAPE)) {
    if (hex !== undefined) builder.digits(hex.padStart(2, '0'));
    else if (octal !== undefined) builder.byte(parseInt(octal, 8));
    else if (letter === '\n')
      continue; // a string that goes on in the next line
    else if (letter !== undefined && letter in LETTERS) builder.byte(LETTERS[letter]!);
    else for (const byte of Buffer.from(letter ?? literal!)) builder.byte(byte);
  }
}

// Arrays of numbers: C, Java, Go, Python, JSON

const ARRAY = /(?:peer([01])_\d+\s*\[\d*\]\s*=\s*)?(?:\{([^{}]{7,})\}|\[([^[\]]{7,})\])/g;
const ELEMENT = /^(?:\(byte\))?\s*(?:0x([0-9a-fA-FxX?*]{1,8})|(-?\d{1,3}))$/i;

/** Arrays whose elements are all numbers, one byte each, or hexadecimal words as they are written. */
export function parseArrays(text: string): HexPacket[] {
  const packets: HexPacket[] = [];
  const code = withoutComments(text);
  const lineAt = lineCounter(code);
  for (const found of code.matchAll(ARRAY)) {
    const data = arrayBytes(found[2] ?? found[3]!);
    if (data === null) continue;
    const side = found[1] === undefined ? null : found[1] === '0' ? 0 : 1;
    packets.push(packet(data, lineAt(found.index), null, side));
  }
  return packets;
}

function withoutComments(text: string): string {
  let code = '';
  let at = 0;
  for (let start = text.indexOf('/*'); start >= 0; start = text.indexOf('/*', at)) {
    const end = text.indexOf('*/', start + 2);
    if (end < 0) break;
    // Line ends stay, so that lines can still be counted.
    code += text.slice(at, start) + text.slice(start, end).replace(/[^\n]+/g, ' ');
    at = end + 2;
  }
  return (code + text.slice(at)).replace(/\/\/.*$/gm, '');
}

function arrayBytes(body: string): MaskedBytes | null {
  const builder = new MaskedBytesBuilder();
  const elements = body.trim().replace(/,$/, '').split(',');
  if (elements.length < 4) return null;
  for (const element of elements) {
    const found = ELEMENT.exec(element.trim());
    if (found === null) return null;
    const [, hex, decimal] = found;
    if (hex !== undefined) {
      builder.digits(hex.length % 2 === 0 ? hex : `0${hex}`);
      continue;
    }
    const value = Number(decimal);
    if (value < -128 || value > 255) return null;
    builder.byte(value);
  }
  return builder.build();
}

// Plain hexadecimal

/** A token among other words that is taken for bytes nevertheless: `TCP payload: 00000008fffffffe0000000b`. */
const LONG_TOKEN = /(?:^|[\s="'])((?:0x)?(?:[0-9a-fA-F]{2}:?){8,})(?=$|[\s"',;)])/;
/** Digits that a line by itself must have where other lines are words. */
const FEWEST_DIGITS = 8;

/** Lines of hexadecimal in any grouping, with or without a text column. A blank line, or one of words, ends a packet. */
export function parsePlainHex(lines: readonly string[]): HexPacket[] {
  const plainLines = lines.map((line) => (line.trim() === '' ? '' : plainDigits(line)));
  const onlyHex = plainLines.every((plain) => plain !== null);
  const withText = !onlyHex && lines.some((line, i) => plainLines[i] === null && textRow(line) !== null);
  const packets: HexPacket[] = [];
  let builder = new MaskedBytesBuilder();
  let digits = '';
  let header: PacketHeader | null = null;
  let start = 0;
  let fromText = 0;
  const flush = (): void => {
    builder.digits(digits);
    if (builder.length > 0 || header !== null) packets.push(packet(builder.build(), start, header, null, fromText));
    builder = new MaskedBytesBuilder();
    digits = '';
    header = null;
    fromText = 0;
  };
  lines.forEach((line, i) => {
    if (builder.length === 0 && digits === '') start = i + 1;
    const row = withText ? textRow(line) : null;
    const plain = row === null && plainLines[i] !== '' ? plainLines[i]! : null;
    if (row !== null) {
      builder.append(row.data);
      fromText += row.fromText;
    } else if (plain !== null && (onlyHex || plain.length >= FEWEST_DIGITS)) {
      if (withText) builder.digits(plain);
      else digits += plain;
    } else {
      // Behind a header an empty line may stand before the bytes.
      if (builder.length > 0 || digits !== '' || line.trim() !== '') flush();
      header = parsePacketHeader(line) ?? header;
      const token = LONG_TOKEN.exec(line)?.[1];
      if (token !== undefined) digits = plainDigits(token) ?? '';
    }
  });
  flush();
  return packets;
}

/** A row of at least two groups and a text column that is parted from them; null for any other line. */
function textRow(line: string): { data: MaskedBytes; fromText: number } | null {
  const row = rowText(line, false);
  if (row === null || row.groups.length < 2) return null;
  const rest = row.line.slice(row.groups.at(-1)!.end);
  if (row.delimited === null && !/^(?:\s{2,}|\t)\S/.test(rest) && rest !== '') return null;
  return readRow(row, { expected: null, textColumn: null });
}

/** The digits of a line of nothing but hexadecimal, null for any other line (and an empty one). */
function plainDigits(line: string): string | null {
  // A letter that no digit, prefix or mask has tells most lines of words.
  if (/[g-wyzG-WYZ]/.test(line.replace('<Buffer', ''))) return null;
  const tokens = line
    .replace(/<Buffer|[>,;:{}()[\]"'`|]/g, ' ')
    .replace(/([0-9a-fA-FxX?*]{2})-(?=[0-9a-fA-FxX?*]{2})/g, '$1 ')
    .split(/\s+/)
    .filter((token) => token !== '');
  if (tokens.length === 0) return null;
  const prefixed = tokens.every((token) => /^0x/i.test(token)) && tokens.some((token) => /^0x.*[^x]/i.test(token));
  let digits = '';
  for (const token of tokens) {
    let part = prefixed ? token.slice(2) : token;
    if (!/^(?:[0-9a-fA-FxX?*]|\.\.)+$/.test(part)) return null;
    // A lone token may have been cut anywhere by the width of a terminal.
    if (part.length % 2 !== 0 && tokens.length > 1) {
      if (!prefixed) return null;
      part = `0${part}`;
    }
    digits += part;
  }
  return digits;
}

/** Base64: all of the text, in one piece or broken into lines. */
export function parseBase64(text: string): HexPacket[] {
  const joined = text.replace(/\s*\n\s*/g, '').trim();
  if (joined.length < 8 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(joined) || joined.replace(/=+$/, '').length % 4 === 1)
    return [];
  return [packet(MaskedBytes.known(Buffer.from(joined, 'base64')), 1)];
}
