import type { Address } from './addresses.js';
import { ipOf } from './addresses.js';
import type { Packet } from './captureFile.js';
import { ethernetHeader, IPV4, IPV6, ipPacket, tcpSegment } from './headers.js';

/** A packet's link layer apart from what it carries. Ethernet and Linux cooked capture are known. */
export interface LinkPacket {
  readonly packet: Packet;
  readonly header: Buffer;
  readonly etherType: number;
  /** What the link layer carries; of IP without the padding behind it. */
  readonly network: Buffer;
  /** Bytes of it that the snap length cut. */
  readonly missing: number;
}

const ETHER_TYPE_AT: Record<number, { size: number; at: number }> = {
  1: { size: 14, at: 12 },
  113: { size: 16, at: 14 },
  276: { size: 20, at: 0 },
};

export function splitLink(packet: Packet): LinkPacket {
  const link = ETHER_TYPE_AT[packet.linkType];
  if (!link) throw new Error(`cannot rewrite link type ${packet.linkType}`);
  const header = packet.data.subarray(0, link.size);
  const etherType = header.readUInt16BE(link.at);
  let network = packet.data.subarray(link.size);
  let wire = packet.originalLength - link.size;
  const stated = statedLength(etherType, network);
  if (stated > 0 && stated < wire) {
    wire = stated;
    network = network.subarray(0, stated);
  }
  return { packet, header, etherType, network, missing: wire - network.length };
}

function statedLength(etherType: number, network: Buffer): number {
  if (etherType === IPV4 && network.length >= 20) return network.readUInt16BE(2);
  if (etherType === IPV6 && network.length >= 40 && network.readUInt16BE(4) > 0) return 40 + network.readUInt16BE(4);
  return 0;
}

/** The packet with other bytes; `missing` more were on the wire. */
export function withData(packet: Packet, data: Buffer, missing = 0, linkType = packet.linkType): Packet {
  return { ...packet, data, originalLength: data.length + missing, linkType };
}

/** The link layer's header with another EtherType. */
export function withEtherType(header: Buffer, linkType: number, etherType: number): Buffer {
  const changed = Buffer.from(header);
  changed.writeUInt16BE(etherType, ETHER_TYPE_AT[linkType]!.at);
  return changed;
}

export interface IpPacketParts {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly payload: Buffer;
}

/** Addresses and payload of an IP packet without IPv6 extension headers; undefined for anything else. */
export function splitIp(etherType: number, network: Buffer): IpPacketParts | undefined {
  if (etherType === IPV4 && network.length >= 20) {
    return {
      source: ipOf(network.subarray(12, 16)),
      destination: ipOf(network.subarray(16, 20)),
      protocol: network[9]!,
      payload: network.subarray((network[0]! & 15) * 4),
    };
  }
  if (etherType === IPV6 && network.length >= 40) {
    return {
      source: ipOf(network.subarray(8, 24)),
      destination: ipOf(network.subarray(24, 40)),
      protocol: network[6]!,
      payload: network.subarray(40),
    };
  }
  return undefined;
}

/** A packet that carries TCP, taken apart; `buildTcp` puts it together again. */
export interface TcpPacket {
  readonly packet: Packet;
  readonly link: Buffer;
  readonly source: Address;
  readonly destination: Address;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly window: number;
  readonly options: Buffer;
  readonly payload: Buffer;
  /** Payload bytes that the snap length cut. */
  readonly missing: number;
}

/** Undefined for anything but a TCP segment with its whole header, right in IP, right in the link layer. */
export function parseTcp(packet: Packet): TcpPacket | undefined {
  const { header: link, etherType, network, missing } = splitLink(packet);
  const ip = splitIp(etherType, network);
  if (ip?.protocol !== 6 || (etherType === IPV4 && (network.readUInt16BE(6) & 0x3fff) !== 0)) return undefined;
  const tcp = ip.payload;
  if (tcp.length < 20 || tcp.length < (tcp[12]! >> 4) * 4) return undefined;
  const header = (tcp[12]! >> 4) * 4;
  return {
    packet,
    link,
    source: { ip: ip.source, port: tcp.readUInt16BE(0) },
    destination: { ip: ip.destination, port: tcp.readUInt16BE(2) },
    sequence: tcp.readUInt32BE(4),
    acknowledgement: tcp.readUInt32BE(8),
    flags: tcp[13]!,
    window: tcp.readUInt16BE(14),
    options: tcp.subarray(20, header),
    payload: tcp.subarray(header),
    missing,
  };
}

/** The packet of these TCP fields, with its time; the link layer's header follows a change of addresses on Ethernet. */
export function buildTcp(tcp: TcpPacket): Packet {
  const { source, destination, packet, missing } = tcp;
  const fields = { ...tcp, sourcePort: source.port, destinationPort: destination.port };
  const segment = tcpSegment(source.ip, destination.ip, fields, tcp.payload);
  const length = segment.length + missing;
  const ip = ipPacket({ source: source.ip, destination: destination.ip, protocol: 6, length }, segment);
  const link = withEtherType(tcp.link, packet.linkType, source.ip.includes(':') ? IPV6 : IPV4);
  return withData(packet, Buffer.concat([link, ip]), missing);
}

/** Rewrites the TCP packets one by one, each to any number of others; what is not TCP stays as it is. */
export function flatMapTcp(packets: readonly Packet[], rewrite: (tcp: TcpPacket) => readonly TcpPacket[]): Packet[] {
  return packets.flatMap((packet) => {
    const tcp = parseTcp(packet);
    return tcp ? rewrite(tcp).map(buildTcp) : [packet];
  });
}

/** The packet's Ethernet frame; one is made up for packets of other link layers. */
export function ethernetFrame(link: LinkPacket): Buffer {
  if (link.packet.linkType === 1) return Buffer.concat([link.header, link.network]);
  const ip = splitIp(link.etherType, link.network);
  const header = ethernetHeader(ip?.source ?? '0.0.0.0', ip?.destination ?? '0.0.0.0', link.etherType);
  return Buffer.concat([header, link.network]);
}
