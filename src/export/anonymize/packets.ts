import type { Frame } from '../../capture/frame.js';
import { uint16 } from '../../network/bytes.js';
import { Fragments } from '../../network/fragments.js';
import { ipv4, ipv6 } from '../../network/ip.js';
import { ethernet, linkLayer } from '../../network/linkLayer.js';
import { ETHERNET, GRE, IPV4, IPV6, NOTHING, Packet, TCP, UDP } from '../../network/packet.js';
import type { Segment } from '../../network/segment.js';
import { tcpHeader } from '../../network/tcpHeader.js';
import { gre, udp } from '../../network/tunnels.js';
import type { AddressMap } from './addresses.js';
import type { PseudoHeader } from './checksums.js';
import { FragmentGroups } from './fragmentGroups.js';
import { arp, copyLinkHeader, ipv4Header, ipv6Header, tcpOptions } from './headers.js';
import type { OutputFrame } from './output.js';
import { Rewriting } from './rewriting.js';

const PROTOCOL_ICMP = 1;
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const PROTOCOL_ICMPV6 = 58;
const ETHERTYPE_ARP = 0x0806;
const UDP_CHECKSUM = 6;
const TCP_CHECKSUM = 16;
const URG = 0x20;
const URGENT = 18;
const ETHERNET_HEADER = 14;
const UDP_HEADER = 8;
/** Of VXLAN and of Geneve without options. */
const TUNNEL_HEADER = 8;
const ICMP_CHECKSUM = 2;

/** Takes the payload of a TCP segment: it is to be put at `at` of `rewriting.out`, which is then to be finished. */
export type TakeSegment = (segment: Segment, rewriting: Rewriting, at: number, frame: OutputFrame) => void;

/**
 * Rewrites frames layer by layer, as the dissector reads them. Headers that are understood are kept with other addresses,
 * TCP's payload is left to whoever knows the stream; everything else is zeros, and checksums are right again.
 */
export class PacketRewriter {
  private readonly packet = new Packet();
  private readonly fragments = new Fragments();
  private readonly groups = new FragmentGroups();

  constructor(
    private readonly addresses: AddressMap,
    private readonly onSegment: TakeSegment,
  ) {}

  /** Rewrites a frame into `frame.data`, which is zeros and as long as its captured bytes. */
  rewrite(source: Frame, frame: OutputFrame): void {
    const { packet } = this;
    packet.take(source);
    let into = new Rewriting(frame.data, source.start);
    frame.open++;
    into.whenDone(() => {
      frame.open--;
    });
    const whole = into;
    let left = false;
    let layer = linkLayer(packet, source.linkType);
    if (layer === NOTHING ? this.arpBehind(packet, source.start, into) : packet.offset > source.start)
      copyLinkHeader(packet, source, frame.data, this.addresses);
    let pseudo: PseudoHeader | null = null;
    let protocol = 0;
    while (layer !== NOTHING) {
      const at = packet.offset;
      switch (layer) {
        case ETHERNET:
          layer = ethernet(packet);
          this.ethernetHeader(at, into, layer !== NOTHING || this.arpBehind(packet, at, into));
          break;
        case IPV4:
        case IPV6: {
          if (!packet.descend()) {
            layer = NOTHING;
            break;
          }
          const four: boolean = layer === IPV4;
          const header = four ? ipv4Header(packet, into, this.addresses) : ipv6Header(packet, into, this.addresses);
          if (header !== null) ({ pseudo, protocol } = header);
          const { bytes } = packet;
          const { fragments, notTcp, repeatedFragments } = packet.counts;
          layer = four ? ipv4(packet, this.fragments) : ipv6(packet, this.fragments);
          if (header === null) {
            // A datagram that a fragment with such a header made whole is not looked into.
            if (packet.bytes !== bytes) layer = NOTHING;
            break;
          }
          if (packet.counts.fragments === fragments) break;
          // A fragment: what it holds is filled in when its datagram is whole.
          if (packet.counts.notTcp > notTcp && packet.bytes === bytes) {
            protocol = 0;
            break;
          }
          const repeated = packet.counts.repeatedFragments > repeatedFragments;
          const group = this.groups.add(header, frame, into, repeated, packet.time);
          if (packet.bytes === bytes) break;
          if (!left) whole.finish();
          left = true;
          into = group.begin(packet.wireEnd);
          break;
        }
        case UDP:
          layer = udp(packet);
          this.udpHeader(packet, at, into, layer !== NOTHING);
          if (packet.end - at >= 8) this.udpChecksum(packet, at, into, pseudo);
          break;
        case GRE:
          layer = gre(packet);
          if (layer === NOTHING) break;
          this.copy(packet, at, packet.offset, into);
          if ((uint16(packet.bytes, at) & 0x8000) !== 0) this.greChecksum(packet, at, into);
          break;
        case TCP:
          layer = NOTHING;
          if (this.tcp(packet, at, into, pseudo)) {
            this.onSegment(packet.segment, into, packet.segment.start - into.shift, frame);
            // Whoever has the payload finishes it.
            if (into !== whole && !left) whole.finish();
            return;
          }
          break;
      }
      if (layer === NOTHING) this.icmp(packet, protocol, into, pseudo);
    }
    into.finish();
    if (into !== whole) whole.finish();
  }

