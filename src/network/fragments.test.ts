import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CaptureBuilder } from '../testing/captureBuilder.js';
import type { Packet } from '../testing/captureFile.js';
import { fragmented } from '../testing/fragmenting.js';
import { ethernetHeader, IPV4, IPV6, ipPacket } from '../testing/headers.js';
import { overIpv6 } from '../testing/linkRewriting.js';
import { doubled } from '../testing/lossRewriting.js';
import { Random } from '../testing/random.js';
import { dissect } from '../testing/segments.js';
import { vxlan } from '../testing/tunnelRewriting.js';

const LOST = 'IP datagram lost: fragments missing';
const CONTRADICTORY = 'IP fragments beyond 65535 bytes or of contradictory length';
const WRONG_SIZE = 'IP fragment empty or not a multiple of 8 bytes';

/** One segment of so many bytes, on Ethernet and IPv4. */
function segment(payload: Uint8Array | string): Packet {
  const builder = new CaptureBuilder();
  builder.connection({ client: '10.0.0.1:40000', server: '10.0.0.2:2181', segmentSize: 65000 }).client(payload);
  return builder.packets[0]!;
}

/** Payloads of the segments that come out. */
function payloads(packets: readonly Packet[], options?: Parameters<typeof dissect>[1]): string[] {
  return dissect(packets, options).segments.map(({ payload }) => Buffer.from(payload, 'hex').toString('latin1'));
}

/** A single IPv4 fragment, of a packet of its own making. */
function fragment(id: number, at: number, more: boolean, part: Buffer | string, seconds = 0): Packet {
  const fields = {
    source: '10.0.0.1',
    destination: '10.0.0.2',
    protocol: 6,
    id,
    fragment: (at >> 3) | (more ? 0x2000 : 0),
  };
  const data = Buffer.concat([
    ethernetHeader('10.0.0.1', '10.0.0.2', IPV4),
    ipPacket(fields, Buffer.from(part as Buffer)),
  ]);
  return { seconds, nanos: 0, data, originalLength: data.length, linkType: 1 };
}

/** A TCP header of 20 bytes and its payload. */
function tcp(payload: string): Buffer {
  return Buffer.concat([
    Buffer.from('9c40088500000001000000015018010000000000', 'hex'),
    Buffer.from(payload, 'latin1'),
  ]);
}

