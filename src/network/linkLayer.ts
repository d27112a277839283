import { linkTypeName } from '../capture/linkTypes.js';
import { uint16 } from './bytes.js';
import type { Layer, Packet } from './packet.js';
import { ETHERNET, IPV4, IPV6, NOTHING } from './packet.js';

/** LINKTYPE_ values, www.tcpdump.org/linktypes.html. */
const LINKTYPE_NULL = 0;
const LINKTYPE_ETHERNET = 1;
const LINKTYPE_PPP = 9;
const LINKTYPE_PPP_HDLC = 50;
/** 12 and 14 are DLT_RAW of the BSDs, which some programs write unchanged. */
const DLT_RAW = 12;
const DLT_RAW_OPENBSD = 14;
const LINKTYPE_RAW = 101;
const LINKTYPE_LOOP = 108;
const LINKTYPE_LINUX_SLL = 113;
const LINKTYPE_IPV4 = 228;
const LINKTYPE_IPV6 = 229;
const LINKTYPE_LINUX_SLL2 = 276;

/** Reads the header of the frame's link layer. */
export function linkLayer(packet: Packet, linkType: number): Layer {
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      return ETHERNET;
    case LINKTYPE_LINUX_SLL:
      return cooked(packet, 16, 14, 2);
    case LINKTYPE_LINUX_SLL2:
      return cooked(packet, 20, 0, 8);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      return loopback(packet);
    case LINKTYPE_RAW:
    case DLT_RAW:
    case DLT_RAW_OPENBSD:
      return rawIp(packet);
    case LINKTYPE_IPV4:
      return IPV4;
    case LINKTYPE_IPV6:
      return IPV6;
    case LINKTYPE_PPP:
    case LINKTYPE_PPP_HDLC:
      return ppp(packet);
    default:
      return packet.problem(`link type ${linkType} (${linkTypeName(linkType)}) not supported`);
  }
}

/** Destination 6, source 6, type 2. */
export function ethernet(packet: Packet): Layer {
  const offset = packet.offset;
  if (packet.end - offset < 14) return packet.short('link layer', 14);
  packet.offset = offset + 14;
  return etherType(packet, uint16(packet.bytes, offset + 12));
}

/** What an EtherType announces, behind any number of VLAN tags. */
export function etherType(packet: Packet, type: number): Layer {
  for (;;) {
    switch (type) {
      case 0x0800:
        return IPV4;
      case 0x86dd:
        return IPV6;
      case 0x8100: // 802.1Q
      case 0x88a8: // 802.1ad
      case 0x9100: // QinQ before 802.1ad
      case 0x9200:
        if (packet.end - packet.offset < 4) return packet.short('VLAN', 4);
        type = uint16(packet.bytes, packet.offset + 2);
        packet.offset += 4;
        break;
      case 0x6558: // transparent Ethernet bridging
        return ETHERNET;
      case 0x8847:
      case 0x8848:
        return mpls(packet);
      case 0x8864:
        // PPPoE session: version and type 1, code 1, session 2, length 2.
        if (packet.end - packet.offset < 6) return packet.short('PPP', 6);
        packet.offset += 6;
        return ppp(packet);
      default: // below 0x0600 it is a length, and LLC follows
        packet.counts.notIp++;
        return NOTHING;
    }
  }
}

/** Linux cooked capture, v1 and v2: fixed size, EtherType and ARPHRD_ type at fixed places. */
function cooked(packet: Packet, size: number, typeAt: number, hardwareTypeAt: number): Layer {
  const { bytes, offset } = packet;
  if (packet.end - offset < size) return packet.short('link layer', size);
  packet.offset = offset + size;
  if (uint16(bytes, offset + hardwareTypeAt) === 824) {
    // ARPHRD_NETLINK: the type is a netlink family
    packet.counts.notIp++;
    return NOTHING;
  }
  return etherType(packet, uint16(bytes, offset + typeAt));
}

/**
 * BSD loopback: an address family of four bytes, in the byte order of the host that captured (LINKTYPE_NULL) or of the
 * network (LINKTYPE_LOOP). Families are below 256, so the byte that is not zero tells the order.
 */
function loopback(packet: Packet): Layer {
  const { bytes, offset } = packet;
  if (packet.end - offset < 4) return packet.short('link layer', 4);
  packet.offset = offset + 4;
  const little = bytes[offset]!;
  const family = little === 0 ? bytes[offset + 3]! : little;
  if (bytes[offset + 1] === 0 && bytes[offset + 2] === 0) {
    // AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 23 Windows, 24 NetBSD and OpenBSD, 28 FreeBSD, 30 macOS.
    if (family === 2) return IPV4;
    if (family === 10 || family === 23 || family === 24 || family === 28 || family === 30) return IPV6;
  }
  packet.counts.notIp++;
  return NOTHING;
}

/** IP without a link layer: the version is in the first four bits. */
export function rawIp(packet: Packet): Layer {
  if (packet.end - packet.offset < 1) return packet.short('link layer', 1);
  const version = packet.bytes[packet.offset]! >> 4;
  if (version === 4) return IPV4;
  if (version === 6) return IPV6;
  packet.counts.notIp++;
  return NOTHING;
}

/** PPP, with or without the HDLC address and control bytes; the protocol's first byte may be left out (RFC 1661). */
function ppp(packet: Packet): Layer {
  const { bytes, end } = packet;
  let offset = packet.offset;
  if (end - offset < 4) return packet.short('PPP', 4);
  if (bytes[offset] === 0xff && bytes[offset + 1] === 0x03) offset += 2;
  let protocol = bytes[offset++]!;
  if ((protocol & 1) === 0) protocol = (protocol << 8) | bytes[offset++]!;
  packet.offset = offset;
  if (protocol === 0x21) return IPV4;
  if (protocol === 0x57) return IPV6;
  packet.counts.notIp++;
  return NOTHING;
}

/** MPLS labels do not say what they carry; below the last one, IP shows itself by its version. */
function mpls(packet: Packet): Layer {
  const { bytes, end } = packet;
  for (;;) {
    const offset = packet.offset;
    if (end - offset < 4) return packet.short('MPLS', 4);
    packet.offset = offset + 4;
    if ((bytes[offset + 2]! & 1) !== 0) return rawIp(packet);
  }
}
