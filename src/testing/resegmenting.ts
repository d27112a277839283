import type { Packet } from './captureFile.js';
import type { ConnectionPacket, Flow } from './connections.js';
import { streamBytes, trackConnections } from './connections.js';
import { FIN, PSH, RST, SYN } from './headers.js';
import type { TcpPacket } from './packets.js';
import { buildTcp } from './packets.js';

/** The same streams in other segments. Acknowledgements still cover what they covered. */

/** Every byte in a segment of its own. */
export function oneBytePerSegment(packets: readonly Packet[]): Packet[] {
  return segmentsOf(packets, 1);
}

/** Segments of at most this many bytes. */
export function segmentsOf(packets: readonly Packet[], size: number): Packet[] {
  return resegmented(packets, ({ tcp }) => {
    const cuts: number[] = [];
    for (let at = size; at < tcp.payload.length; at += size) cuts.push(at);
    return cuts;
  });
}

/**
 * Each message's four-byte length prefix in a segment of its own, and no two messages in one. For streams of messages
 * behind such prefixes whose beginning was captured; a stream is left as it is from the first prefix on that makes no
 * sense (a four-letter word).
 */
export function lengthPrefixAlone(packets: readonly Packet[]): Packet[] {
  const boundaries = new Map<number, Map<number, Set<number>>>();
  for (const stream of streamBytes(packets)) {
    const cuts = new Set<number>();
    for (let at = 0; at + 4 <= stream.bytes.length && stream.captured[at] === 1;) {
      const length = stream.bytes.readUInt32BE(at);
      if (length > 0x1000000) break;
      cuts.add(at).add(at + 4);
      at += 4 + length;
    }
    const flows = boundaries.get(stream.connection) ?? new Map<number, Set<number>>();
    boundaries.set(stream.connection, flows.set(stream.flow.base ?? 0, cuts));
  }
  return resegmented(packets, ({ tcp, connection, flow }) => {
    const position = (tcp.sequence - flow.base!) | 0;
    const cuts = boundaries.get(connection)?.get(flow.base!);
    if (!cuts) return [];
    const own: number[] = [];
    for (let at = 1; at < tcp.payload.length; at++) if (cuts.has(position + at)) own.push(at);
    return own;
  });
}

/** Cuts each segment's payload at the given places. */
export function resegmented(
  packets: readonly Packet[],
  cuts: (found: ConnectionPacket) => readonly number[],
): Packet[] {
  return trackConnections(packets).flatMap((found, i) => {
    if (!found || found.tcp.payload.length < 2 || (found.tcp.flags & SYN) !== 0) return [packets[i]!];
    return split(found.tcp, cuts(found)).map(buildTcp);
  });
}

function split(tcp: TcpPacket, cuts: readonly number[]): TcpPacket[] {
  const edges = [0, ...cuts, tcp.payload.length];
  return edges.slice(1).map((end, i) => {
    const start = edges[i]!;
    const last = end === tcp.payload.length;
    return {
      ...tcp,
      sequence: (tcp.sequence + start) >>> 0,
      flags: last ? tcp.flags : tcp.flags & ~(FIN | PSH | RST),
      payload: tcp.payload.subarray(start, end),
      missing: last ? tcp.missing : 0,
    };
  });
}

/** Most payload that fits into an IPv4 packet with the longest TCP header. */
const LARGEST = 65535 - 20 - 60;

/**
 * What a side sends until the other side sends data, in one segment (at most 64 KiB). Acknowledgements of its parts are
 * moved behind it. Segments out of order, repeated or cut by the snap length are left as they are.
 */
export function coalesced(packets: readonly Packet[]): Packet[] {
  const output: { order: number; packet: Packet }[] = [];
  const collecting = new Map<Flow, Collected>();
  const flush = (flow: Flow): void => {
    const collected = collecting.get(flow);
    if (!collected) return;
    collecting.delete(flow);
    const { parts, deferred } = collected;
    const last = parts.at(-1)!;
    const payload = Buffer.concat(parts.map((part) => part.tcp.payload));
    output.push({ order: last.index, packet: buildTcp({ ...last.tcp, sequence: parts[0]!.tcp.sequence, payload }) });
    // Behind the segment, at its time: in the order of a capture no packet may be earlier than the one before.
    for (const { tcp, index } of deferred) {
      const moved = { ...tcp.packet, seconds: last.tcp.packet.seconds, nanos: last.tcp.packet.nanos };
      output.push(index > last.index ? { order: index, packet: tcp.packet } : { order: last.index, packet: moved });
    }
  };
  trackConnections(packets).forEach((found, index) => {
    if (!found) {
      output.push({ order: index, packet: packets[index]! });
      return;
    }
    const { tcp, flow, opposite } = found;
    const special = (tcp.flags & (SYN | FIN | RST)) !== 0 || tcp.missing > 0;
    const data = tcp.payload.length > 0;
    if (data || special) flush(opposite);
    const own = collecting.get(flow);
    if (data && !special) {
      if (own && (own.next !== tcp.sequence || own.length + tcp.payload.length > LARGEST)) flush(flow);
      const collected = collecting.get(flow) ?? { parts: [], deferred: [], next: 0, length: 0 };
      collected.parts.push(found);
      collected.next = (tcp.sequence + tcp.payload.length) >>> 0;
      collected.length += tcp.payload.length;
      collecting.set(flow, collected);
      return;
    }
    if (own) flush(flow);
    const waiting = collecting.get(opposite);
    if (waiting && !special) waiting.deferred.push(found);
    else output.push({ order: index, packet: tcp.packet });
  });
  for (const flow of [...collecting.keys()]) flush(flow);
  return output.sort((a, b) => a.order - b.order).map(({ packet }) => packet);
}

interface Collected {
  readonly parts: ConnectionPacket[];
  /** Acknowledgements by the other side that came in between. */
  readonly deferred: ConnectionPacket[];
  /** Sequence number that would continue it. */
  next: number;
  length: number;
}
