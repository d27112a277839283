import type { Packet } from './captureFile.js';
import { ACK, FIN, SYN } from './headers.js';
import type { TcpPacket } from './packets.js';
import { parseTcp } from './packets.js';

/** One direction of a connection, as far as the capture shows it. */
export interface Flow {
  /** Sequence number of the first byte; undefined if the capture never tells. */
  base: number | undefined;
  /** Bytes from there to the last that was sent. */
  length: number;
}

/** A TCP packet and its connection: `flow` is its own direction, `opposite` the other. */
export interface ConnectionPacket {
  readonly tcp: TcpPacket;
  readonly index: number;
  readonly connection: number;
  readonly flow: Flow;
  readonly opposite: Flow;
}

interface Tracked {
  readonly number: number;
  readonly flows: Record<string, Flow>;
}

/**
 * Which connection each packet belongs to; undefined for what is not TCP. A SYN with another sequence number begins
 * another connection. For captures whose packets are in the order in which they were sent.
 */
export function trackConnections(packets: readonly Packet[]): (ConnectionPacket | undefined)[] {
  const live = new Map<string, Tracked>();
  let connections = 0;
  return packets.map((packet, index) => {
    const tcp = parseTcp(packet);
    if (!tcp) return undefined;
    const from = `${tcp.source.ip},${tcp.source.port}`;
    const to = `${tcp.destination.ip},${tcp.destination.port}`;
    const key = from < to ? `${from} ${to}` : `${to} ${from}`;
    const syn = (tcp.flags & SYN) !== 0;
    const first = (tcp.sequence + (syn ? 1 : 0)) >>> 0;
    let tracked = live.get(key);
    const known = tracked?.flows[from]?.base;
    if (!tracked || (syn && known !== undefined && known !== first)) {
      tracked = {
        number: connections++,
        flows: { [from]: { base: undefined, length: 0 }, [to]: { base: undefined, length: 0 } },
      };
      live.set(key, tracked);
    }
    const flow = tracked.flows[from]!;
    const opposite = tracked.flows[to]!;
    flow.base ??= first;
    if ((tcp.flags & ACK) !== 0) opposite.base ??= tcp.acknowledgement;
    const fin = (tcp.flags & FIN) !== 0 ? 1 : 0;
    flow.length = Math.max(flow.length, ((first - flow.base) | 0) + tcp.payload.length + tcp.missing + fin);
    return { tcp, index, connection: tracked.number, flow, opposite };
  });
}

export interface StreamBytes {
  readonly connection: number;
  /** `10.0.0.1:40000` and so on, the sender first. */
  readonly from: string;
  readonly to: string;
  readonly flow: Flow;
  /** The bytes from `flow.base` on; what was not captured is zero. */
  readonly bytes: Buffer;
  /** One for each byte that was captured. */
  readonly captured: Uint8Array;
}

/** All streams of the capture, put together without haste: of overlapping bytes the first captured count. */
export function streamBytes(packets: readonly Packet[]): StreamBytes[] {
  const tracked = trackConnections(packets).filter((each) => each !== undefined);
  const streams = new Map<Flow, StreamBytes>();
  for (const { tcp, connection, flow } of tracked) {
    let stream = streams.get(flow);
    if (!stream) {
      const text = ({ ip, port }: { ip: string; port: number }): string => `${ip}:${port}`;
      const space = { bytes: Buffer.alloc(flow.length), captured: new Uint8Array(flow.length) };
      stream = { connection, from: text(tcp.source), to: text(tcp.destination), flow, ...space };
      streams.set(flow, stream);
    }
    const position = (tcp.sequence + ((tcp.flags & SYN) !== 0 ? 1 : 0) - flow.base!) | 0;
    for (let i = Math.max(0, -position); i < tcp.payload.length; i++) {
      if (stream.captured[position + i]) continue;
      stream.bytes[position + i] = tcp.payload[i]!;
      stream.captured[position + i] = 1;
    }
  }
  return [...streams.values()];
}
