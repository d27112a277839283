import type { Frame } from '../../capture/frame.js';
import { uint16 } from '../../network/bytes.js';
import type { Packet } from '../../network/packet.js';
import type { AddressMap } from './addresses.js';
import type { PseudoHeader } from './checksums.js';
import type { Rewriting } from './rewriting.js';

const LINKTYPE_LINUX_SLL = 113;
const LINKTYPE_LINUX_SLL2 = 276;
const LONGEST_HARDWARE = 8;

/** What an IP header says that was rewritten. */
export interface IpHeader {
  readonly pseudo: PseudoHeader;
  /** Of what follows, behind extension headers. */
  readonly protocol: number;
  /** What fragments of one datagram have in common. */
  readonly key: string;
  /** Payload of a fragment: where it stands in what is rewritten, where in the datagram, and its captured length. */
  readonly fragment: { readonly at: number; readonly from: number; readonly length: number };
}

/** The link layer's own header, when `linkLayer` has read it: as it is, but for hardware addresses. */
export function copyLinkHeader(
  packet: Packet,
  { bytes, start, linkType }: Frame,
  out: Buffer,
  addresses: AddressMap,
): void {
  if (packet.offset === start) return;
  bytes.copy(out, 0, start, packet.offset);
  const cooked = linkType === LINKTYPE_LINUX_SLL ? [4, 6] : linkType === LINKTYPE_LINUX_SLL2 ? [11, 12] : null;
  if (cooked === null) return;
  const [lengthAt, addressAt] = cooked as [number, number];
  const said = linkType === LINKTYPE_LINUX_SLL ? uint16(bytes, start + lengthAt) : bytes[start + lengthAt]!;
  const length = Math.min(said, LONGEST_HARDWARE);
  const address = Buffer.from(bytes.subarray(start + addressAt, start + addressAt + length));
  out.fill(0, addressAt, addressAt + LONGEST_HARDWARE);
  if (length > 0) addresses.hardware(address).copy(out, addressAt);
}

/** IPv4 at the packet's offset; null where there is none. Options become padding. */
export function ipv4Header(
  packet: Packet,
  { out, shift, checksums }: Rewriting,
  addresses: AddressMap,
): IpHeader | null {
  const { bytes, offset } = packet;
  if (packet.end - offset < 20 || bytes[offset]! >> 4 !== 4) return null;
  const length = (bytes[offset]! & 15) << 2;
  if (length < 20 || packet.end - offset < length) return null;
  const total = uint16(bytes, offset + 2);
  // Longer than the frame, which a tool cut without saying so: believed only with its checksum.
  if (offset + total > packet.wireEnd && !sumsUp(bytes, offset, offset + length)) return null;
  const at = offset - shift;
  bytes.copy(out, at, offset, offset + 12);
  const source = addresses.ip(bytes.subarray(offset + 12, offset + 16));
  const destination = addresses.ip(bytes.subarray(offset + 16, offset + 20));
  source.copy(out, at + 12);
  destination.copy(out, at + 16);
  // No operation.
  out.fill(1, at + 20, at + length);
  checksums.push({ at: at + 10, from: at, to: at + length, pseudo: null });
  const protocol = bytes[offset + 9]!;
  const end = total === 0 ? packet.end : Math.min(packet.end, offset + total);
  return {
    pseudo: { source, destination, protocol },
    protocol,
    key: `${source.toString('hex')} ${destination.toString('hex')} ${uint16(bytes, offset + 4)} ${protocol}`,
    fragment: {
      at: at + length,
      from: (uint16(bytes, offset + 6) & 0x1fff) << 3,
      length: Math.max(0, end - offset - length),
    },
  };
}

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;
const SHORT_HEADERS: readonly number[] = [HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS, 135, 139, 140];

