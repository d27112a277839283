import { MaskedBytesBuilder, type MaskedBytes } from './bytes.js';

/** A line of a dump as far as it can be read alone: how many of its tokens are bytes is decided with its neighbours. */
export interface RowText {
  /** Digits of the offset column, null where there is none. */
  readonly offset: string | null;
  /** Whether the offset is surely one (a colon follows it), or only looks like one. */
  readonly sureOffset: boolean;
  readonly indented: boolean;
  /** Groups of digits and mask characters, as many as could be bytes. */
  readonly groups: readonly Group[];
  /** The line from its first group to its end, and the column of its first group. */
  readonly line: string;
  /** Text column where it has delimiters of its own (`|…|`, `>…<`), otherwise null. */
  readonly delimited: string | null;
  /** Words of two bytes, lower byte first, as hexdump without options prints them. */
  readonly littleEndian: boolean;
}

interface Group {
  /** Digits without a prefix. */
  readonly digits: string;
  /** Columns of the line: first character, and behind the last one. */
  readonly start: number;
  readonly end: number;
}

/** Hexadecimal digits and the characters that people mask with. Full stops only in pairs: they fill text columns. */
const GROUP = /^(?:[0-9a-fA-FxX?*]{2}|\.\.)+$/;
const OFFSET = /^(0x)?([0-9a-fA-F]{3,16})(:?)[ \t]+/;
/** Bytes of a row that are believed at most. */
export const WIDEST_ROW = 256;
const LONGEST_LINE = 4096;

/** Reads a line as a row of a dump, with or without an offset column; null if it cannot be one. */
export function rowText(text: string, mayHaveOffset = true): RowText | null {
  if (text.length > LONGEST_LINE) return null;
  let line = text.trimEnd();
  const trimmed = line.trimStart();
  const indented = /^(?:\t| {4})/.test(line);
  let column = line.length - trimmed.length;
  let offset: string | null = null;
  let sureOffset = false;
  let littleEndian = false;
  const found = mayHaveOffset ? OFFSET.exec(trimmed) : null;
  if (found !== null) {
    const rest = trimmed.slice(found[0].length);
    sureOffset = found[3] === ':';
    littleEndian = !sureOffset && found[2]!.length === 7 && /^[0-9a-f]{4}(\s|$)/.test(rest);
    // Without a colon only dumps of single bytes have an offset column; hexdump's own has seven digits.
    if (
      sureOffset ? /^(?!0x)[0-9a-fA-FxX?*.]{2}/.test(rest) : littleEndian || /^[0-9a-fA-FxX?*.]{2}(\s|$)/.test(rest)
    ) {
      offset = found[2]!;
      column += found[0].length;
    } else {
      sureOffset = false;
    }
  }
  let delimited: string | null = null;
  const bar = /[|<]$/.test(line) ? /\s([|>])(.{0,256})[|<]$/.exec(line.slice(column)) : null;
  if (bar !== null && (bar[1] === '|') === line.endsWith('|')) {
    delimited = bar[2]!;
    line = line.slice(0, column + bar.index).trimEnd();
  }
  const groups = groupsOf(line, column);
  if (groups.length === 0) return null;
  return { offset, sureOffset, indented, groups, line, delimited, littleEndian };
}

/** Groups from `column` on, of the first group's size, as long as they can be bytes; a shorter one can only be the last. */
function groupsOf(line: string, column: number): Group[] {
  const groups: Group[] = [];
  const token = /\S+/g;
  token.lastIndex = column;
  let size = 0;
  let count = 0;
  for (let found = token.exec(line); found !== null; found = token.exec(line)) {
    const digits = found[0];
    if (!GROUP.test(digits)) break;
    if (size === 0) size = digits.length;
    if (digits.length > size || count + digits.length / 2 > WIDEST_ROW) break;
    groups.push({ digits, start: found.index, end: found.index + found[0].length });
    count += digits.length / 2;
    if (digits.length < size) break;
  }
  return groups;
}

/** What the neighbours of a row say about it. */
export interface RowHints {
  /** Bytes up to the next row's offset, null if there is none. */
  readonly expected: number | null;
  /** Column in which rows before had their text, counted from the first group; null if none is known. */
  readonly textColumn: number | null;
}

