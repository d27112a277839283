import type { Packet } from './captureFile.js';
import { fragmented } from './fragmenting.js';
import {
  cooked,
  cooked2,
  cookedVlan,
  loopback,
  mpls,
  overIpv6,
  ppp,
  pppoe,
  qinq,
  rawIp,
  tagged,
  vlan,
} from './linkRewriting.js';
import { doubled, retransmitted, swapped } from './lossRewriting.js';
import { Random } from './random.js';
import { coalesced, lengthPrefixAlone, oneBytePerSegment, segmentsOf } from './resegmenting.js';
import { sequenceWrapped } from './tcpRewriting.js';
import { ENDS_IPV6, erspan, geneve, gre, ipInIp, vxlan } from './tunnelRewriting.js';

type Rewrite = (packets: readonly Packet[]) => Packet[];

/** Other link layers and tunnels. Each keeps the number and order of the TCP packets. */
export const LINK_VARIANTS: Record<string, Rewrite> = {
  VLAN: vlan,
  QinQ: qinq,
  'QinQ 0x9100': (packets) => tagged(packets, [0x9100, 1], [0x8100, 2]),
  'three tags': (packets) => tagged(packets, [0x88a8, 1], [0x8100, 2], [0x8100, 3]),
  'cooked v1': cooked,
  'cooked v2': cooked2,
  'cooked v1, VLAN': (packets) => cookedVlan(packets, 1),
  'cooked v2, VLAN': (packets) => cookedVlan(packets, 2),
  'null, little-endian': (packets) => loopback(packets),
  'null, big-endian': (packets) => loopback(packets, { bigEndian: true }),
  loop: (packets) => loopback(packets, { loop: true }),
  'raw IP': (packets) => rawIp(packets),
  'raw IPv4': (packets) => rawIp(packets, 228),
  PPP: ppp,
  PPPoE: pppoe,
  MPLS: (packets) => mpls(packets),
  IPv6: overIpv6,
  'IPv6, VLAN': (packets) => vlan(overIpv6(packets)),
  'IPv6, cooked v2': (packets) => cooked2(overIpv6(packets)),
  'IPv6, null 24': (packets) => loopback(overIpv6(packets), { ipv6Family: 24 }),
  'IPv6, null 28': (packets) => loopback(overIpv6(packets), { ipv6Family: 28 }),
  'IPv6, null 30, big-endian': (packets) => loopback(overIpv6(packets), { bigEndian: true }),
  'IPv6, raw IP': (packets) => rawIp(overIpv6(packets)),
  'raw IPv6': (packets) => rawIp(overIpv6(packets), 229),
  VXLAN: (packets) => vxlan(packets),
  'VXLAN, Linux port': (packets) => vxlan(packets, { port: 8472 }),
  'VXLAN over IPv6': (packets) => vxlan(packets, { ends: ENDS_IPV6 }),
  'IPv6 in VXLAN': (packets) => vxlan(overIpv6(packets)),
  Geneve: (packets) => geneve(packets),
  'Geneve with IP': (packets) => geneve(packets, { ip: true }),
  GRE: (packets) => gre(packets),
  'GRE with key, sequence, checksum': (packets) => gre(packets, { key: true, sequence: true, checksum: true }),
  'GRE bridged': (packets) => gre(packets, { bridged: true, key: true }),
  'IPv6 in GRE': (packets) => gre(overIpv6(packets)),
  'ERSPAN I': (packets) => erspan(packets, 1),
  'ERSPAN II': (packets) => erspan(packets, 2),
  'ERSPAN III': (packets) => erspan(packets, 3),
  'IP in IP': (packets) => ipInIp(packets),
  'IPv6 in IP': (packets) => ipInIp(overIpv6(packets)),
  'IP in IPv6': (packets) => ipInIp(packets, ENDS_IPV6),
  'VXLAN in VLAN': (packets) => vlan(vxlan(packets)),
  'VXLAN in GRE': (packets) => gre(vxlan(packets)),
};

/** Other segments and packets of the same streams, nothing lost; frame numbers change. */
export const STREAM_VARIANTS: Record<string, Rewrite> = {
  doubled,
  'neighbours swapped': (packets) => swapped(packets, { seed: 1 }),
  'neighbours of a stream swapped': (packets) => swapped(packets, { seed: 2, ratio: 0.7, sameStream: true }),
  'retransmitted in part': (packets) => retransmitted(packets, 3),
  'one byte per segment': oneBytePerSegment,
  'seven bytes per segment, swapped': (packets) => swapped(segmentsOf(packets, 7), { seed: 4, sameStream: true }),
  'length prefix alone': lengthPrefixAlone,
  coalesced,
  'sequence numbers wrapped': sequenceWrapped,
  'sequence numbers wrapped, doubled, swapped': (packets) =>
    swapped(doubled(sequenceWrapped(packets)), { seed: 5, sameStream: true }),
  'IP fragments': (packets) => fragmented(packets, 32),
  'IP fragments, shuffled': (packets) => fragmented(packets, 24, new Random(6)),
  'IP fragments, doubled': (packets) => doubled(fragmented(packets, 40)),
  'IPv6 fragments, shuffled': (packets) => fragmented(overIpv6(packets), 64, new Random(7)),
  'VXLAN in fragments': (packets) => fragmented(vxlan(packets), 64),
};