describe('fragments', () => {
  const text = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

  it.each([
    ['IPv4', (packets: readonly Packet[]) => [...packets]],
    ['IPv6', overIpv6],
    ['VXLAN around IPv4', (packets: readonly Packet[]) => vxlan(packets)],
  ])('are put together in any order, once, though they come twice: %s', (_, rewrite) => {
    const whole = dissect(rewrite([segment(text)])).segments;
    const pieces = fragmented(rewrite([segment(text)]), 24);
    expect(pieces.length).toBeGreaterThan(3);
    for (const packets of [pieces, pieces.toReversed(), doubled(pieces), [...pieces, ...pieces.toReversed()]]) {
      const { segments, dissector } = dissect(packets);
      expect(segments.map((each) => ({ ...each, frame: 1 }))).toEqual(whole);
      expect(dissector.problems()).toEqual([]);
      expect(dissector.counts).toMatchObject({
        fragments: packets.length,
        repeatedFragments: packets.length - pieces.length,
        reassembled: 1,
      });
    }
  });

  it('name the frame that completed them', () => {
    const [first, second, third] = fragmented([segment(text)], 32);
    expect(dissect([third!, first!, segment('x'), second!]).segments.map(({ frame }) => frame)).toEqual([3, 4]);
  });

  it('are kept apart by addresses, identification and protocol', () => {
    const other = fragmented([segment(text.toUpperCase())], 32).map((packet, i) => {
      const data = Buffer.from(packet.data);
      data.writeUInt16BE(77, 14 + 4);
      return { ...packet, data, seconds: packet.seconds + i };
    });
    const pieces = fragmented([segment(text)], 32);
    const udp = pieces.map((packet) => {
      const data = Buffer.from(packet.data);
      data[14 + 9] = 17;
      return { ...packet, data };
    });
    const mixed = pieces.flatMap((piece, i) => [udp[i]!, other[i]!, piece]);
    expect(payloads(mixed)).toEqual([text.toUpperCase(), text]);
  });

  it('of overlapping ones the first counts', () => {
    expect(
      payloads([
        fragment(1, 24, true, 'second..'),
        fragment(1, 0, true, Buffer.concat([tcp('...!'), Buffer.from('SECOND..')])),
        fragment(1, 24, false, 'SECOND..third'),
      ]),
    ).toEqual(['...!second..third']);
  });

  it('with the same identification later are another packet', () => {
    const whole = (payload: string): Packet[] => [
      fragment(1, 0, true, tcp(payload.slice(0, 4))),
      fragment(1, 24, false, payload.slice(4)),
    ];
    expect(payloads([...whole('one tail'), ...whole('two tail'), ...whole('two tail')])).toEqual([
      'one tail',
      'two tail',
    ]);
  });

  it('that miss a part are counted as lost, each datagram once', () => {
    const pieces = [1, 2, 3].map((id) => fragment(id, 0, true, tcp(`${id}...`)));
    const { segments, dissector } = dissect([segment('fine'), ...pieces, fragment(2, 24, false, 'rest')]);
    expect(segments.map(({ wireLength }) => wireLength)).toEqual([4, 8]);
    expect(dissector.problems()).toEqual([{ kind: LOST, count: 2, firstFrame: 2 }]);
  });

  it('are missed only where TCP may have been in them', () => {
    const first = (protocol: number, destinationPort: number): Packet => {
      const packet = fragment(
        1,
        0,
        true,
        Buffer.from([0x9c, 0x40, destinationPort >> 8, destinationPort & 255, 0, 0, 0, 0]),
      );
      packet.data[14 + 9] = protocol;
      return packet;
    };
    const problems = (...packets: Packet[]): number[] =>
      dissect(packets)
        .dissector.problems()
        .map(({ count }) => count);
    expect(problems(first(17, 53), first(1, 0), first(50, 0))).toEqual([]);
    expect(problems(first(17, 4789), first(47, 0))).toEqual([2]);
    // The port of a datagram whose first fragment is missing is unknown.
    const second = fragment(1, 8, false, '........');
    second.data[14 + 9] = 17;
    expect(problems(second)).toEqual([1]);
  });

  it('are not waited for longer than the age', () => {
    const late = [fragment(1, 0, true, tcp('....'), 0), fragment(1, 24, false, 'late', 31)];
    const { segments, dissector } = dissect(late);
    expect(segments).toEqual([]);
    expect(dissector.problems()).toEqual([{ kind: LOST, count: 2, firstFrame: 1 }]);
    expect(payloads(late, { fragments: { maxAge: 60 } })).toEqual(['....late']);
  });

  it('do not take more memory than allowed: the oldest are forgotten and counted', () => {
    const heads = Array.from({ length: 1000 }, (_, id) => fragment(id, 0, true, tcp('....')));
    const tails = Array.from({ length: 1000 }, (_, id) => fragment(id, 24, false, `${id}`));
    const { segments, dissector } = dissect([...heads, ...tails], { fragments: { maxBytes: 100_000 } });
    const tooMany = dissector.problems().find(({ kind }) => kind === 'IP datagram lost: too many fragments waiting');
    expect(tooMany?.firstFrame).toBe(1);
    // The tails of forgotten heads push out those that still wait, so that little or nothing is left.
    expect(segments.length).toBeLessThan(30);
    expect(dissect([...heads, ...tails]).segments.length).toBe(1000);
  });

  it.each<[string, Packet[]]>([
    [CONTRADICTORY, [fragment(1, 65528, false, 'much too long')]],
    [CONTRADICTORY, [fragment(1, 24, true, 'sixteen bytes...'), fragment(1, 24, false, 'end')]],
    [CONTRADICTORY, [fragment(1, 24, false, 'end'), fragment(1, 24, false, 'ending')]],
    [CONTRADICTORY, [fragment(1, 24, false, 'end'), fragment(1, 24, true, '8 bytes.')]],
    [WRONG_SIZE, [fragment(1, 0, true, tcp('12345'))]],
    [WRONG_SIZE, [fragment(1, 8, false, '')]],
  ])('that cannot be are counted: %s', (kind, packets) => {
    const { segments, dissector } = dissect(packets);
    expect(segments).toEqual([]);
    expect(dissector.problems().filter((problem) => problem.kind !== LOST)).toEqual([
      { kind, count: 1, firstFrame: packets.length },
    ]);
  });

  it('cut by the snap length give what is there up to the first cut, and the true length', () => {
    const cut = (packet: Packet, bytes: number): Packet => ({ ...packet, data: packet.data.subarray(0, -bytes) });
    const pieces = [
      fragment(1, 0, true, tcp('1234')),
      fragment(1, 24, true, '56789012'),
      fragment(1, 32, false, '3456'),
    ];
    const { segments, dissector } = dissect([cut(pieces[2]!, 4), cut(pieces[1]!, 3), pieces[0]!]);
    expect(segments.map(({ payload, wireLength }) => [Buffer.from(payload, 'hex').toString(), wireLength])).toEqual([
      ['123456789', 16],
    ]);
    expect(dissector.problems()).toEqual([]);
  });

  it('within reassembled fragments come to an end', () => {
    // IPv6 whose payload is a last fragment at offset 0 of another packet, again and again, each under its own number.
    const nested = Array.from({ length: 200 }, (_, id) => Buffer.from([44, 0, 0, 1, 0, 0, 0, id]));
    const ends = { source: 'fd77::1', destination: 'fd77::2', protocol: 44 };
    const header = ethernetHeader('fd77::1', 'fd77::2', IPV6);
    const packet = (payload: Buffer): Packet => {
      const data = Buffer.concat([header, ipPacket(ends, payload)]);
      return { seconds: 0, nanos: 0, data, originalLength: data.length, linkType: 1 };
    };
    // What is left after each header, and the eight bytes of the tail, make up the same length every time.
    const tails = nested.map((_, id) =>
      packet(Buffer.concat([Buffer.from([44, 0, 6, 0x38, 0, 0, 0, id]), Buffer.alloc(8)])),
    );
    const { segments, dissector } = dissect([...tails, packet(Buffer.concat(nested))]);
    expect(segments).toEqual([]);
    expect(dissector.counts.reassembled).toBe(7);
    expect(dissector.problems()).toEqual([
      { kind: LOST, count: 192, firstFrame: 9 },
      { kind: 'tunnels nested too deeply', count: 1, firstFrame: 201 },
    ]);
  });

  it('in any pieces and order, with repetitions, give the packet back', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 301, max: 3000 }),
        fc.integer({ min: 1, max: 40 }),
        (seed, length, size) => {
          const random = new Random(seed);
          const payload = random.bytes(length);
          const pieces = fragmented([segment(payload)], size * 8);
          const repeated = random.shuffle([...pieces, ...pieces.filter(() => random.chance(0.3))]);
          const { segments, dissector } = dissect(repeated);
          expect(segments.map((each) => each.payload)).toEqual([payload.toString('hex')]);
          expect(dissector.problems()).toEqual([]);
        },
      ),
      { numRuns: 50 },
    );
  });
});
