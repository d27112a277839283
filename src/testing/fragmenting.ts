import type { Packet } from './captureFile.js';
import { IPV4, ipPacket } from './headers.js';
import { words } from './linkRewriting.js';
import { splitIp, splitLink, withData } from './packets.js';
import type { Random } from './random.js';

/**
 * IP packets with more than `size` bytes of payload (a multiple of eight), in fragments of that size, each a frame of
 * its own; each packet's fragments in random order if `random` is given.
 */
export function fragmented(packets: readonly Packet[], size: number, random?: Random): Packet[] {
  return packets.flatMap((packet, i) => {
    const link = splitLink(packet);
    const ip = splitIp(link.etherType, link.network);
    if (!ip || link.missing > 0 || ip.payload.length <= size) return [packet];
    const fragments: Packet[] = [];
    for (let at = 0; at < ip.payload.length; at += size) {
      const part = ip.payload.subarray(at, at + size);
      const more = at + size < ip.payload.length;
      const network = link.etherType === IPV4 ? fragment4(ip, i, at, more, part) : fragment6(ip, i, at, more, part);
      fragments.push(withData(packet, Buffer.concat([link.header, network])));
    }
    return random ? random.shuffle(fragments) : fragments;
  });
}

interface Whole {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
}

function fragment4(ip: Whole, id: number, at: number, more: boolean, part: Buffer): Buffer {
  return ipPacket({ ...ip, id: id & 0xffff, fragment: (at >> 3) | (more ? 0x2000 : 0) }, part);
}

function fragment6(ip: Whole, id: number, at: number, more: boolean, part: Buffer): Buffer {
  const header = Buffer.concat([Buffer.from([ip.protocol, 0]), words(at | (more ? 1 : 0), id >>> 16, id)]);
  return ipPacket({ ...ip, protocol: 44 }, Buffer.concat([header, part]));
}
