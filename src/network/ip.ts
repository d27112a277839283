import { int32, uint16 } from './bytes.js';
import type { Fragments } from './fragments.js';
import { NOT_WHOLE } from './fragments.js';
import type { Layer, Packet } from './packet.js';
import { GRE, IPV4, IPV6, NOTHING, TCP, UDP } from './packet.js';

/** IP protocol numbers (IANA). */
const HOP_BY_HOP = 0;
const IP_IN_IP = 4;
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const IPV6_IN_IP = 41;
const ROUTING = 43;
const FRAGMENT = 44;
const PROTOCOL_GRE = 47;
const ESP = 50;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;
const MOBILITY = 135;
const HIP = 139;
const SHIM6 = 140;

// Checksums are not verified: with checksum offload the host's own packets are captured before the network card fills
// them in, so a wrong one says nothing.

/** IPv4 (RFC 791). Addresses go to the segment; `offset`, `end` and `wireEnd` to the payload, whole again if it was in fragments. */
export function ipv4(packet: Packet, fragments: Fragments): Layer {
  const { bytes, offset, segment } = packet;
  if (packet.end - offset < 20) return packet.short('IPv4', 20);
  const first = bytes[offset]!;
  if (first >> 4 !== 4) return packet.problem('IPv4 version is not 4');
  const headerLength = (first & 15) << 2;
  if (headerLength < 20) return packet.problem('IPv4 header length below 20');
  const totalLength = uint16(bytes, offset + 2);
  // 0: captured before the network card cut it into segments (offload); it goes to the end of the frame.
  if (totalLength !== 0) {
    if (totalLength < headerLength) return packet.problem('IPv4 total length shorter than the header');
    packet.limit(offset + totalLength);
  }
  if (packet.end - offset < headerLength) return packet.short('IPv4', headerLength);
  segment.family = 4;
  segment.source0 = 0;
  segment.source1 = 0;
  segment.source2 = 0xffff;
  segment.source3 = int32(bytes, offset + 12);
  segment.destination0 = 0;
  segment.destination1 = 0;
  segment.destination2 = 0xffff;
  segment.destination3 = int32(bytes, offset + 16);
  packet.offset = offset + headerLength;
  const protocol = bytes[offset + 9]!;
  const fragment = uint16(bytes, offset + 6);
  // More-fragments flag, or an offset in units of eight bytes.
  if ((fragment & 0x3fff) !== 0) {
    const id = uint16(bytes, offset + 4);
    const more = (fragment & 0x2000) !== 0;
    if (fragments.add(packet, id, protocol, (fragment & 0x1fff) << 3, more) === NOT_WHOLE) return NOTHING;
  }
  return protocol === PROTOCOL_TCP ? TCP : upperLayer(packet, protocol);
}

/** IPv6 (RFC 8200) with its extension headers. */
export function ipv6(packet: Packet, fragments: Fragments): Layer {
  const { bytes, offset, segment } = packet;
  if (packet.end - offset < 40) return packet.short('IPv6', 40);
  if (bytes[offset]! >> 4 !== 6) return packet.problem('IPv6 version is not 6');
  const payloadLength = uint16(bytes, offset + 4);
  // 0: offload, or a jumbogram; to the end of the frame.
  if (payloadLength !== 0) packet.limit(offset + 40 + payloadLength);
  segment.family = 6;
  segment.source0 = int32(bytes, offset + 8);
  segment.source1 = int32(bytes, offset + 12);
  segment.source2 = int32(bytes, offset + 16);
  segment.source3 = int32(bytes, offset + 20);
  segment.destination0 = int32(bytes, offset + 24);
  segment.destination1 = int32(bytes, offset + 28);
  segment.destination2 = int32(bytes, offset + 32);
  segment.destination3 = int32(bytes, offset + 36);
  packet.offset = offset + 40;
  const next = bytes[offset + 6]!;
  if (next === PROTOCOL_TCP) return TCP;
  return extensionHeaders(packet, next, fragments);
}

function extensionHeaders(packet: Packet, next: number, fragments: Fragments): Layer {
  for (;;) {
    const { bytes, offset } = packet;
    switch (next) {
      case HOP_BY_HOP:
      case ROUTING:
      case DESTINATION_OPTIONS:
      case MOBILITY:
      case HIP:
      case SHIM6: {
        if (packet.end - offset < 8) return packet.short('IPv6 extension', 8);
        const length = (bytes[offset + 1]! + 1) << 3;
        if (packet.end - offset < length) return packet.short('IPv6 extension', length);
        next = bytes[offset]!;
        packet.offset = offset + length;
        break;
      }
      case FRAGMENT: {
        if (packet.end - offset < 8) return packet.short('IPv6 extension', 8);
        next = bytes[offset]!;
        packet.offset = offset + 8;
        const fragment = uint16(bytes, offset + 2);
        // Offset 0 and nothing more to come: an atomic fragment (RFC 6946) is a whole packet.
        if ((fragment & 0xfff9) === 0) break;
        next = fragments.add(packet, int32(bytes, offset + 4), next, fragment & 0xfff8, (fragment & 1) !== 0);
        if (next === NOT_WHOLE) return NOTHING;
        break;
      }
      case AUTHENTICATION:
        next = authentication(packet);
        if (next === CUT) return NOTHING;
        break;
      default:
        return upperLayer(packet, next);
    }
  }
}

const CUT = -1;

/** Authentication header (RFC 4302): what it protects is in the clear. Gives the next protocol. */
function authentication(packet: Packet): number {
  const { bytes, offset } = packet;
  const length = packet.end - offset < 2 ? 12 : (bytes[offset + 1]! + 2) << 2;
  if (packet.end - offset < length) {
    packet.short('authentication', length);
    return CUT;
  }
  packet.offset = offset + length;
  return bytes[offset]!;
}

function upperLayer(packet: Packet, protocol: number): Layer {
  while (protocol === AUTHENTICATION) protocol = authentication(packet);
  switch (protocol) {
    case CUT:
      return NOTHING;
    case PROTOCOL_TCP:
      return TCP;
    case PROTOCOL_UDP:
      return UDP;
    case IP_IN_IP:
      return IPV4;
    case IPV6_IN_IP:
      return IPV6;
    case PROTOCOL_GRE:
      return GRE;
    case ESP:
      return packet.problem('encrypted by IPsec (ESP)');
    default:
      packet.counts.notTcp++;
      return NOTHING;
  }
}
