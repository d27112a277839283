/** What a checksum is over: `from` to before `to`, stored at `at`; some add the addresses of IP (RFC 793, RFC 8200). */
export interface Checksum {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly pseudo: PseudoHeader | null;
  /** UDP: 0 stands for none, and is written as all ones. */
  readonly zeroIsNone?: boolean;
}

export interface PseudoHeader {
  readonly source: Buffer;
  readonly destination: Buffer;
  readonly protocol: number;
}

/** Writes the internet checksum (RFC 1071) to where it belongs. */
export function writeChecksum(bytes: Buffer, { at, from, to, pseudo, zeroIsNone }: Checksum): void {
  bytes.writeUInt16BE(0, at);
  let sum = add(0, bytes, from, to);
  if (pseudo !== null) {
    const { source, destination, protocol } = pseudo;
    const length = to - from;
    sum = add(add(sum, source, 0, source.length), destination, 0, destination.length);
    sum += protocol + (length & 0xffff) + Math.floor(length / 0x10000);
  }
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  const checksum = ~sum & 0xffff;
  bytes.writeUInt16BE(checksum === 0 && zeroIsNone === true ? 0xffff : checksum, at);
}

function add(sum: number, bytes: Buffer, from: number, to: number): number {
  let at = from;
  for (; at + 1 < to; at += 2) sum += (bytes[at]! << 8) | bytes[at + 1]!;
  return at < to ? sum + (bytes[at]! << 8) : sum;
}
