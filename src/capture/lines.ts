import type { Frame } from './frame.js';
import { DECODED_LINE, FrameReader } from './frameReader.js';
import { nameOfHost, type HostCensus, type InputPart } from './inputPart.js';

/** Longest line that is believed: a list of a million children has some fifty megabytes. */
const LINE_LIMIT = 64 * 1024 * 1024;
/** What is asked for at a time beyond what is at hand. */
const STEP = 64 * 1024;
const NEWLINE = 0x0a;
const HOST = /"host"\s*:\s*"([^"\\]*)"/;

/** True where `bytes` begin as a line of `zkscope decode --json` does. */
export function isLines(bytes: Buffer): boolean {
  return bytes.length >= 2 && bytes[0] === 0x7b && bytes[1] === 0x22;
}

/**
 * Decoded lines (NDJSON) in place of a capture: each line is told as a frame, so that files are found, unpacked and put in
 * order of time as captures are. A line that cannot be read is passed over, and counted in a remark.
 */
export class LinesReader extends FrameReader {
  /** Bytes behind `position` that hold no end of line. */
  private searched = 0;
  private line = 0;
  private bad = 0;
  private firstBad = 0;

  override next(frame: Frame): boolean {
    while (this.damage === null) {
      const end = this.endOfLine();
      if (end < 0) return false;
      const text = this.bytes.toString('utf8', this.position, end);
      const start = this.offset;
      this.position = end + 1;
      this.line++;
      if (text.trim() === '') continue;
      if (this.census !== null && this.counted(text, this.census)) continue;
      const { part } = this;
      if (part !== null && isOfAnother(part, text)) continue;
      const line = objectOf(text);
      if (part !== null && line !== null && !isOf(part, line)) continue;
      if (line !== null && this.read(line, frame)) return true;
      if (!this.started) return this.stop('the first line is no line of `zkscope decode --json`', start);
      if (this.bad++ === 0) this.firstBad = this.line;
    }
    return false;
  }

  override finish(): void {
    if (this.damage !== null) return;
    if (this.bad > 0) this.remarks.push(`${this.bad} line(s) could not be read, the first is line ${this.firstBad}`);
    if (this.unread > 0) this.stop('the file ends in the middle of a line', this.offset);
    else if (!this.started) this.stop('no decoded line in it', this.offset);
  }

  /** Place of the next end of line; -1 where more bytes are needed. */
  private endOfLine(): number {
    for (;;) {
      const at = this.bytes.subarray(0, this.end).indexOf(NEWLINE, this.position + this.searched);
      if (at >= 0) {
        this.searched = 0;
        return at;
      }
      this.searched = this.end - this.position;
      if (this.searched > LINE_LIMIT) {
        this.stop(`line ${this.line + 1} is longer than ${LINE_LIMIT} bytes`);
        return -1;
      }
      if (!this.fill(this.searched + STEP) && this.end - this.position === this.searched) return -1;
    }
  }

  /** Whether it is known whose line this is, and noted. */
  private counted(text: string, census: HostCensus): boolean {
    const name = HOST.exec(text)?.[1];
    if (this.started && (name === undefined || census.has(nameOfHost(name)))) return true;
    const line = objectOf(text);
    if (line === null) return false;
    this.started = true;
    const { host } = line;
    if (typeof host === 'string') census.add(nameOfHost(host));
    return true;
  }

  private read(line: Readonly<Record<string, unknown>>, frame: Frame): boolean {
    const { time: told } = line;
    const time = typeof told === 'string' ? this.clock.parse(told) : null;
    if (time === null) return false;
    this.started = true;
    frame.time = time;
    frame.linkType = DECODED_LINE;
    frame.line = line;
    frame.start = frame.end = frame.originalLength = 0;
    return true;
  }
}

/** The object that a line holds; null where it holds none. */
function objectOf(text: string): Record<string, unknown> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

/** Whether the text of a line says that it is none of this part: most need not be parsed for that. */
function isOfAnother({ host, nameless }: InputPart, text: string): boolean {
  const found = HOST.exec(text);
  if (found === null) return !nameless && !text.includes('"host"');
  // What stands in an object within the line is not the line's.
  return nameOfHost(found[1]!) !== host && !text.includes('"host"', found.index + 1);
}

function isOf({ host, nameless }: InputPart, line: Readonly<Record<string, unknown>>): boolean {
  const named = line['host'];
  return typeof named === 'string' ? nameOfHost(named) === host : nameless;
}
