import { int32 } from '../../network/bytes.js';

/**
 * Big-endian signed 64-bit number as a double, exact within 2^53: server ids, epochs, config versions. Null for
 * Long.MIN_VALUE, which a server sends in an election where it proposes nobody (observers).
 */
export function int64OrNull(bytes: Buffer, at: number): number | null {
  const hi = int32(bytes, at);
  const lo = int32(bytes, at + 4) >>> 0;
  return hi === -0x80000000 && lo === 0 ? null : hi * 4294967296 + lo;
}
