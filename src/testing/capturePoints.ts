import type { Packet } from './captureFile.js';

const PORT = 2181;

/** The server of an Ethernet packet of IPv4 and TCP, whoever has the port of ZooKeeper, and whether the packet goes there. */
export function serverOf({ data }: Packet): { readonly address: string; readonly toServer: boolean } {
  const at = 14;
  const tcp = at + 4 * (data[at]! & 15);
  const [source, destination] = [at + 12, at + 16].map((place) => [...data.subarray(place, place + 4)].join('.'));
  const toServer = data.readUInt16BE(tcp) !== PORT;
  return { address: toServer ? destination! : source!, toServer };
}

/** The same packet, so many nanoseconds later (earlier, if they are less than 0). */
export function later(packet: Packet, nanoseconds: number): Packet {
  const all = BigInt(packet.seconds) * 1_000_000_000n + BigInt(packet.nanos + nanoseconds);
  return { ...packet, seconds: Number(all / 1_000_000_000n), nanos: Number(all % 1_000_000_000n) };
}

/** What was captured at the client, as the server's end has it, with `way` nanoseconds between them. */
export function asAtServer(packets: readonly Packet[], way: number): Packet[] {
  const when = ({ seconds, nanos }: Packet): bigint => BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
  return packets
    .map((packet) => later(packet, serverOf(packet).toServer ? way : -way))
    .sort((a, b) => Number(when(a) - when(b)));
}

/** Packets of each server, whose numbers do not change; the server with the most of them first. */
export function byServer(packets: readonly Packet[]): Packet[][] {
  const parts = new Map<string, Packet[]>();
  for (const packet of packets) {
    const server = serverOf(packet).address;
    const part = parts.get(server);
    if (part === undefined) parts.set(server, [packet]);
    else part.push(packet);
  }
  return [...parts.values()].sort((a, b) => b.length - a.length);
}
