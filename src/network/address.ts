import type { Endpoint } from './connection.js';
import type { Segment } from './segment.js';

/** Text of an address given as in Segment: `10.0.0.1`, or IPv6 as RFC 5952 wants it. */
export function ipText(family: number, word0: number, word1: number, word2: number, word3: number): string {
  if (family === 4) return ipv4Text(word3);
  // ::ffff:a.b.c.d, an IPv4 address within IPv6
  if (word0 === 0 && word1 === 0 && word2 === 0xffff) return `::ffff:${ipv4Text(word3)}`;
  const groups = [word0, word1, word2, word3].flatMap((word) => [word >>> 16, word & 0xffff]);
  const zeros = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (zeros.length < 2) return hex.join(':');
  return `${hex.slice(0, zeros.start).join(':')}::${hex.slice(zeros.start + zeros.length).join(':')}`;
}

/** Address and port as in Segment, with their texts. */
export function endpoint(
  family: number,
  word0: number,
  word1: number,
  word2: number,
  word3: number,
  port: number,
): Endpoint {
  const ip = ipText(family, word0, word1, word2, word3);
  return { ip, port, text: endpointText(ip, port) };
}

/** `10.0.0.1:2181` or `[fd77::1]:2181`. */
export function endpointText(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function ipv4Text(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

/** The longest run of zeros, the first of equal ones. */
function longestZeros(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
    start += length;
  }
  return best;
}

/** Both ends of a segment. */
export function endpoints(s: Segment): { readonly source: Endpoint; readonly destination: Endpoint } {
  return {
    source: endpoint(s.family, s.source0, s.source1, s.source2, s.source3, s.sourcePort),
    destination: endpoint(s.family, s.destination0, s.destination1, s.destination2, s.destination3, s.destinationPort),
  };
}
