/**
 * `held` with these bytes behind its first `length`: the same buffer where they fit, otherwise one that has room for more.
 */
export function appended(held: Buffer, length: number, bytes: Buffer, start: number, end: number): Buffer {
  const needed = length + end - start;
  let buffer = held;
  if (needed > held.length) {
    buffer = Buffer.allocUnsafe(Math.max(256, needed, 2 * held.length));
    held.copy(buffer, 0, 0, length);
  }
  bytes.copy(buffer, length, start, end);
  return buffer;
}
