import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ipv6Of } from '../testing/addresses.js';
import type { Packet } from '../testing/captureFile.js';
import { readCapture } from '../testing/captureFile.js';
import type { SegmentCopy } from '../testing/segments.js';
import { dissect } from '../testing/segments.js';
import { LINK_VARIANTS } from '../testing/variants.js';

// Ethernet, IPv4 and TCP with timestamps option: 10.0.0.1:40000 → 10.0.0.2:2181, sequence 0xfffffff0,
// acknowledgement 0x80000001, PSH and ACK, window 502, a ping as payload.
const ETHERNET = '0242 0a000002 0242 0a000001 0800';
const IPV4 = '4500 0040 1234 4000 4006 0000 0a000001 0a000002';
const TCP = '9c40 0885 fffffff0 80000001 8018 01f6 0000 0000 0101 080a 00000001 00000002';
const PING = '00000008 fffffffe 0000000b';

function packet(hex: string, options: { linkType?: number; originalLength?: number } = {}): Packet {
  const data = Buffer.from(hex.replace(/\s/g, ''), 'hex');
  const { linkType = 1, originalLength = data.length } = options;
  return { seconds: 1_700_000_000, nanos: 5, data, originalLength, linkType };
}

const SEGMENT: SegmentCopy = {
  frame: 1,
  time: 5,
  family: 4,
  source: '10.0.0.1',
  destination: '10.0.0.2',
  sourcePort: 40000,
  destinationPort: 2181,
  sequence: 0xfffffff0,
  acknowledgement: 0x80000001,
  flags: 0x18,
  window: 502,
  payload: PING.replace(/\s/g, ''),
  wireLength: 12,
};

const V6 = { ...SEGMENT, family: 6, source: 'fd77::1', destination: 'fd77::2' };
const V6_ADDRESSES = 'fd770000000000000000000000000001 fd770000000000000000000000000002';
/** An IPv6 header over `length` bytes. */
const ipv6 = (length: number, next: string): string =>
  `60000000 ${length.toString(16).padStart(4, '0')} ${next} 40 ${V6_ADDRESSES}`;

