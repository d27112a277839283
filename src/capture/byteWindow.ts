const NO_BYTES = Buffer.alloc(0);
const SMALLEST_CARRY = 4096;

/**
 * A forward-moving window on bytes that arrive in chunks. As long as what is asked for lies within one chunk it is a
 * view on that chunk; what straddles two chunks is put together in one buffer that is used again and again. A chunk
 * may be overwritten by its owner once `fill` has returned false.
 */
export class ByteWindow {
  /** Bytes at hand: `bytes` from `position` to before `end`. */
  protected bytes: Buffer = NO_BYTES;
  protected position = 0;
  protected end = 0;
  /** Offset of `bytes[0]` in the whole input. */
  private origin = 0;
  /** True while `bytes` is the carry; then the rest of the latest chunk waits in `#chunk`. */
  private carrying = false;
  private carry: Buffer = NO_BYTES;
  private chunk: Buffer = NO_BYTES;
  private chunkPosition = 0;
  /** Bytes pushed so far. */
  private pushed = 0;

  /** Offset of the next byte in the whole input. */
  get offset(): number {
    return this.origin + this.position;
  }

  /** Bytes that were pushed but not yet consumed. */
  get unread(): number {
    return this.pushed - this.offset;
  }

  /** True where `bytes` is the latest chunk itself, which stays as it is until the next `push`. */
  protected get onChunk(): boolean {
    return !this.carrying;
  }

  /** Adds bytes. Only after a `fill` that returned false (or at the start). */
  push(chunk: Buffer): void {
    if (this.carrying ? this.chunkPosition < this.chunk.length : this.position < this.end) {
      throw new Error('bytes were pushed before the last were used');
    }
    if (this.position < this.end) {
      this.chunk = chunk;
      this.chunkPosition = 0;
    } else {
      this.carrying = false;
      this.bytes = chunk;
      this.position = 0;
      this.end = chunk.length;
      this.origin = this.pushed;
    }
    this.pushed += chunk.length;
  }

  /**
   * Makes `count` bytes available in one piece from `position` on (which may move, with `bytes` and `end`). False if
   * they have not all been pushed. The caller has checked that `count` is reasonable; memory grows with the bytes that
   * really come, to `count` at most.
   */
  protected fill(count: number): boolean {
    for (;;) {
      const have = this.end - this.position;
      if (have >= count) return true;
      if (!this.carrying) {
        if (have === 0) return false;
        const chunk = this.bytes;
        const start = this.position;
        if (this.carry.length < have) this.carry = Buffer.allocUnsafeSlow(carrySize(have));
        chunk.copy(this.carry, 0, start, this.end);
        this.origin += start;
        this.bytes = this.carry;
        this.position = 0;
        this.end = have;
        this.carrying = true;
        this.chunk = NO_BYTES;
        this.chunkPosition = 0;
        return false;
      }
      const chunk = this.chunk;
      if (have === 0 && this.chunkPosition < chunk.length) {
        this.carrying = false;
        this.bytes = chunk;
        this.position = this.chunkPosition;
        this.end = chunk.length;
        this.origin = this.pushed - chunk.length;
        this.chunk = NO_BYTES;
        this.chunkPosition = 0;
        continue;
      }
      const take = Math.min(count - have, chunk.length - this.chunkPosition);
      if (take === 0) return false;
      this.makeRoom(take);
      chunk.copy(this.bytes, this.end, this.chunkPosition, this.chunkPosition + take);
      this.end += take;
      this.chunkPosition += take;
    }
  }

  /** Room for `count` more bytes behind the end of the carry. */
  private makeRoom(count: number): void {
    if (this.end + count <= this.carry.length) return;
    const have = this.end - this.position;
    const target = have + count <= this.carry.length ? this.carry : Buffer.allocUnsafeSlow(carrySize(have + count));
    this.bytes.copy(target, 0, this.position, this.end);
    this.origin += this.position;
    this.carry = target;
    this.bytes = target;
    this.position = 0;
    this.end = have;
  }
}

function carrySize(needed: number): number {
  let size = SMALLEST_CARRY;
  while (size < needed) size *= 2;
  return size;
}
