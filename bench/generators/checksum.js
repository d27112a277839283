/** Sum of 16-bit words for the Internet checksum (RFC 1071); an odd last byte counts as the upper half of a word. */
export function wordSum(buffer, start, end, sum = 0) {
  let at = start;
  for (; at + 1 < end; at += 2) sum += (buffer[at] << 8) | buffer[at + 1];
  if (at < end) sum += buffer[at] << 8;
  return sum;
}

export function foldedComplement(sum) {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/** Sets the checksums of the IPv4 header at `ip` and of the TCP segment in it, which end at `end`. */
export function setChecksums(buffer, ip, end) {
  const tcp = ip + (buffer[ip] & 0x0f) * 4;
  buffer.writeUInt16BE(0, ip + 10);
  buffer.writeUInt16BE(foldedComplement(wordSum(buffer, ip, tcp)), ip + 10);
  buffer.writeUInt16BE(0, tcp + 16);
  const pseudoHeader = wordSum(buffer, ip + 12, ip + 20) + 6 + (end - tcp);
  buffer.writeUInt16BE(foldedComplement(wordSum(buffer, tcp, end, pseudoHeader)), tcp + 16);
}
