import { ByteCollector, type HeldTally } from '../byteCollector.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Finds the objects of JSON that follow each other in a stream, with nothing but white space between them. */
export class JsonObjects {
  private readonly object: ByteCollector;
  private depth = 0;
  private inString = false;
  private escaped = false;

  /**
   * @param most bytes that an object may have; of a longer one only the beginning is told
   * @param found takes each object as it becomes whole: `at` is the place behind it in `bytes`
   * @param began told when one begins
   */
  constructor(
    most: number,
    private readonly found: (text: Buffer, at: number) => void,
    private readonly began: () => void,
    tally?: HeldTally,
  ) {
    this.object = new ByteCollector(most, tally);
  }

  /** Bytes of the stream, in order, in pieces of any size. */
  add(bytes: Buffer, start: number, end: number): void {
    let from = this.depth > 0 ? start : -1;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (this.inString) {
        if (this.escaped) this.escaped = false;
        else if (byte === BACKSLASH) this.escaped = true;
        else if (byte === QUOTE) this.inString = false;
      } else if (byte === QUOTE) this.inString = this.depth > 0;
      else if (byte === OPEN && this.depth++ === 0) {
        from = at;
        this.began();
      } else if (byte === CLOSE && this.depth > 0 && --this.depth === 0) {
        this.object.add(bytes, from, at + 1);
        this.found(this.object.view(), at + 1);
        this.object.clear();
        from = -1;
      }
    }
    if (from >= 0) this.object.add(bytes, from, end);
  }

  /** Bytes are missing: the next that begins is the next that is found. */
  lost(): void {
    this.depth = 0;
    this.inString = false;
    this.escaped = false;
    this.object.release();
  }
}