export interface Row {
  readonly data: MaskedBytes;
  /** Text column, null where there is none; `textColumn` says where it began, from the first group. */
  readonly text: string | null;
  readonly textColumn: number | null;
  /** Masked bytes whose value the text column has. */
  readonly fromText: number;
}

/** Decides where the bytes of a row end and its text column begins. */
export function readRow(row: RowText, hints: RowHints): Row {
  const groups = row.groups.slice(0, groupCount(row, hints));
  const builder = new MaskedBytesBuilder();
  for (const { digits } of groups) builder.digits(row.littleEndian ? swapped(digits) : digits);
  const data = builder.build();
  const end = groups.at(-1)!.end;
  const rest = row.delimited ?? row.line.slice(end).trimStart();
  const text = rest === '' ? null : rest;
  const textColumn =
    text === null || row.delimited !== null ? null : row.line.length - text.length - row.groups[0]!.start;
  return { data, text, textColumn, fromText: text === null ? 0 : fillFromText(data, text) };
}

function groupCount(row: RowText, hints: RowHints): number {
  const { groups, line } = row;
  if (row.delimited !== null) return groups.length;
  const first = groups[0]!.start;
  const counts: number[] = [];
  let count = 0;
  for (const { digits } of groups) counts.push((count += digits.length / 2));
  if (hints.expected !== null) {
    const exact = counts.indexOf(hints.expected);
    if (exact >= 0) return exact + 1;
  }
  if (hints.textColumn !== null) {
    const column = hints.textColumn;
    const before = groups.filter(({ start }) => start - first < column).length;
    // Nothing but blanks may lie between: otherwise this row is laid out differently.
    if (before > 0 && line.slice(groups[before - 1]!.end, first + column).trim() === '') return before;
  }
  for (let k = 1; k <= groups.length; k++) {
    const { end } = groups[k - 1]!;
    const gap = /^\s*/.exec(line.slice(end))![0].length;
    const rest = line.length - end - gap;
    if (rest === 0) break;
    if (gap >= 3 && sameLength(rest, counts[k - 1]!)) return k;
    if (gap >= 2 && counts[k - 1] === 16) return k;
  }
  return groups.length;
}

/** Whether a text column of this length belongs to so many bytes; some programs part it after the eighth. */
function sameLength(text: number, bytes: number): boolean {
  return text === bytes || (bytes > 8 && text === bytes + 1);
}

function swapped(digits: string): string {
  return digits.length === 4 ? digits.slice(2) + digits.slice(0, 2) : digits;
}

/** Characters that stand for something else in a text column. */
const FILLERS = 'xX?*.#~-_ ';

/**
 * Takes masked bytes from the text column, where that is unambiguous: it has one character a byte, agrees with all known
 * bytes, and the character is neither a filler nor the same for all masked bytes. @returns how many were filled in
 */
function fillFromText(data: MaskedBytes, column: string): number {
  const { bytes, mask } = data;
  const parted = column.length === data.length + 1 && data.length > 8 && column[8] === ' ';
  const text = parted ? column.slice(0, 8) + column.slice(9) : column;
  if (text.length !== data.length) return 0;
  const masked: number[] = [];
  const used = new Set<number>();
  for (let i = 0; i < data.length; i++) {
    const code = text.charCodeAt(i);
    const printable = code > 0x20 && code < 0x7f;
    if (mask[i] === 0xff) {
      const byte = bytes[i]!;
      const agrees = byte > 0x20 && byte < 0x7f ? byte === code : code === 0x2e || code === byte || code > 0x7f;
      if (!agrees && byte !== 0x20) return 0;
    } else if (printable && !FILLERS.includes(text[i]!) && (code & mask[i]!) === bytes[i]) {
      masked.push(i);
      used.add(code);
    }
  }
  if (used.size === 1 && masked.length > 1) return 0;
  for (const i of masked) {
    bytes[i] = text.charCodeAt(i);
    mask[i] = 0xff;
  }
  return masked.length;
}
