import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Packet } from './captureFile.js';
import { readCapture } from './captureFile.js';
import { streamBytes, trackConnections } from './connections.js';
import { ACK } from './headers.js';
import { doubled, flipped, mutated, ring, snapped, swapped, thinned, withoutPackets } from './lossRewriting.js';
import { buildTcp, parseTcp } from './packets.js';
import { Random } from './random.js';
import { coalesced, lengthPrefixAlone, oneBytePerSegment, segmentsOf } from './resegmenting.js';
import { onPort, sequenceWrapped } from './tcpRewriting.js';
import { STREAM_VARIANTS } from './variants.js';

const fixtures = join(import.meta.dirname, '../../fixtures/protocol');
const original = readCapture(readFileSync(join(fixtures, 'kazoo-client.pcap')));

const dataSizes = (packets: readonly Packet[]): number[] =>
  packets.map((packet) => parseTcp(packet)?.payload.length ?? 0).filter((length) => length > 0);

const total = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0);

const time = ({ seconds, nanos }: Packet): number => seconds + nanos / 1e9;

/** Acknowledgements of bytes that no packet before them carried. */
function earlyAcknowledgements(packets: readonly Packet[]): number {
  const sent = new Map<unknown, number>();
  let early = 0;
  for (const found of trackConnections(packets)) {
    if (!found) continue;
    const { tcp, flow, opposite } = found;
    const end = ((tcp.sequence - flow.base!) | 0) + tcp.payload.length + tcp.missing;
    sent.set(flow, Math.max(sent.get(flow) ?? 0, end));
    // One more for a FIN.
    const acknowledged = (tcp.flags & ACK) === 0 ? 0 : (tcp.acknowledgement - opposite.base!) | 0;
    if (acknowledged > (sent.get(opposite) ?? 0) + 1) early++;
  }
  return early;
}

describe('rewriting of TCP', () => {
  it('builds the bytes that it took apart', () => {
    for (const packet of original) {
      const tcp = parseTcp(packet);
      if (!tcp) continue;
      const built = buildTcp(tcp).data;
      // IPv4's type of service, identification, flags, time to live and both checksums are made anew.
      for (const bytes of [built, packet.data]) {
        bytes[15] = 0;
        bytes.fill(0, 18, 23);
        bytes.fill(0, 24, 26);
        bytes.fill(0, 50, 52);
      }
      expect(built.toString('hex')).toBe(packet.data.subarray(0, built.length).toString('hex'));
    }
  });

  it.each(Object.entries(STREAM_VARIANTS).filter(([name]) => !name.includes('fragments')))(
    'keeps streams, times in order, and acknowledgements behind what they acknowledge: %s',
    (name, rewrite) => {
      const packets = rewrite(original);
      expect(packets).not.toEqual(original);
      const streams = (of: readonly Packet[]): string[] =>
        streamBytes(of).map(({ from, to, bytes }) => `${from} ${to} ${bytes.toString('hex')}`);
      expect(streams(packets).toSorted()).toEqual(streams(original).toSorted());
      const times = packets.map(time);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      if (name !== 'neighbours swapped') expect(earlyAcknowledgements(packets)).toBe(0);
    },
  );

  it('one byte, seven bytes per segment', () => {
    expect(new Set(dataSizes(oneBytePerSegment(original)))).toEqual(new Set([1]));
    expect(Math.max(...dataSizes(segmentsOf(original, 7)))).toBe(7);
    expect(dataSizes(oneBytePerSegment(original)).length).toBe(total(dataSizes(original)));
  });

  it('puts each length prefix into a segment of its own', () => {
    const packets = lengthPrefixAlone(original);
    const streams = streamBytes(packets);
    let prefixes = 0;
    for (const found of trackConnections(packets)) {
      // Not a four-letter word.
      if (found?.tcp.payload.length !== 4 || found.tcp.payload.readUInt32BE(0) >= 1 << 24) continue;
      const { bytes } = streams.find(
        ({ flow, connection }) => connection === found.connection && flow.base === found.flow.base,
      )!;
      const position = (found.tcp.sequence - found.flow.base!) | 0;
      // Walk to it over the prefixes before it.
      let at = 0;
      while (at < position) at += 4 + bytes.readUInt32BE(at);
      if (at === position) prefixes++;
    }
    const messages = total(
      streams.map(({ bytes }) => {
        let count = 0;
        for (let at = 0; at + 4 <= bytes.length && bytes.readUInt32BE(at) < 1 << 24; at += 4 + bytes.readUInt32BE(at))
          count++;
        return count;
      }),
    );
    expect(messages).toBeGreaterThan(70);
    expect(prefixes).toBe(messages);
  });

  it('coalesces what one side sends before the other answers', () => {
    // The C client sends each length prefix by itself; several requests follow one another.
    const client = readCapture(readFileSync(join(fixtures, 'c-client.pcap')));
    const packets = coalesced(client);
    expect(dataSizes(packets).length).toBeLessThan(dataSizes(client).length * 0.75);
    expect(total(dataSizes(packets))).toBe(total(dataSizes(client)));
    const pieces = coalesced(oneBytePerSegment(client));
    expect(dataSizes(pieces)).toEqual(dataSizes(packets));
  });

  it('wraps the sequence numbers of every stream that has bytes', () => {
    for (const { flow, bytes } of streamBytes(sequenceWrapped(original))) {
      if (bytes.length < 2) continue;
      expect(flow.base! + flow.length).toBeGreaterThan(2 ** 32);
      expect(flow.base).toBeLessThan(2 ** 32);
    }
  });

  it('moves a server to another port', () => {
    const ports = onPort(original, 2181, 4181).flatMap((packet) => {
      const tcp = parseTcp(packet);
      return tcp ? [Math.min(tcp.source.port, tcp.destination.port)] : [];
    });
    expect(new Set(ports)).toEqual(new Set([4181]));
  });
});