describe('Dissector', () => {
  it('reads every field of a segment', () => {
    const { segments, dissector } = dissect([packet(`${ETHERNET} ${IPV4} ${TCP} ${PING}`)]);
    expect(segments).toEqual([SEGMENT]);
    expect(dissector.problems()).toEqual([]);
    expect(dissector.counts).toMatchObject({ frames: 1, segments: 1, notIp: 0, notTcp: 0, fragments: 0 });
  });

  it.each<[string, Packet]>([
    ['padding behind the packet', packet(`${ETHERNET} ${IPV4} ${TCP} ${PING} 00000000 00000000`)],
    ['total length 0 (offload)', packet(`${ETHERNET} ${IPV4.replace('0040', '0000')} ${TCP} ${PING}`)],
    ['IPv4 options', packet(`${ETHERNET} ${IPV4.replace('4500 0040', '4700 0048')} 01010101 01010100 ${TCP} ${PING}`)],
    [
      'authentication header',
      packet(
        `${ETHERNET} ${IPV4.replace('0040', '0058').replace('4006', '4033')} 06040000 00000001 00000001 ${'00'.repeat(12)} ${TCP} ${PING}`,
      ),
    ],
    ['VLAN', packet(`${ETHERNET.replace('0800', '8100 0064 0800')} ${IPV4} ${TCP} ${PING}`)],
    ['QinQ', packet(`${ETHERNET.replace('0800', '88a8 0007 8100 0064 0800')} ${IPV4} ${TCP} ${PING}`)],
    ['cooked v1', packet(`0000 0001 0006 02420a000001 0000 0800 ${IPV4} ${TCP} ${PING}`, { linkType: 113 })],
    ['cooked v2', packet(`0800 0000 00000002 0001 00 06 02420a000001 0000 ${IPV4} ${TCP} ${PING}`, { linkType: 276 })],
    [
      'cooked v2, VLAN',
      packet(`8100 0000 00000002 0001 00 06 02420a000001 0000 0064 0800 ${IPV4} ${TCP} ${PING}`, { linkType: 276 }),
    ],
    ['null, little-endian', packet(`02000000 ${IPV4} ${TCP} ${PING}`, { linkType: 0 })],
    ['null, big-endian', packet(`00000002 ${IPV4} ${TCP} ${PING}`, { linkType: 0 })],
    ['loop', packet(`00000002 ${IPV4} ${TCP} ${PING}`, { linkType: 108 })],
    ['raw 101', packet(`${IPV4} ${TCP} ${PING}`, { linkType: 101 })],
    ['raw 12', packet(`${IPV4} ${TCP} ${PING}`, { linkType: 12 })],
    ['raw 14', packet(`${IPV4} ${TCP} ${PING}`, { linkType: 14 })],
    ['raw IPv4', packet(`${IPV4} ${TCP} ${PING}`, { linkType: 228 })],
    ['PPP', packet(`0021 ${IPV4} ${TCP} ${PING}`, { linkType: 9 })],
    ['PPP, short protocol', packet(`21 ${IPV4} ${TCP} ${PING}`, { linkType: 9 })],
    ['PPP with HDLC', packet(`ff03 0021 ${IPV4} ${TCP} ${PING}`, { linkType: 9 })],
    ['PPPoE', packet(`${ETHERNET.replace('0800', '8864')} 1100 0001 0042 0021 ${IPV4} ${TCP} ${PING}`)],
    ['MPLS', packet(`${ETHERNET.replace('0800', '8847')} 00064040 00065140 ${IPV4} ${TCP} ${PING}`)],
  ])('reads the same segment: %s', (_, frame) => {
    const { segments, dissector } = dissect([frame]);
    expect(segments).toEqual([SEGMENT]);
    expect(dissector.problems()).toEqual([]);
  });

  it.each<[string, string]>([
    ['alone', ipv6(44, '06')],
    ['payload length 0 (offload)', ipv6(0, '06')],
    [
      'hop-by-hop, destination, routing',
      `${ipv6(76, '00')} 3c00 050200000000 2b01 ${'00'.repeat(14)} 0600 000000000000`,
    ],
    ['atomic fragment', `${ipv6(52, '2c')} 0600 0000 00000001`],
    [
      'authentication, destination',
      `${ipv6(76, '33')} 3c040000 00000001 00000001 ${'00'.repeat(12)} 0600 010400000000`,
    ],
  ])('reads IPv6: %s', (_, headers) => {
    const { segments, dissector } = dissect([packet(`${ETHERNET.replace('0800', '86dd')} ${headers} ${TCP} ${PING}`)]);
    expect(dissector.problems()).toEqual([]);
    expect(segments).toEqual([V6]);
  });

  it.each([10, 23, 24, 28, 30])('reads IPv6 on BSD loopback, address family %i, in both byte orders', (family) => {
    const byte = family.toString(16).padStart(2, '0');
    const rest = `${ipv6(44, '06')} ${TCP} ${PING}`;
    const { segments } = dissect([
      packet(`${byte}000000 ${rest}`, { linkType: 0 }),
      packet(`000000${byte} ${rest}`, { linkType: 0 }),
    ]);
    expect(segments).toEqual([V6, { ...V6, frame: 2 }]);
  });

  it('knows the length on the wire where the snap length cut the payload', () => {
    const whole = `${ETHERNET} ${IPV4} ${TCP} ${PING}`;
    const cut = packet(whole.slice(0, -'fffffffe 0000000b'.length), { originalLength: 78 });
    expect(dissect([cut]).segments).toEqual([{ ...SEGMENT, payload: '00000008', wireLength: 12 }]);
    const offload = packet(`${ETHERNET} ${IPV4.replace('0040', '0000')} ${TCP} 00000008`, { originalLength: 1000 });
    expect(dissect([offload]).segments).toEqual([{ ...SEGMENT, payload: '00000008', wireLength: 1000 - 66 }]);
  });

  it('believes IP where a tool cut the frame without saying so, and counts it', () => {
    const { segments, dissector } = dissect([packet(`${ETHERNET} ${IPV4} ${TCP} 00000008`)]);
    expect(segments).toEqual([{ ...SEGMENT, payload: '00000008', wireLength: 12 }]);
    expect(dissector.problems()).toEqual([{ kind: 'IP length beyond the end of the frame', count: 1, firstFrame: 1 }]);
  });

  it('keeps a segment whose TCP options are cut, with its length', () => {
    const cut = packet(`${ETHERNET} ${IPV4} ${TCP.slice(0, -9)}`, { originalLength: 78 });
    const { segments, dissector } = dissect([cut]);
    expect(segments).toEqual([{ ...SEGMENT, payload: '', wireLength: 12 }]);
    expect(dissector.problems()).toEqual([{ kind: 'TCP header cut by the snap length', count: 1, firstFrame: 1 }]);
  });

  it.each<[string, Packet]>([
    ['link layer header incomplete', packet('0242 0a000002')],
    ['link layer header cut by the snap length', packet('0242 0a000002', { originalLength: 60 })],
    ['link layer header incomplete', packet('0800 0000', { linkType: 276 })],
    ['link layer header incomplete', packet('', { linkType: 101 })],
    ['VLAN header incomplete', packet(`${ETHERNET.replace('0800', '8100')} 0064`)],
    ['PPP header incomplete', packet(`${ETHERNET.replace('0800', '8864')} 1100`)],
    ['MPLS header cut by the snap length', packet(`${ETHERNET.replace('0800', '8847')} 0006`, { originalLength: 60 })],
    ['IPv4 header incomplete', packet(`${ETHERNET} 4500 0040`)],
    ['IPv4 header cut by the snap length', packet(`${ETHERNET} 4500 0040`, { originalLength: 78 })],
    [
      'IPv4 header cut by the snap length',
      packet(`${ETHERNET} ${IPV4.replace('4500', '4600')}`, { originalLength: 78 }),
    ],
    ['IPv4 version is not 4', packet(`${ETHERNET} ${IPV4.replace('4500', '5500')} ${TCP} ${PING}`)],
    ['IPv4 header length below 20', packet(`${ETHERNET} ${IPV4.replace('4500', '4400')} ${TCP} ${PING}`)],
    ['IPv4 total length shorter than the header', packet(`${ETHERNET} ${IPV4.replace('0040', '0013')} ${TCP} ${PING}`)],
    ['IPv6 header incomplete', packet(`${ETHERNET.replace('0800', '86dd')} 6000`)],
    ['IPv6 version is not 6', packet(`${ipv6(44, '06').replace('60', '40')} ${TCP} ${PING}`, { linkType: 229 })],
    ['IPv6 extension header incomplete', packet(`${ipv6(4, '00')} 06000000`, { linkType: 101 })],
    ['IPv6 extension header incomplete', packet(`${ipv6(8, '3c')} 0601000000000000`, { linkType: 101 })],
    ['authentication header incomplete', packet(`${ipv6(1, '33')} 06`, { linkType: 101 })],
    ['TCP header incomplete', packet(`${ETHERNET} ${IPV4.replace('0040', '0027')} ${TCP} ${PING}`)],
    ['TCP header cut by the snap length', packet(`${ETHERNET} ${IPV4} ${TCP.slice(0, 20)}`, { originalLength: 78 })],
    ['TCP data offset below 20', packet(`${ETHERNET} ${IPV4} ${TCP.replace('8018', '4018')} ${PING}`)],
    [
      'TCP data offset beyond the end of the packet',
      packet(`${ETHERNET} ${IPV4} ${TCP.replace('8018', 'f018')} ${PING}`),
    ],
    ['UDP header incomplete', packet(`${ETHERNET} ${IPV4.replace('0040', '0018').replace('4006', '4011')} 0001 12b5`)],
    [
      'UDP length below 8',
      packet(`${ETHERNET} ${IPV4.replace('0040', '001c').replace('4006', '4011')} 0001 12b5 0007 0000`),
    ],
    [
      'VXLAN header incomplete',
      packet(`${ETHERNET} ${IPV4.replace('0040', '0020').replace('4006', '4011')} 0001 12b5 000c 0000 08000000`),
    ],
    [
      'Geneve header incomplete',
      packet(
        `${ETHERNET} ${IPV4.replace('0040', '0024').replace('4006', '4011')} 0001 17c1 0010 0000 0100655800002a00`,
      ),
    ],
    ['GRE header incomplete', packet(`${ETHERNET} ${IPV4.replace('0040', '0016').replace('4006', '402f')} 2000`)],
    [
      'ERSPAN header incomplete',
      packet(`${ETHERNET} ${IPV4.replace('0040', '001c').replace('4006', '402f')} 100088be 00000000`),
    ],
    ['encrypted by IPsec (ESP)', packet(`${ETHERNET} ${IPV4.replace('4006', '4032')} ${TCP} ${PING}`)],
    [
      'encrypted by IPsec (ESP)',
      packet(`${ETHERNET} ${IPV4.replace('4006', '4011')} 1194 1194 002c 0000 00000001 ${'00'.repeat(32)}`),
    ],
    [
      'tunnels nested too deeply',
      packet(`${ETHERNET} ${IPV4.replace('0040', '0000').replace('4006', '4004').repeat(9)}`),
    ],
    ['link type 195 (IEEE802_15_4) not supported', packet('00', { linkType: 195 })],
  ])('counts: %s', (kind, frame) => {
    const fine = packet(`${ETHERNET} ${IPV4} ${TCP} ${PING}`);
    const { segments, dissector } = dissect([fine, frame, frame]);
    expect(dissector.problems()).toEqual([{ kind, count: 2, firstFrame: 2 }]);
    expect(segments).toEqual([SEGMENT]);
  });

  it('tells a hundred link types apart at most', () => {
    const { dissector } = dissect(Array.from({ length: 300 }, (_, i) => packet('00', { linkType: 1000 + i })));
    const problems = dissector.problems();
    expect(problems.length).toBe(101);
    expect(problems.at(-1)).toEqual({ kind: 'further link types not supported', count: 200, firstFrame: 101 });
  });

  it('counts what is not IP, and what is not TCP', () => {
    const { dissector } = dissect([
      packet(`${ETHERNET.replace('0800', '0806')} 0001 0800 0604 0001`),
      packet(`${ETHERNET.replace('0800', '0026')} 4242 03`),
      packet(`0004 0000 00000002 0338 00 06 000000000000 0000 4500`, { linkType: 276 }),
      packet(`07000000 4500`, { linkType: 0 }),
      packet('7500', { linkType: 101 }),
      packet('c021 0101', { linkType: 9 }),
      packet(`${ETHERNET} ${IPV4.replace('4006', '4001')} ${TCP} ${PING}`),
      packet(`${ETHERNET} ${IPV4.replace('4006', '4011')} 0035 9c40 002c 0000 ${'00'.repeat(36)}`),
      // VXLAN's port without its flag, GRE of another version, a key exchange of IPsec
      packet(`${ETHERNET} ${IPV4.replace('4006', '4011')} 0035 2118 002c 0000 ${'00'.repeat(36)}`),
      packet(`${ETHERNET} ${IPV4.replace('4006', '402f')} 3001880b ${'00'.repeat(40)}`),
      packet(`${ETHERNET} ${IPV4.replace('4006', '4011')} 1194 1194 002c 0000 ${'00'.repeat(36)}`),
    ]);
    expect(dissector.counts).toMatchObject({ frames: 11, segments: 0, notIp: 6, notTcp: 5 });
    expect(dissector.problems()).toEqual([]);
  });
});

const fixtures = join(import.meta.dirname, '../../fixtures/protocol');
const captures = readdirSync(fixtures).filter((name) => /\.pcap(ng)?$/.test(name));

describe('Dissector on rewritten captures', () => {
  /** All but frame numbers and times, which change where packets are left out. */
  const content = (packets: readonly Packet[]): SegmentCopy[] => {
    const { segments, dissector } = dissect(packets);
    expect(dissector.problems()).toEqual([]);
    return segments.map((segment) => ({ ...segment, frame: 0, time: 0 }));
  };

  it.each(captures)('finds the same segments under every link layer and tunnel: %s', (name) => {
    const packets = readCapture(readFileSync(join(fixtures, name))).slice(0, 150);
    const original = content(packets);
    expect(original.length).toBeGreaterThan(50);
    for (const [variant, rewrite] of Object.entries(LINK_VARIANTS)) {
      const mapped = content(rewrite(packets));
      const six = mapped[0]!.family === 6;
      const expected = original.map((segment) => ({
        ...segment,
        family: six ? 6 : 4,
        source: six ? ipv6Of(segment.source) : segment.source,
        destination: six ? ipv6Of(segment.destination) : segment.destination,
      }));
      expect(mapped, variant).toEqual(expected);
    }
  });
});
