import { uint16, uint32 } from './bytes.js';
import { etherType } from './linkLayer.js';
import type { Layer, Packet } from './packet.js';
import { ETHERNET, NOTHING } from './packet.js';

/** UDP destination ports: VXLAN by IANA and as Linux has it by default (flannel), Geneve, IPsec through NAT. */
const VXLAN = 4789;
const VXLAN_LINUX = 8472;
const GENEVE = 6081;
const IPSEC_NAT = 4500;

/** Whether UDP to this port may carry TCP. */
export function isTunnelPort(port: number): boolean {
  return port === VXLAN || port === VXLAN_LINUX || port === GENEVE;
}

/** UDP: only tunnels are looked into. */
export function udp(packet: Packet): Layer {
  const { bytes, offset } = packet;
  if (packet.end - offset < 8) return packet.short('UDP', 8);
  const length = uint16(bytes, offset + 4);
  // 0: more than fits into the field (offload). Longer than IP's payload: a snap length, which IP knows already.
  if (length !== 0) {
    if (length < 8) return packet.problem('UDP length below 8');
    if (offset + length < packet.wireEnd) packet.limit(offset + length);
  }
  packet.offset = offset + 8;
  switch (uint16(bytes, offset + 2)) {
    case VXLAN:
    case VXLAN_LINUX:
      return vxlan(packet);
    case GENEVE:
      return geneve(packet);
    case IPSEC_NAT:
      // RFC 3948: ESP, unless it begins with four zero bytes (key exchange) or is one byte (keep-alive).
      if (packet.end - packet.offset >= 8 && uint32(bytes, packet.offset) !== 0) {
        return packet.problem('encrypted by IPsec (ESP)');
      }
  }
  packet.counts.notTcp++;
  return NOTHING;
}

/** VXLAN (RFC 7348): flags 1, reserved 3, network identifier 3, reserved 1; then an Ethernet frame. */
function vxlan(packet: Packet): Layer {
  const offset = packet.offset;
  if (packet.end - offset < 8) return packet.short('VXLAN', 8);
  if ((packet.bytes[offset]! & 0x08) === 0) {
    // Without a valid network identifier it is something else on this port.
    packet.counts.notTcp++;
    return NOTHING;
  }
  packet.offset = offset + 8;
  return ETHERNET;
}

/** Geneve (RFC 8926): version and option length 1, flags 1, EtherType 2, network identifier 3, reserved 1, options. */
function geneve(packet: Packet): Layer {
  const { bytes, offset } = packet;
  if (packet.end - offset < 8) return packet.short('Geneve', 8);
  const first = bytes[offset]!;
  if (first >> 6 !== 0) {
    packet.counts.notTcp++;
    return NOTHING;
  }
  const length = 8 + ((first & 0x3f) << 2);
  if (packet.end - offset < length) return packet.short('Geneve', length);
  packet.offset = offset + length;
  return etherType(packet, uint16(bytes, offset + 2));
}

/** GRE (RFC 2784, 2890): flags 2, EtherType 2, then checksum 4, key 4, sequence 4, each if its flag is set. */
export function gre(packet: Packet): Layer {
  const { bytes, offset } = packet;
  if (packet.end - offset < 4) return packet.short('GRE', 4);
  const flags = uint16(bytes, offset);
  // Version 1 is PPTP's, and source routing (0x4000) is long gone.
  if ((flags & 0x4007) !== 0) {
    packet.counts.notTcp++;
    return NOTHING;
  }
  const sequence = (flags & 0x1000) !== 0;
  const length = 4 + ((flags & 0x8000) !== 0 ? 4 : 0) + ((flags & 0x2000) !== 0 ? 4 : 0) + (sequence ? 4 : 0);
  if (packet.end - offset < length) return packet.short('GRE', length);
  packet.offset = offset + length;
  const type = uint16(bytes, offset + 2);
  if (type === 0x88be) return erspan(packet, sequence ? 8 : 0);
  if (type === 0x22eb) return erspan(packet, 12);
  return etherType(packet, type);
}

/** A mirror port's copy: no header (type I), 8 bytes (type II), or 12 and 8 more if the last bit says so (type III). */
function erspan(packet: Packet, length: number): Layer {
  const { bytes, offset } = packet;
  if (packet.end - offset < length) return packet.short('ERSPAN', length);
  if (length === 12 && (bytes[offset + 11]! & 1) !== 0) {
    length = 20;
    if (packet.end - offset < length) return packet.short('ERSPAN', length);
  }
  packet.offset = offset + length;
  return ETHERNET;
}
