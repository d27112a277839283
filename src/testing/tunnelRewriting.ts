import type { Packet } from './captureFile.js';
import { ethernetHeader, IPV4, IPV6, ipPacket, udpDatagram } from './headers.js';
import { words } from './linkRewriting.js';
import type { LinkPacket } from './packets.js';
import { ethernetFrame, splitLink, withData } from './packets.js';

/** The same packets inside tunnels between two hosts, on Ethernet. What is not IP is left out where IP is carried. */

export interface TunnelEnds {
  readonly from: string;
  readonly to: string;
}

const ENDS: TunnelEnds = { from: '192.0.2.1', to: '192.0.2.2' };
export const ENDS_IPV6: TunnelEnds = { from: '2001:db8::1', to: '2001:db8::2' };

export function vxlan(packets: readonly Packet[], options: { port?: number; ends?: TunnelEnds } = {}): Packet[] {
  const { port = 4789, ends = ENDS } = options;
  const header = Buffer.from('0800000000002a00', 'hex');
  return packets.map((packet) => {
    const link = splitLink(packet);
    return inUdp(link, Buffer.concat([header, ethernetFrame(link)]), port, ends);
  });
}

/** Geneve with eight bytes of options, carrying Ethernet, or IP without it. */
export function geneve(packets: readonly Packet[], options: { ip?: boolean; ends?: TunnelEnds } = {}): Packet[] {
  const { ip = false, ends = ENDS } = options;
  return packets.map(splitLink).flatMap((link) => {
    if (ip && !isIp(link)) return [];
    const header = Buffer.concat([words(0x0200, ip ? link.etherType : 0x6558), Buffer.from('00002a00', 'hex')]);
    const option = Buffer.from('0102000100000001', 'hex');
    return [inUdp(link, Buffer.concat([header, option, ip ? link.network : ethernetFrame(link)]), 6081, ends)];
  });
}

export interface GreOptions {
  readonly key?: boolean;
  readonly sequence?: boolean;
  readonly checksum?: boolean;
  /** Carries Ethernet frames, not IP. */
  readonly bridged?: boolean;
  readonly ends?: TunnelEnds;
}

/** GRE. The checksum field is there, but 0. */
export function gre(packets: readonly Packet[], options: GreOptions = {}): Packet[] {
  const { key = false, sequence = false, checksum = false, bridged = false, ends = ENDS } = options;
  const flags = (checksum ? 0x8000 : 0) | (key ? 0x2000 : 0) | (sequence ? 0x1000 : 0);
  return packets.map(splitLink).flatMap((link, i) => {
    if (!bridged && !isIp(link)) return [];
    const header = [words(flags, bridged ? 0x6558 : link.etherType)];
    if (checksum) header.push(words(0, 0));
    if (key) header.push(words(0, 42));
    if (sequence) header.push(words(i >>> 16, i));
    return [inIp(link, 47, Buffer.concat([...header, bridged ? ethernetFrame(link) : link.network]), ends)];
  });
}

/** ERSPAN: a mirrored port's frames over GRE. */
export function erspan(packets: readonly Packet[], type: 1 | 2 | 3): Packet[] {
  return packets.map(splitLink).map((link, i) => {
    const sequence = type === 1 ? Buffer.alloc(0) : words(i >>> 16, i);
    const header = words(type === 1 ? 0 : 0x1000, type === 3 ? 0x22eb : 0x88be);
    const own = { 1: '', 2: '1001000100000000', 3: '200100010000000000000000' }[type];
    return inIp(link, 47, Buffer.concat([header, sequence, Buffer.from(own, 'hex'), ethernetFrame(link)]), ENDS);
  });
}

/** IP in IP; between IPv6 ends it is IP in IPv6. */
export function ipInIp(packets: readonly Packet[], ends: TunnelEnds = ENDS): Packet[] {
  return packets
    .map(splitLink)
    .filter(isIp)
    .map((link) => inIp(link, link.etherType === IPV6 ? 41 : 4, link.network, ends));
}

function isIp(link: LinkPacket): boolean {
  return link.etherType === IPV4 || link.etherType === IPV6;
}

function inUdp(link: LinkPacket, payload: Buffer, port: number, ends: TunnelEnds): Packet {
  return inIp(link, 17, udpDatagram(ends.from, ends.to, 49152, port, payload, link.missing), ends);
}

function inIp(link: LinkPacket, protocol: number, payload: Buffer, { from, to }: TunnelEnds): Packet {
  const length = payload.length + link.missing;
  const ip = ipPacket({ source: from, destination: to, protocol, length }, payload);
  const header = ethernetHeader(from, to, from.includes(':') ? IPV6 : IPV4);
  return withData(link.packet, Buffer.concat([header, ip]), link.missing, 1);
}
