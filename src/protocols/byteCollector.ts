const FIRST_SIZE = 256;
const NO_BYTES = Buffer.alloc(0);

/** Bytes of memory that collectors, and whatever else is counted in, hold for one connection. */
export class HeldTally {
  bytes = 0;
}

/**
 * Bytes copied together out of passing chunks, up to a limit: what comes beyond it is dropped. The buffer grows by
 * doubling, so that what is held in memory is at most twice what was collected, whatever a length field promised.
 */
export class ByteCollector {
  private buffer: Buffer | null = null;
  private used = 0;
  private closed = false;
  private dropped = false;

  /** `limit` is in bytes; `tally` is told what the buffer takes, from its growth until `clear` or `release`. */
  constructor(
    private readonly limit: number,
    private readonly tally?: HeldTally,
  ) {}

  get length(): number {
    return this.used;
  }

  /** More was offered than the limit allows. */
  get overflowed(): boolean {
    return this.dropped;
  }

  add(bytes: Buffer, start: number, end: number): void {
    if (this.closed) return;
    const count = Math.min(end - start, this.limit - this.used);
    if (count < end - start) this.dropped = true;
    if (count <= 0) return;
    const buffer = this.reserve(this.used + count);
    bytes.copy(buffer, this.used, start, start + count);
    this.used += count;
  }

  /** Nothing more is taken: what follows would not be contiguous. */
  close(): void {
    this.closed = true;
  }

  /** Starts again; large buffers are given back. */
  clear(): void {
    this.used = 0;
    this.closed = false;
    this.dropped = false;
    if (this.buffer !== null && this.buffer.length > 4096) this.drop();
  }

  /** Starts again, and gives back what it held. */
  release(): void {
    this.clear();
    this.drop();
  }

  private drop(): void {
    if (this.tally !== undefined) this.tally.bytes -= this.buffer?.length ?? 0;
    this.buffer = null;
  }

  dropFirst(count: number): void {
    this.buffer?.copyWithin(0, count, this.used);
    this.used -= count;
  }

  at(index: number): number {
    return this.buffer![index]!;
  }

  indexOf(what: Buffer, from: number): number {
    return this.buffer === null ? -1 : this.buffer.subarray(0, this.used).indexOf(what, from);
  }

  /** Does what is held begin like `text`, as far as both reach? */
  startsLike(text: string): boolean {
    const count = Math.min(this.used, text.length);
    for (let index = 0; index < count; index++) if (this.buffer![index] !== text.charCodeAt(index)) return false;
    return true;
  }

  /** Latin1 text of a range. */
  text(start: number, end: number): string {
    return this.buffer === null ? '' : this.buffer.toString('latin1', start, end);
  }

  /** What is held, valid until the next change. */
  view(): Buffer {
    return this.buffer === null ? NO_BYTES : this.buffer.subarray(0, this.used);
  }

  copy(): Buffer {
    return Buffer.from(this.view());
  }

  private reserve(length: number): Buffer {
    const before = this.buffer;
    if (before !== null && before.length >= length) return before;
    let size = before === null ? FIRST_SIZE : before.length * 2;
    while (size < length) size *= 2;
    const next = Buffer.allocUnsafeSlow(Math.min(size, Math.max(this.limit, length)));
    before?.copy(next, 0, 0, this.used);
    if (this.tally !== undefined) this.tally.bytes += next.length - (before?.length ?? 0);
    this.buffer = next;
    return next;
  }
}
