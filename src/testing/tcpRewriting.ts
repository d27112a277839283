import type { Address } from './addresses.js';
import type { Packet } from './captureFile.js';
import { trackConnections } from './connections.js';
import type { Flow } from './connections.js';
import { ACK } from './headers.js';
import { buildTcp, flatMapTcp } from './packets.js';

/** The same segments under other numbers and names. */

/** Other addresses and ports. */
export function readdressed(packets: readonly Packet[], map: (address: Address) => Address): Packet[] {
  return flatMapTcp(packets, (tcp) => [{ ...tcp, source: map(tcp.source), destination: map(tcp.destination) }]);
}

/** The same connections on another server port. */
export function onPort(packets: readonly Packet[], from: number, to: number): Packet[] {
  return readdressed(packets, (address) => (address.port === from ? { ...address, port: to } : address));
}

/**
 * Sequence numbers that pass 2³² in the middle of each stream; in a stream without bytes, at its FIN or right behind it.
 * Acknowledgements and SACK blocks follow.
 */
export function sequenceWrapped(packets: readonly Packet[]): Packet[] {
  const tracked = trackConnections(packets);
  const shift = (flow: Flow, sequence: number): number =>
    flow.base === undefined ? sequence : (sequence - flow.base - Math.floor(flow.length / 2)) >>> 0;
  return packets.map((packet, i) => {
    const found = tracked[i];
    if (!found) return packet;
    const { tcp, flow, opposite } = found;
    return buildTcp({
      ...tcp,
      sequence: shift(flow, tcp.sequence),
      acknowledgement: (tcp.flags & ACK) !== 0 ? shift(opposite, tcp.acknowledgement) : tcp.acknowledgement,
      options: mapSack(tcp.options, (edge) => shift(opposite, edge)),
    });
  });
}

/** TCP options with the edges of selective acknowledgements (kind 5) mapped. */
function mapSack(options: Buffer, map: (edge: number) => number): Buffer {
  const mapped = Buffer.from(options);
  for (let at = 0; at < mapped.length && mapped[at] !== 0;) {
    if (mapped[at] === 1) {
      at++;
      continue;
    }
    const length = mapped[at + 1] ?? 0;
    if (length < 2 || at + length > mapped.length) break;
    if (mapped[at] === 5) {
      for (let edge = at + 2; edge + 4 <= at + length; edge += 4) {
        mapped.writeUInt32BE(map(mapped.readUInt32BE(edge)), edge);
      }
    }
    at += length;
  }
  return mapped;
}
