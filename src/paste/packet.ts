import { Frame } from '../capture/frame.js';
import type { HexPacket } from './dump/hexDump.js';
import { endpointText, ipText } from '../network/address.js';
import { Dissector } from '../network/dissector.js';
import { ACK, FIN, RST, Segment, SYN } from '../network/segment.js';

/** One end of a connection as far as a paste shows it. `host` may be masked text of the paste. */
export interface PastedEnd {
  readonly host: string | null;
  readonly port: number | null;
}

/** A pasted packet taken down to its TCP payload. */
export interface PastedPacket {
  /** From 1, in order of the paste. */
  readonly number: number;
  readonly packet: HexPacket;
  /** Headers found in front of the payload, outermost first (`Ethernet`, `IPv4`, `TCP`); empty where there are none. */
  readonly headers: readonly string[];
  /** Payload: index of its first byte in the packet's data, and behind its last. */
  readonly start: number;
  readonly end: number;
  /** Payload bytes that were on the wire; more than there are where the dump was cut. null if not known. */
  readonly wireLength: number | null;
  readonly source: PastedEnd;
  readonly destination: PastedEnd;
  readonly sequence: number | null;
  /** `SYN`, `ACK`, … joined by a comma; null where no TCP header was seen. */
  readonly flags: string | null;
}

/** LINKTYPE_ values that a dump of whole frames may have, tried in this order. */
const LINK_TYPES: readonly (readonly [number, readonly string[]])[] = [
  [101, []],
  [1, ['Ethernet']],
  [276, ['Linux cooked v2']],
  [113, ['Linux cooked v1']],
  [0, ['BSD loopback']],
  [9, ['PPP']],
];

interface Found {
  readonly segment: Segment;
  readonly headers: readonly string[];
}

/** Finds the headers in front of a pasted packet's payload. Without any, all of it is payload. */
export function pastedPacket(packet: HexPacket, number: number): PastedPacket {
  const { data, header } = packet;
  // Rows that were cut away held the headers: what is left cannot begin with one.
  const found = packet.offset === null || packet.offset === 0 ? findHeaders(packet) : null;
  if (found === null) {
    return {
      number,
      packet,
      headers: [],
      start: 0,
      end: data.length,
      wireLength: header?.length ?? null,
      source: { host: header?.sourceHost ?? null, port: header?.sourcePort ?? null },
      destination: { host: header?.destinationHost ?? null, port: header?.destinationPort ?? null },
      sequence: header?.sequence ?? null,
      flags: null,
    };
  }
  const { segment: s, headers } = found.zeros;
  const other = found.ones;
  const same = <T>(value: T, otherValue: T): T | null => (value === otherValue ? value : null);
  const host = (one: string, two: string, printed: string | undefined): string | null =>
    same(one, two) ?? printed ?? null;
  return {
    number,
    packet,
    headers,
    start: s.start,
    end: s.end,
    wireLength: same(s.wireLength, other.wireLength),
    source: {
      host: host(sourceIp(s), sourceIp(other), header?.sourceHost),
      port: same(s.sourcePort, other.sourcePort) ?? header?.sourcePort ?? null,
    },
    destination: {
      host: host(destinationIp(s), destinationIp(other), header?.destinationHost),
      port: same(s.destinationPort, other.destinationPort) ?? header?.destinationPort ?? null,
    },
    sequence: same(s.sequence, other.sequence),
    flags: flagNames(s.flags & other.flags),
  };
}

/**
 * Headers read twice, with all masked bits 0 and with all of them 1: what is the same both times does not depend on them.
 * null where there are no headers, or masked bits decide where the payload begins.
 */
function findHeaders(packet: HexPacket): { zeros: Found; ones: Segment } | null {
  const { data } = packet;
  for (const [linkType, names] of LINK_TYPES) {
    const zeros = dissect(data.bytes, linkType, names);
    if (zeros === null) continue;
    const masked = !data.isKnown(0, zeros.segment.start);
    const ones = masked ? dissect(data.filled(0xff), linkType, names) : zeros;
    if (ones?.segment.start !== zeros.segment.start || ones.segment.end !== zeros.segment.end) continue;
    return { zeros, ones: ones.segment };
  }
  return null;
}

function dissect(bytes: Buffer, linkType: number, names: readonly string[]): Found | null {
  const frame = new Frame();
  frame.number = 1;
  frame.linkType = linkType;
  frame.bytes = bytes;
  frame.end = bytes.length;
  frame.originalLength = bytes.length;
  const segments: Segment[] = [];
  const dissector = new Dissector((segment) => segments.push(Object.assign(new Segment(), segment)));
  dissector.frame(frame);
  // Fragments are put together in a buffer of their own: nothing can be said of offsets in the dump then.
  const segment = segments.find((one) => one.bytes === bytes);
  if (segment === undefined) return null;
  return { segment, headers: [...names, segment.family === 4 ? 'IPv4' : 'IPv6', 'TCP'] };
}

function sourceIp(s: Segment): string {
  return ipText(s.family, s.source0, s.source1, s.source2, s.source3);
}

function destinationIp(s: Segment): string {
  return ipText(s.family, s.destination0, s.destination1, s.destination2, s.destination3);
}

function flagNames(flags: number): string {
  const names: [number, string][] = [
    [SYN, 'SYN'],
    [FIN, 'FIN'],
    [RST, 'RST'],
    [ACK, 'ACK'],
  ];
  return names
    .filter(([bit]) => (flags & bit) !== 0)
    .map(([, name]) => name)
    .join(', ');
}

/** `10.0.0.1:2181`, with `?` for what is not known; null if nothing is. */
export function pastedEndText({ host, port }: PastedEnd): string | null {
  if (host === null && port === null) return null;
  if (port === null) return host === '' || host === null ? null : host;
  return endpointText(host === null || host === '' ? '?' : host, port);
}
