/** Moves over bytes and never past their end; `ok` turns false, for good, when something would not fit. */
export class VectorCursor {
  ok = true;

  constructor(
    readonly bytes: Buffer,
    public at: number,
    public end: number,
  ) {}

  /** Unsigned big-endian number of 1 to 3 bytes. */
  number(size: number): number {
    if (!this.ok || this.end - this.at < size) {
      this.ok = false;
      return 0;
    }
    const value = this.bytes.readUIntBE(this.at, size);
    this.at += size;
    return value;
  }

  skip(count: number): void {
    if (!this.ok || this.end - this.at < count) this.ok = false;
    else this.at += count;
  }

  /** A vector whose length has `size` bytes, as a cursor of its own. */
  vector(size: number): VectorCursor {
    const length = this.number(size);
    const start = this.at;
    this.skip(length);
    return new VectorCursor(this.bytes, start, this.ok ? this.at : start);
  }

  get more(): boolean {
    return this.ok && this.at < this.end;
  }

  /** What is left, valid as long as the bytes are. */
  rest(): Buffer {
    return this.ok ? this.bytes.subarray(this.at, this.end) : this.bytes.subarray(0, 0);
  }

  text(limit: number): string {
    return this.bytes.toString('latin1', this.at, Math.min(this.end, this.at + limit));
  }
}