/** IPv6 at the packet's offset with its extension headers, of which nothing but their kinds and lengths stays. */
export function ipv6Header(packet: Packet, { out, shift }: Rewriting, addresses: AddressMap): IpHeader | null {
  const { bytes, offset } = packet;
  if (packet.end - offset < 40 || bytes[offset]! >> 4 !== 6) return null;
  const payload = uint16(bytes, offset + 4);
  if (offset + 40 + payload > packet.wireEnd) return null;
  const end = payload === 0 ? packet.end : Math.min(packet.end, offset + 40 + payload);
  bytes.copy(out, offset - shift, offset, offset + 8);
  const source = addresses.ip(bytes.subarray(offset + 8, offset + 24));
  const destination = addresses.ip(bytes.subarray(offset + 24, offset + 40));
  source.copy(out, offset - shift + 8);
  destination.copy(out, offset - shift + 24);
  let next = bytes[offset + 6]!;
  let at = offset + 40;
  let fragment = { at: 0, from: 0, length: 0 };
  let id = '';
  while (end - at >= 8 && id === '') {
    if (next === FRAGMENT) {
      bytes.copy(out, at - shift, at, at + 8);
      next = bytes[at]!;
      at += 8;
      // An atomic fragment is a whole packet.
      if ((uint16(bytes, at - 6) & 0xfff9) === 0) continue;
      id = bytes.toString('hex', at - 4, at);
      fragment = { at: at - shift, from: uint16(bytes, at - 6) & 0xfff8, length: Math.max(0, end - at) };
    } else if (SHORT_HEADERS.includes(next) || next === AUTHENTICATION) {
      const length = next === AUTHENTICATION ? (bytes[at + 1]! + 2) << 2 : (bytes[at + 1]! + 1) << 3;
      if (end - at < length) break;
      bytes.copy(out, at - shift, at, at + 2);
      next = bytes[at]!;
      at += length;
    } else break;
  }
  const key = `${source.toString('hex')} ${destination.toString('hex')} ${id}`;
  return { pseudo: { source, destination, protocol: next }, protocol: next, key, fragment };
}

/** TCP options that are kept, with their lengths: no operation, segment size, window scale, SACK permitted, SACK, timestamps. */
const KEPT_OPTIONS: Readonly<Record<number, readonly number[]>> = {
  1: [1],
  2: [4],
  3: [3],
  4: [2],
  5: [10, 18, 26, 34],
  8: [10],
};

/** Options of TCP from `from` to before `to`; those that are not known become padding. */
export function tcpOptions({ bytes, end }: Packet, from: number, to: number, { out, shift }: Rewriting): void {
  const stop = Math.min(to, end);
  for (let at = from; at < stop;) {
    const kind = bytes[at]!;
    if (kind === 0) return;
    const length = kind === 1 ? 1 : at + 1 < stop ? bytes[at + 1]! : 0;
    if (length < 1 || (kind !== 1 && length < 2) || at + length > stop) {
      out.fill(1, at - shift, stop - shift);
      return;
    }
    if (KEPT_OPTIONS[kind]?.includes(length) === true) bytes.copy(out, at - shift, at, at + length);
    else out.fill(1, at - shift, at + length - shift);
    at += length;
  }
}

/** Highest operation of ARP that is assigned. */
const HIGHEST_ARP = 25;

/** ARP for IPv4 at the packet's offset; false where it is none: kinds and operation, and the addresses mapped. */
export function arp({ bytes, offset, end }: Packet, { out, shift }: Rewriting, addresses: AddressMap): boolean {
  const hardware = 6;
  const protocol = 4;
  const length = 8 + 2 * (hardware + protocol);
  // Ethernet, IPv4, the lengths of their addresses.
  if (end - offset < length || bytes.toString('hex', offset, offset + 6) !== '000108000604') return false;
  if (uint16(bytes, offset + 6) > HIGHEST_ARP) return false;
  bytes.copy(out, offset - shift, offset, offset + 8);
  for (let at = offset + 8; at < offset + length; at += hardware + protocol) {
    addresses.hardware(bytes.subarray(at, at + hardware)).copy(out, at - shift);
    addresses.ip(bytes.subarray(at + hardware, at + hardware + protocol)).copy(out, at + hardware - shift);
  }
  return true;
}

/** Whether the checksum of an IPv4 header is right. */
function sumsUp(bytes: Buffer, from: number, to: number): boolean {
  let sum = 0;
  for (let at = from; at < to; at += 2) sum += uint16(bytes, at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum === 0xffff;
}
