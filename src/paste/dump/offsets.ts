import type { HexPacket } from './hexDump.js';
import { MaskedBytesBuilder, type MaskedBytes } from './bytes.js';
import { parsePacketHeader, type PacketHeader } from './header.js';
import { readRow, rowText, WIDEST_ROW, type RowText } from './row.js';

/** Bytes that `*` (the row before, again) and missing rows may stand for, in all. */
const MOST_FILLED = 1 << 20;
const MOST_MISSING = 1 << 16;

/** Above each block of bytes where tshark and Wireshark have several of one frame: `Frame (99 bytes):`, `Reassembled TCP (37 bytes):`. */
const SOURCE_LABEL = /^([A-Z][\w .-]{0,80}) \(\d{1,9} bytes?\):?$/;

type Radix = 16 | 8 | 10;
const RADIXES: readonly Radix[] = [16, 8, 10];

/** Reads a dump whose rows have offsets; no packets if the text is none. Some rows may have lost theirs. */
export function parseOffsetDump(lines: readonly string[]): HexPacket[] {
  const rows = lines.map((line) => rowText(line));
  const radix = offsetRadix(rows);
  const offsets = rows.map((row) => (row?.offset == null ? null : offsetValue(row.offset, radix)));
  if (!keepBelieved(rows, offsets)) return [];
  const first = rows[offsets.findIndex((offset) => offset !== null)]!;
  return new DumpReader(lines, rows, offsets, radix, first.groups[0]!.digits.length).read();
}

/** od counts in octal (or as asked for), all others in hexadecimal. */
function offsetRadix(rows: readonly (RowText | null)[]): Radix {
  for (let i = 0; i + 1 < rows.length; i++) {
    const row = rows[i];
    const next = rows[i + 1];
    if (row?.offset == null || next?.offset == null || row.offset.length < 6) continue;
    for (const radix of RADIXES) {
      const step = offsetValue(next.offset, radix) - offsetValue(row.offset, radix);
      if (radix === 16 ? mayHave(row, step) : step === byteCount(row)) return radix;
    }
  }
  return 16;
}

function offsetValue(digits: string, radix: Radix): number {
  const valid = radix === 16 || (radix === 8 ? /^[0-7]+$/ : /^[0-9]+$/).test(digits);
  return valid ? parseInt(digits, radix) : NaN;
}

function byteCount(row: RowText): number {
  return row.groups.reduce((sum, { digits }) => sum + digits.length / 2, 0);
}

/** Whether so many of the row's groups (and not half a group) are `count` bytes. */
function mayHave(row: RowText, count: number): boolean {
  let sum = 0;
  for (const { digits } of row.groups) {
    sum += digits.length / 2;
    if (sum === count) return true;
    if (sum > count) return false;
  }
  return false;
}

/**
 * Offsets without a colon may be bytes of plain hexadecimal: they are believed where they begin at 0 or go on as the rows
 * before or after them say. Others are set to null. @returns whether any is left
 */
function keepBelieved(rows: readonly (RowText | null)[], offsets: (number | null)[]): boolean {
  let any = false;
  let previous: number | null = null;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const offset = offsets[i];
    if (offset == null) continue;
    const next = offsets.slice(i + 1, i + 3).find((value) => value != null);
    const believed =
      row.sureOffset ||
      offset === 0 ||
      row.delimited !== null ||
      (previous !== null && offset > previous && offset - previous <= WIDEST_ROW) ||
      (next !== undefined && mayHave(row, next - offset));
    if (believed && Number.isFinite(offset)) {
      any = true;
      previous = offset;
    } else {
      offsets[i] = null;
    }
  }
  return any;
}

/** Puts rows together to packets, line by line. */
class DumpReader {
  private readonly packets: HexPacket[] = [];
  private builder = new MaskedBytesBuilder();
  private line = 0;
  private offset: number | null = null;
  private fromText = 0;
  private side: 0 | 1 | null = null;
  private header: PacketHeader | null = null;
  /** Whether a header was read that has no bytes yet. */
  private headerWaits = false;
  private textColumn: number | null = null;
  private lastRow: MaskedBytes | null = null;
  private repeats = false;
  private mayFill = MOST_FILLED;
  /** The last line that was not blank was a row of the packet. */
  private inPacket = false;
  /** The rows are bytes that tshark put together from this frame and others before, and not to be read twice. */
  private derived = false;
  private framesLabelled = false;
  private readonly followed: boolean;

  constructor(
    private readonly lines: readonly string[],
    private readonly rows: readonly (RowText | null)[],
    private readonly offsets: readonly (number | null)[],
    private readonly radix: Radix,
    private readonly groupSize: number,
  ) {
    // A followed stream: each side has offsets of its own, and one of them is indented.
    const plain = rows.filter((row, i) => row !== null && offsets[i] !== null && row.offset!.length === 8);
    this.followed =
      plain.some((row) => row!.indented) &&
      plain.some((row) => !row!.indented) &&
      plain.every((row) => !row!.sureOffset);
  }

