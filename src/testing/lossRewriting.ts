import type { Packet } from './captureFile.js';
import { FIN, RST, SYN } from './headers.js';
import { buildTcp, parseTcp } from './packets.js';
import { Random } from './random.js';

/** What captures and networks do to packets. */

/** Every packet twice, as a capture on `any` sees what passes two interfaces. */
export function doubled(packets: readonly Packet[]): Packet[] {
  return packets.flatMap((packet) => [packet, packet]);
}

export interface SwapOptions {
  readonly seed: number;
  /** Share of neighbouring pairs that change places; 0.3 unless told. */
  readonly ratio?: number;
  /** Only neighbours that belong to one direction of one connection, both with data and neither with SYN, FIN or RST. */
  readonly sameStream?: boolean;
}

/** Random neighbours change places. The times stay where they were. */
export function swapped(packets: readonly Packet[], { seed, ratio = 0.3, sameStream = false }: SwapOptions): Packet[] {
  const random = new Random(seed);
  const result = [...packets];
  for (let i = 0; i + 1 < result.length; i++) {
    const [first, second] = [result[i]!, result[i + 1]!];
    if (!random.chance(ratio) || (sameStream && streamOf(first) !== streamOf(second))) continue;
    result[i] = { ...second, seconds: first.seconds, nanos: first.nanos };
    result[i + 1] = { ...first, seconds: second.seconds, nanos: second.nanos };
    i++;
  }
  return result;
}

let strangers = 0;

function streamOf(packet: Packet): string {
  const tcp = parseTcp(packet);
  if (!tcp || tcp.payload.length === 0 || (tcp.flags & (SYN | FIN | RST)) !== 0) return `none ${strangers++}`;
  return `${tcp.source.ip},${tcp.source.port},${tcp.destination.ip},${tcp.destination.port}`;
}

/** Without the packets of these indices (from 0). */
export function withoutPackets(packets: readonly Packet[], indices: Iterable<number>): Packet[] {
  const gone = new Set(indices);
  return packets.filter((_, i) => !gone.has(i));
}

/** Without a random share of the packets. */
export function thinned(packets: readonly Packet[], seed: number, ratio: number): Packet[] {
  const random = new Random(seed);
  return packets.filter(() => !random.chance(ratio));
}

/**
 * A random share of the data segments sent again a few packets later, cut differently: a few bytes of what went before
 * are missing or the end is, as a sender does that fills its segments anew.
 */
export function retransmitted(packets: readonly Packet[], seed: number, ratio = 0.2): Packet[] {
  const random = new Random(seed);
  const result: Packet[] = [];
  const waiting: { after: number; packet: Packet }[] = [];
  for (const packet of packets) {
    result.push(packet);
    for (const again of waiting) again.after--;
    while (waiting[0] && waiting[0].after <= 0) {
      const { packet: again } = waiting.shift()!;
      result.push({ ...again, seconds: packet.seconds, nanos: packet.nanos });
    }
    const tcp = parseTcp(packet);
    if (!tcp || tcp.payload.length === 0 || tcp.missing > 0 || (tcp.flags & (SYN | FIN | RST)) !== 0) continue;
    if (!random.chance(ratio)) continue;
    const start = random.below(tcp.payload.length);
    const end = start + 1 + random.below(tcp.payload.length - start);
    const sequence = (tcp.sequence + start) >>> 0;
    const again = buildTcp({ ...tcp, sequence, payload: tcp.payload.subarray(start, end) });
    waiting.push({ after: 1 + random.below(5), packet: again });
  }
  return result;
}

/** As captured with this snap length. */
export function snapped(packets: readonly Packet[], snapLength: number): Packet[] {
  return packets.map((packet) => ({ ...packet, data: packet.data.subarray(0, snapLength) }));
}

/** In consecutive parts of about equal size, as `tcpdump -C -W` writes its files. */
export function ring(packets: readonly Packet[], files: number): Packet[][] {
  const size = Math.ceil(packets.length / files);
  return Array.from({ length: files }, (_, i) => packets.slice(i * size, (i + 1) * size));
}

/** A file's bytes with `count` random bits turned over, from `start` on. */
export function flipped(file: Buffer, random: Random, count: number, start = 0): Buffer {
  const damaged = Buffer.from(file);
  if (file.length <= start) return damaged;
  for (let i = 0; i < count; i++) damaged[start + random.below(file.length - start)]! ^= 1 << random.below(8);
  return damaged;
}

/** Packets of which `count` random bits are turned over; lengths stay true. */
export function mutated(packets: readonly Packet[], random: Random, count: number): Packet[] {
  const result = [...packets];
  for (let i = 0; i < count && result.length > 0; i++) {
    const at = random.below(result.length);
    result[at] = { ...result[at]!, data: flipped(result[at]!.data, random, 1) };
  }
  return result;
}
