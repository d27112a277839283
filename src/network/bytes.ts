/** Numbers in network byte order. The caller has checked that the bytes are there. */

export function uint16(bytes: Buffer, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** Four bytes as a signed integer, which is what the engine keeps without boxing. */
export function int32(bytes: Buffer, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

export function uint32(bytes: Buffer, at: number): number {
  return int32(bytes, at) >>> 0;
}