  read(): HexPacket[] {
    for (let i = 0; i < this.lines.length; i++) {
      const line = this.lines[i]!;
      const offset = this.offsets[i];
      if (line.trim() === '') this.derived = false;
      if (this.derived && this.rows[i] != null) continue;
      if (offset != null) this.row(i, offset);
      else if (line.trim() === '*' && this.inPacket) this.repeats = true;
      else if (this.isEnd(line)) this.finish();
      else if (!this.cutRow(i) && line.trim() !== '') this.other(line);
    }
    this.finish();
    return this.packets;
  }

  private row(i: number, offset: number): void {
    const row = this.rows[i]!;
    const side = this.followed ? (row.indented ? 1 : 0) : null;
    const next = this.next;
    if (next !== null && this.inPacket && side === this.side && offset >= next && this.fill(offset - next)) {
      // goes on
    } else if (this.offset === null && this.builder.length > 0 && offset >= this.builder.length) {
      this.offset = offset - this.builder.length; // the rows before had lost their offsets
    } else {
      this.finish();
      this.offset = offset;
      this.side = side;
    }
    this.add(i, row, this.expected(i, offset));
  }

  /** Offset behind the last byte, null where no offset is known. */
  private get next(): number | null {
    return this.offset === null ? null : this.offset + this.builder.length;
  }

  /** Bytes up to the next row's offset, null where that does not go on from here. */
  private expected(i: number, offset: number): number | null {
    const next = this.offsets[i + 1];
    return next == null || next <= offset || next - offset > WIDEST_ROW ? null : next - offset;
  }

  /** Fills what is between the last row and this one: rows that `*` stands for, or that are missing. */
  private fill(missing: number): boolean {
    if (missing === 0) return true;
    const row = this.lastRow;
    if (missing > this.mayFill) return false;
    const repeats = this.repeats && row !== null && missing % row.length === 0;
    if (!repeats && missing > MOST_MISSING) return false;
    this.mayFill -= missing;
    if (repeats) for (let left = missing; left > 0; left -= row.length) this.builder.append(row);
    else this.builder.unknown(missing);
    return true;
  }

  private add(i: number, row: RowText, expected: number | null): void {
    if (this.builder.length === 0) this.line = i + 1;
    const read = readRow(row, { expected, textColumn: this.textColumn });
    if (read.textColumn !== null) this.textColumn = read.textColumn;
    this.builder.append(read.data);
    this.lastRow = read.data;
    this.fromText += read.fromText;
    this.repeats = false;
    this.inPacket = true;
    this.headerWaits = false;
  }

  /** A row that lost its offset: groups as in the other rows, and behind them nothing but a text column. */
  private cutRow(i: number): boolean {
    const row = rowText(this.lines[i]!, false);
    if (row?.groups[0]?.digits.length !== this.groupSize) return false;
    const rest = row.line.slice(row.groups.at(-1)!.end);
    if (rest !== '' && !rest.startsWith('  ') && !rest.startsWith('\t')) return false;
    if (rest === '' && row.groups.length < 2) return false;
    if (!this.inPacket && this.builder.length > 0) this.finish();
    this.add(i, row, null);
    return true;
  }

  /** The line that hexdump and od print last: only the offset behind the last byte. */
  private isEnd(line: string): boolean {
    const digits = line.trim();
    if (!this.inPacket || !/^[0-9a-fA-F]{6,8}$/.test(digits)) return false;
    const next = this.next!;
    const end = offsetValue(digits, this.radix);
    if (this.repeats && end > next) return this.fill(end - next);
    // Words of two bytes: an odd last byte is printed as a whole word.
    if (end === next - 1) this.cutLastByte();
    return end === next || end === next - 1;
  }

  private cutLastByte(): void {
    const data = this.builder.build();
    this.builder = new MaskedBytesBuilder();
    this.builder.append(data.slice(0, data.length - 1));
  }

  private other(line: string): void {
    const label = SOURCE_LABEL.exec(line)?.[1];
    if (label !== undefined) {
      if (label === 'Frame') this.framesLabelled = true;
      this.derived = label !== 'Frame' && this.framesLabelled;
    }
    const header = parsePacketHeader(line);
    this.inPacket = false;
    if (header === null) return;
    this.finish();
    this.header = header;
    this.headerWaits = true;
  }

  private finish(): void {
    const data = this.builder.build();
    if (data.length > 0) {
      this.packets.push({
        line: this.line,
        offset: this.offset,
        data,
        header: this.header,
        side: this.side,
        fromText: this.fromText,
      });
      this.header = null;
    } else if (!this.headerWaits) {
      this.header = null;
    }
    this.builder = new MaskedBytesBuilder();
    this.offset = null;
    this.fromText = 0;
    this.side = null;
    this.inPacket = false;
    this.repeats = false;
    this.lastRow = null;
  }
}
