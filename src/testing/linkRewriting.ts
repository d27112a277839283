import { ipv6Of } from './addresses.js';
import type { Packet } from './captureFile.js';
import { IPV4, IPV6 } from './headers.js';
import type { LinkPacket } from './packets.js';
import { buildTcp, ethernetFrame, parseTcp, splitLink, withData } from './packets.js';

/** The same packets under other link layers. What a link layer cannot carry (ARP without Ethernet) is left out. */

/** Ethernet with these tags, outermost first: pairs of EtherType (0x8100, 0x88a8, 0x9100) and VLAN number. */
export function tagged(packets: readonly Packet[], ...tags: readonly [etherType: number, vlan: number][]): Packet[] {
  const inserted = Buffer.concat(tags.map(([etherType, vlan]) => words(etherType, vlan)));
  return packets.map((packet) => {
    const link = splitLink(packet);
    const frame = ethernetFrame(link);
    return withData(
      packet,
      Buffer.concat([frame.subarray(0, 12), inserted, frame.subarray(12)]),
      link.missing,
      LINK_TYPE.ethernet,
    );
  });
}

export function vlan(packets: readonly Packet[]): Packet[] {
  return tagged(packets, [0x8100, 0x2064]);
}

export function qinq(packets: readonly Packet[]): Packet[] {
  return tagged(packets, [0x88a8, 7], [0x8100, 100]);
}

const LINK_TYPE = { null: 0, ethernet: 1, ppp: 9, raw: 101, loop: 108, sll: 113, ipv4: 228, ipv6: 229, sll2: 276 };

/** Linux cooked capture v1: packet type, ARPHRD, address length, address 8, protocol. */
export function cooked(packets: readonly Packet[]): Packet[] {
  return relinked(packets, LINK_TYPE.sll, ({ header, etherType }) =>
    Buffer.concat([words(0, 1, 6), header.subarray(6, 12), words(0, etherType)]),
  );
}

/** Linux cooked capture v2: protocol, reserved, interface 4, ARPHRD, packet type 1, address length 1, address 8. */
export function cooked2(packets: readonly Packet[]): Packet[] {
  return relinked(packets, LINK_TYPE.sll2, ({ header, etherType }) =>
    Buffer.concat([words(etherType, 0, 0, 2, 1), Buffer.from([0, 6]), header.subarray(6, 12), words(0)]),
  );
}

/** Linux cooked capture whose packets carry a VLAN tag. */
export function cookedVlan(packets: readonly Packet[], version: 1 | 2 = 1): Packet[] {
  return (version === 1 ? cooked : cooked2)(packets).map((packet) => {
    const { header, etherType, network, missing } = splitLink(packet);
    const tagged = Buffer.from(header);
    tagged.writeUInt16BE(0x8100, version === 1 ? 14 : 0);
    return withData(packet, Buffer.concat([tagged, words(100, etherType), network]), missing);
  });
}

/** BSD loopback. The number for IPv6 differs by system: 24, 28, 30; 10 on Linux. */
export function loopback(
  packets: readonly Packet[],
  options: { bigEndian?: boolean; loop?: boolean; ipv6Family?: number } = {},
): Packet[] {
  const { bigEndian = false, loop = false, ipv6Family = 30 } = options;
  return relinked(ipOnly(packets), loop ? LINK_TYPE.loop : LINK_TYPE.null, ({ etherType }) => {
    const family = etherType === IPV6 ? ipv6Family : 2;
    return bigEndian || loop ? words(0, family) : Buffer.from([family, 0, 0, 0]);
  });
}

/** IP packets alone: link type 101, or the old 12 and 14, or 228 and 229, which have one version of IP only. */
export function rawIp(packets: readonly Packet[], linkType = LINK_TYPE.raw): Packet[] {
  const versions = linkType === LINK_TYPE.ipv4 ? [IPV4] : linkType === LINK_TYPE.ipv6 ? [IPV6] : [IPV4, IPV6];
  return relinked(ipOnly(packets, versions), linkType, () => Buffer.alloc(0));
}

/** PPP with HDLC framing bytes. */
export function ppp(packets: readonly Packet[]): Packet[] {
  return relinked(ipOnly(packets), LINK_TYPE.ppp, ({ etherType }) => words(0xff03, etherType === IPV6 ? 0x57 : 0x21));
}

/** PPPoE session on Ethernet. */
export function pppoe(packets: readonly Packet[]): Packet[] {
  return relinked(ipOnly(packets), LINK_TYPE.ethernet, ({ header, etherType, network, missing }) =>
    Buffer.concat([
      header.subarray(0, 12),
      words(0x8864, 0x1100, 1, network.length + missing + 2, etherType === IPV6 ? 0x57 : 0x21),
    ]),
  );
}

/** Ethernet with this many MPLS labels. */
export function mpls(packets: readonly Packet[], labels = 2): Packet[] {
  return relinked(ipOnly(packets), LINK_TYPE.ethernet, ({ header }) => {
    const stack = Array.from({ length: labels }, (_, i) => Buffer.from([0, 1, i === labels - 1 ? 1 : 0, 64]));
    return Buffer.concat([header.subarray(0, 12), words(0x8847), ...stack]);
  });
}

/** TCP over IPv6, with IPv4 addresses mapped by `ipv6Of`; what is not TCP is left out. */
export function overIpv6(packets: readonly Packet[]): Packet[] {
  return packets.flatMap((packet) => {
    const tcp = parseTcp(packet);
    if (!tcp) return [];
    if (tcp.source.ip.includes(':')) return [packet];
    const source = { ...tcp.source, ip: ipv6Of(tcp.source.ip) };
    const destination = { ...tcp.destination, ip: ipv6Of(tcp.destination.ip) };
    return [buildTcp({ ...tcp, source, destination })];
  });
}

function ipOnly(packets: readonly Packet[], etherTypes: readonly number[] = [IPV4, IPV6]): Packet[] {
  return packets.filter((packet) => etherTypes.includes(splitLink(packet).etherType));
}

function relinked(packets: readonly Packet[], linkType: number, header: (link: LinkPacket) => Buffer): Packet[] {
  return packets.map((packet) => {
    let link = splitLink(packet);
    // Headers are made from Ethernet's, with its addresses in the same place.
    if (packet.linkType !== LINK_TYPE.ethernet) link = { ...link, header: ethernetFrame(link).subarray(0, 14) };
    return withData(packet, Buffer.concat([header(link), link.network]), link.missing, linkType);
  });
}

/** 16-bit numbers in network byte order. */
export function words(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  values.forEach((value, i) => buffer.writeUInt16BE(value & 0xffff, i * 2));
  return buffer;
}