  /** Nothing more comes: fragments that wait for others stay zeros. */
  end(): void {
    this.groups.end();
  }

  private copy({ bytes, end }: Packet, from: number, to: number, { out, shift }: Rewriting): void {
    bytes.copy(out, from - shift, from, Math.min(to, end));
  }

  /** @param known what follows is understood: tags and labels before it are what they seem */
  private ethernetHeader(at: number, into: Rewriting, known: boolean): void {
    const { packet } = this;
    if (packet.end - at < ETHERNET_HEADER) return;
    this.copy(packet, at, known ? packet.offset : at + ETHERNET_HEADER, into);
    for (const mac of [at, at + 6]) {
      this.addresses.hardware(packet.bytes.subarray(mac, mac + 6)).copy(into.out, mac - into.shift);
    }
  }

  /** ARP is understood, under Ethernet and in cooked captures; all else that is not IP is not. */
  private arpBehind(packet: Packet, headerAt: number, into: Rewriting): boolean {
    const { bytes, offset } = packet;
    return offset - headerAt >= 2 && uint16(bytes, offset - 2) === ETHERTYPE_ARP && arp(packet, into, this.addresses);
  }

  /** UDP's own header; of a tunnel's behind it, which is VXLAN or Geneve, flags, protocol and network. */
  private udpHeader(packet: Packet, at: number, into: Rewriting, tunnel: boolean): void {
    this.copy(packet, at, at + UDP_HEADER, into);
    const inner = at + UDP_HEADER;
    if (!tunnel) return;
    this.copy(packet, inner, inner + TUNNEL_HEADER - 1, into);
  }

  private tcp(packet: Packet, at: number, into: Rewriting, pseudo: PseudoHeader | null): boolean {
    if (!tcpHeader(packet)) return false;
    const { segment, end, wireEnd, bytes } = packet;
    // Nobody sends urgent data, or sets what is reserved: bytes that say so are not a header.
    if ((bytes[at + 12]! & 0x0e) !== 0 || (bytes[at + 13]! & URG) !== 0 || uint16(bytes, at + URGENT) !== 0)
      return false;
    this.copy(packet, at, at + 20, into);
    tcpOptions(packet, at + 20, segment.start, into);
    const from = at - into.shift;
    into.out.writeUInt16BE(0, from + TCP_CHECKSUM);
    if (end === wireEnd && pseudo !== null) {
      const own = { ...pseudo, protocol: PROTOCOL_TCP };
      into.checksums.push({ at: from + TCP_CHECKSUM, from, to: end - into.shift, pseudo: own });
    }
    return true;
  }

  private udpChecksum({ bytes, end, wireEnd }: Packet, at: number, into: Rewriting, pseudo: PseudoHeader | null): void {
    const from = at - into.shift;
    const none = uint16(bytes, at + UDP_CHECKSUM) === 0;
    const length = uint16(bytes, at + 4);
    into.out.writeUInt16BE(0, from + UDP_CHECKSUM);
    if (none || end !== wireEnd || pseudo === null || (length !== 0 && length !== end - at)) return;
    const own = { ...pseudo, protocol: PROTOCOL_UDP };
    into.checksums.push({ at: from + UDP_CHECKSUM, from, to: end - into.shift, pseudo: own, zeroIsNone: true });
  }

  private greChecksum({ end, wireEnd }: Packet, at: number, into: Rewriting): void {
    const from = at - into.shift;
    into.out.writeUInt16BE(0, from + 4);
    if (end === wireEnd) into.checksums.push({ at: from + 4, from, to: end - into.shift, pseudo: null });
  }

  /** Type and code of ICMP; the rest, with the packet that it may tell of, goes. */
  private icmp(
    { bytes, offset, end, wireEnd }: Packet,
    protocol: number,
    into: Rewriting,
    pseudo: PseudoHeader | null,
  ): void {
    if ((protocol !== PROTOCOL_ICMP && protocol !== PROTOCOL_ICMPV6) || end - offset < 4) return;
    const from = offset - into.shift;
    bytes.copy(into.out, from, offset, offset + 2);
    if (end !== wireEnd) return;
    const own = protocol === PROTOCOL_ICMP || pseudo === null ? null : { ...pseudo, protocol };
    into.checksums.push({ at: from + ICMP_CHECKSUM, from, to: end - into.shift, pseudo: own });
  }
}