describe('rewriting of captures', () => {
  it('doubles, swaps, removes', () => {
    expect(doubled(original).length).toBe(original.length * 2);
    const mixed = swapped(original, { seed: 1 });
    expect(mixed.map(({ data }) => data)).not.toEqual(original.map(({ data }) => data));
    const sorted = (of: readonly Packet[]): string[] => of.map(({ data }) => data.toString('hex')).toSorted();
    expect(sorted(mixed)).toEqual(sorted(original));
    expect(withoutPackets(original, [0, 2])).toEqual([original[1], ...original.slice(3)]);
    expect(thinned(original, 1, 0.5)).toEqual(thinned(original, 1, 0.5));
    expect(thinned(original, 1, 0.5).length).toBeLessThan(original.length * 0.7);
  });

  it('cuts at a snap length, remembering the length on the wire', () => {
    const cut = snapped(original, 80);
    expect(Math.max(...cut.map(({ data }) => data.length))).toBe(80);
    expect(cut.map(({ originalLength }) => originalLength)).toEqual(
      original.map(({ originalLength }) => originalLength),
    );
    // What tells of the cut survives another rewriting.
    expect(total(trackConnections(oneBytePerSegment(cut)).map((found) => found?.tcp.missing ?? 0))).toBe(
      total(cut.map(({ data, originalLength }) => originalLength - data.length)),
    );
  });

  it('spreads packets over files', () => {
    expect(ring(original, 4).flat()).toEqual(original);
    expect(ring(original, 4).map((part) => part.length > 0)).toEqual([true, true, true, true]);
  });

  it('turns bits over, the same for the same seed', () => {
    const zeros = Buffer.alloc(100);
    expect(flipped(zeros, new Random(1), 3, 50)).toEqual(flipped(zeros, new Random(1), 3, 50));
    const ones = flipped(zeros, new Random(1), 1, 50);
    expect([...ones].filter((byte) => byte !== 0).length).toBe(1);
    expect(ones.subarray(0, 50)).toEqual(zeros.subarray(0, 50));
    expect(mutated(original, new Random(2), 10)).not.toEqual(original);
  });
});
