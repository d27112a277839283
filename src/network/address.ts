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

interface KnownAddress {
  readonly family: number;
  readonly words: readonly [number, number, number, number];
  readonly ip: string;
  /** The endpoint that was asked for last at this address: with servers always the same. */
  latest: Endpoint;
}

/**
 * Endpoints of many connections, few of whose addresses differ: an address has one text, a server one endpoint. Of fixed
 * size: a newcomer takes the place of an older one.
 */
export class EndpointTable {
  private readonly known: (KnownAddress | undefined)[];

  /** @param size a power of two */
  constructor(private readonly size = 4096) {
    this.known = new Array<KnownAddress | undefined>(size).fill(undefined);
  }

  source(s: Segment): Endpoint {
    return this.get(s.family, s.source0, s.source1, s.source2, s.source3, s.sourcePort);
  }

  destination(s: Segment): Endpoint {
    return this.get(s.family, s.destination0, s.destination1, s.destination2, s.destination3, s.destinationPort);
  }

  private get(family: number, w0: number, w1: number, w2: number, w3: number, port: number): Endpoint {
    const hash = Math.imul(w3 ^ Math.imul(w0 ^ Math.imul(w1, 31) ^ w2, 0x85ebca6b), 0x9e3779b1);
    const place = (hash >>> 16) & (this.size - 1);
    const known = this.known[place];
    const same = known?.family === family && known.words[3] === w3 && known.words[0] === w0;
    if (!same || known.words[1] !== w1 || known.words[2] !== w2) {
      const latest = endpoint(family, w0, w1, w2, w3, port);
      this.known[place] = { family, words: [w0, w1, w2, w3], ip: latest.ip, latest };
      return latest;
    }
    if (known.latest.port !== port) known.latest = { ip: known.ip, port, text: endpointText(known.ip, port) };
    return known.latest;
  }
}
