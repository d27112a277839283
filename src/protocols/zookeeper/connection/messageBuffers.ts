const SMALLEST_BITS = 11;
const LARGEST_BITS = 16;
/** Up to this length a stream keeps its buffer. */
export const OWN_BUFFER = 1 << (SMALLEST_BITS - 1);
/** Of each size. */
const KEPT = 4;

/**
 * Buffers for messages that come in several segments: one that is whole leaves its buffer to the next, of whichever
 * connection. Sizes are powers of two from 2 to 64 kB.
 */
export class MessageBuffers {
  private readonly free: Buffer[][] = Array.from({ length: LARGEST_BITS - SMALLEST_BITS + 1 }, () => []);

  /** @returns a buffer of at least that length */
  take(length: number): Buffer {
    if (length <= OWN_BUFFER) return Buffer.allocUnsafe(Math.max(256, length));
    const bits = Math.max(SMALLEST_BITS, 32 - Math.clz32(length - 1));
    if (bits > LARGEST_BITS) return Buffer.allocUnsafeSlow(length);
    return this.free[bits - SMALLEST_BITS]!.pop() ?? Buffer.allocUnsafeSlow(1 << bits);
  }

  /** Nobody uses it any longer. */
  give(buffer: Buffer): void {
    const bits = 31 - Math.clz32(buffer.length);
    if (buffer.length !== 1 << bits || bits < SMALLEST_BITS) return;
    const free = this.free[bits - SMALLEST_BITS];
    if (free !== undefined && free.length < KEPT) free.push(buffer);
  }
}
