import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { TO_CLIENT, TO_SERVER, type Direction } from '../../../network/connection.js';
import { StreamChunk } from '../../../network/streamChunk.js';
import { rawStreams } from '../../../testing/quorumCapture.js';
import { buffer, int, long, quorumPacket, setDataProposal } from '../../../testing/quorumPackets.js';
import { KEPT_DATA, QuorumStream, type Snapshot } from './quorumStream.js';

interface Found {
  readonly type: number;
  readonly zxid: bigint;
  readonly data: string | null;
  readonly ids: string;
  readonly length: number;
  readonly streamEnd: number;
}

class Collector {
  readonly packets: Found[] = [];
  readonly snapshots: Snapshot[] = [];
  readonly order: string[] = [];
  skipped = 0;
  readonly stream: QuorumStream;
  position = 0;

  constructor(direction: Direction, aligned: boolean) {
    this.stream = new QuorumStream(
      direction,
      {
        packet: (p) => {
          const data = p.dataLength < 0 ? null : p.bytes.toString('latin1', p.dataStart, p.dataEnd);
          this.packets.push({
            type: p.type,
            zxid: (BigInt(p.zxidHi) << 32n) | BigInt(p.zxidLo),
            data,
            ids: p.bytes.toString('latin1', p.idStart, p.idEnd),
            length: p.length,
            streamEnd: p.streamEnd,
          });
          this.order.push(String(p.type));
        },
        snapshot: (snapshot) => {
          this.snapshots.push(snapshot);
          this.order.push('snapshot');
        },
        skipped: (bytes) => (this.skipped += bytes),
      },
      aligned,
    );
  }

  feed(bytes: Buffer, frame = 1): this {
    // What lies around the segment in the chunk must not matter.
    const chunk = Buffer.concat([Buffer.alloc(7, 0xff), bytes, Buffer.alloc(7, 0xff)]);
    this.stream.data(new StreamChunk().set(TO_CLIENT, chunk, 7, 7 + bytes.length, this.position, frame, frame * 1000));
    this.position += bytes.length;
    return this;
  }

  end(): this {
    this.stream.end(1e6, 1e9);
    return this;
  }

  get bytes(): number {
    const packets = this.packets.reduce((sum, packet) => sum + packet.length, 0);
    return packets + this.snapshots.reduce((sum, snapshot) => sum + snapshot.bytes, 0);
  }
}

function inPieces(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length]!);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

const ofLeader = fc.constantFrom(2, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 17, 19);
const ofLearner = fc.constantFrom(1, 3, 5, 6, 11, 16, 18);
const fields = (type: fc.Arbitrary<number>) =>
  fc.record({
    type,
    zxid: fc.bigInt({ min: -1n, max: 0xffffffffffn }),
    data: fc.option(fc.uint8Array({ maxLength: 90 }).map((bytes) => Buffer.from(bytes))),
    ids: fc.option(fc.array(fc.tuple(fc.string({ maxLength: 5 }), fc.string({ maxLength: 9 })), { maxLength: 3 })),
  });

describe('QuorumStream', () => {
  it.each([
    ['leader', TO_CLIENT, ofLeader],
    ['learner', TO_SERVER, ofLearner],
  ] as const)('finds all packets of a %s, whatever the segments', (_name, direction, types) => {
    fc.assert(
      fc.property(
        fc.array(fields(types), { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 8 }),
        (packets, sizes) => {
          const encoded = packets.map(quorumPacket);
          const all = Buffer.concat(encoded);
          const collector = new Collector(direction, true);
          for (const piece of inPieces(all, sizes)) collector.feed(piece);
          collector.end();
          let position = 0;
          expect(collector.packets).toEqual(
            packets.map(({ type, zxid, data }, i) => {
              const length = encoded[i]!.length;
              position += length;
              return {
                type,
                zxid: BigInt.asUintN(64, zxid),
                data: data === null ? null : data.toString('latin1'),
                ids: encoded[i]!.toString('latin1', 20 + (data?.length ?? 0)),
                length,
                streamEnd: position,
              };
            }),
          );
          expect(collector.skipped).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('keeps the beginning of data that is too long, and finds the packet behind it', () => {
    const data = Buffer.alloc(KEPT_DATA + 100_000, 0x61);
    const all = Buffer.concat([
      setDataProposal(0x100000005n, '/big', data),
      quorumPacket({ type: 4, zxid: 0x100000005n }),
    ]);
    const collector = new Collector(TO_CLIENT, true);
    for (const piece of inPieces(all, [1460])) collector.feed(piece);
    expect(collector.packets.map((packet) => packet.type)).toEqual([2, 4]);
    expect(collector.packets[0]!.data!.length).toBe(KEPT_DATA);
    expect(collector.bytes).toBe(all.length);
  });

  it('goes on in the same packet where bytes of its data are missing', () => {
    const proposal = setDataProposal(0x100000005n, '/big', Buffer.alloc(5000, 0x61));
    const all = Buffer.concat([proposal, quorumPacket({ type: 4, zxid: 0x100000005n })]);
    const collector = new Collector(TO_CLIENT, true);
    collector.feed(all.subarray(0, 1000));
    collector.stream.gap(2000, 2, 2000);
    collector.position += 2000;
    collector.feed(all.subarray(3000));
    expect(collector.packets.map((packet) => packet.type)).toEqual([2, 4]);
    expect(collector.packets[0]!.data!.length).toBe(1000 - 16);
    expect(collector.packets[1]!.streamEnd).toBe(all.length);
    expect(collector.skipped).toBe(0);
  });

  it('allocates nothing for a length that was only claimed', () => {
    const collector = new Collector(TO_CLIENT, true);
    const before = process.memoryUsage().arrayBuffers;
    const streams = Array.from({ length: 200 }, () => new Collector(TO_CLIENT, true));
    for (const { stream } of streams) {
      const header = Buffer.concat([int(2), long(1n), int(64 << 20), Buffer.alloc(20)]);
      stream.data(new StreamChunk().set(TO_CLIENT, header, 0, header.length, 0, 1, 1));
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
    expect(collector.packets).toEqual([]);
  });

  describe('a snapshot', () => {
    const snap = quorumPacket({ type: 15, zxid: 0x10000041en });
    const newLeader = quorumPacket({ type: 10, zxid: 0x100000000n, data: Buffer.from('server.1=a:1:2') });
    const signature = buffer('BenWasHere');

    it('is passed over up to its signature, whatever the segments', () => {
      const tree = Buffer.concat([
        int(0),
        Buffer.alloc(3000, 0),
        Buffer.from('BenWasHer'),
        int(10),
        Buffer.from('BenW'),
      ]);
      const all = Buffer.concat([snap, tree, signature, newLeader, quorumPacket({ type: 12, zxid: -1n })]);
      for (const size of [1, 2, 3, 5, 7, 13, 14, 15, 64, 1460, 9000]) {
        const collector = new Collector(TO_CLIENT, true);
        for (const piece of inPieces(all, [size])) collector.feed(piece);
        collector.end();
        expect(collector.order).toEqual(['15', 'snapshot', '10', '12']);
        expect(collector.snapshots[0]).toMatchObject({
          bytes: tree.length + signature.length,
          truncated: false,
          streamEnd: snap.length + tree.length + signature.length,
        });
        expect(collector.bytes).toBe(all.length);
      }
    });

    it('goes on behind a signature that is part of its data', () => {
      const tree = Buffer.concat([Buffer.alloc(50, 1), signature, Buffer.alloc(50, 2), signature, Buffer.alloc(5, 3)]);
      const all = Buffer.concat([snap, tree, signature, newLeader]);
      for (const size of [1, 16, 30, 1000]) {
        const collector = new Collector(TO_CLIENT, true);
        for (const piece of inPieces(all, [size])) collector.feed(piece);
        collector.end();
        expect(collector.order).toEqual(['15', 'snapshot', '10']);
        expect(collector.snapshots[0]!.bytes).toBe(tree.length + signature.length);
        expect(collector.bytes + collector.skipped).toBe(all.length);
      }
    });

    it('is told as cut short where the capture loses it', () => {
      const collector = new Collector(TO_CLIENT, true).feed(snap).feed(Buffer.alloc(100, 1));
      collector.stream.gap(500, 3, 3000);
      collector.position += 500;
      collector
        .feed(Buffer.alloc(40, 1))
        .feed(Buffer.concat([signature, newLeader]))
        .end();
      expect(collector.order).toEqual(['15', 'snapshot', '10']);
      expect(collector.snapshots[0]).toMatchObject({ bytes: 100, truncated: true });
      expect(collector.skipped).toBe(40 + signature.length);
    });
  });
});

describe('in the middle of real streams', () => {
  interface Real {
    readonly direction: Direction;
    readonly bytes: Buffer;
    /** Stream positions at which a packet or snapshot ends, and 0. */
    readonly ends: Set<number>;
  }
  const real: Real[] = [];

  beforeAll(async () => {
    for (const name of ['zab-load', 'follower-snapshot']) {
      for (const { toServer, toClient } of await rawStreams(name, 2888)) {
        for (const [direction, bytes] of [
          [TO_SERVER, toServer],
          [TO_CLIENT, toClient],
        ] as const) {
          if (bytes.length < 1000) continue;
          const collector = new Collector(direction, true).feed(bytes).end();
          expect(collector.bytes).toBe(bytes.length);
          const found = [...collector.packets, ...collector.snapshots]
            .map((one) => one.streamEnd)
            .sort((a, b) => a - b);
          real.push({ direction, bytes, ends: new Set([0, ...found]) });
        }
      }
    }
  });

  const place = fc.record({
    which: fc.nat(),
    from: fc.double({ min: 0, max: 0.98, noNaN: true }),
    length: fc.integer({ min: 1, max: 6000 }),
    sizes: fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 5 }),
  });

  it('finds the next packet wherever it starts, and nothing that is none', () => {
    fc.assert(
      fc.property(place, ({ which, from, sizes }) => {
        const { direction, bytes, ends } = real[which % real.length]!;
        const start = Math.floor(bytes.length * from);
        const part = bytes.subarray(start, start + 8000);
        const collector = new Collector(direction, false);
        collector.position = start;
        for (const piece of inPieces(part, sizes)) collector.feed(piece);
        collector.end();
        expect(collector.packets.every((packet) => ends.has(packet.streamEnd))).toBe(true);
        expect(collector.bytes + collector.skipped).toBe(part.length);
      }),
      { numRuns: 200 },
    );
  });

  it('loses little where a capture begins in mid-stream', () => {
    for (const { direction, bytes, ends } of real) {
      const inOrder = [...ends];
      for (let start = 0; start < Math.min(bytes.length - 8000, 40_000); start += 997) {
        const collector = new Collector(direction, false);
        collector.position = start;
        collector.feed(bytes.subarray(start, start + 8000));
        const next = inOrder.find((end) => end >= start)!;
        // Nothing can be found where a snapshot fills all that was fed.
        if (next > start + 7000) continue;
        const first = collector.packets[0]!;
        expect(first.streamEnd - first.length).toBe(next);
      }
    }
  });

  it('accounts for every byte around gaps', () => {
    fc.assert(
      fc.property(place, ({ which, from, length, sizes }) => {
        const { direction, bytes, ends } = real[which % real.length]!;
        const start = Math.floor(bytes.length * from);
        const missing = Math.min(length, bytes.length - start);
        const collector = new Collector(direction, true).feed(bytes.subarray(0, start));
        collector.stream.gap(missing, 2, 2000);
        collector.position += missing;
        const rest = bytes.subarray(start + missing, start + missing + 4000);
        for (const piece of inPieces(rest, sizes)) collector.feed(piece);
        collector.end();
        expect(collector.packets.every((packet) => ends.has(packet.streamEnd))).toBe(true);
        expect(collector.bytes + collector.skipped).toBe(start + rest.length);
      }),
      { numRuns: 60 },
    );
  });

  it('survives damage', () => {
    fc.assert(
      fc.property(
        place,
        fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(255)), {
          minLength: 1,
          maxLength: 20,
        }),
        ({ which, from, sizes }, damage) => {
          const { direction, bytes } = real[which % real.length]!;
          const start = Math.floor(bytes.length * from);
          const part = Buffer.from(bytes.subarray(start, start + 10_000));
          for (const [at, value] of damage) part[Math.floor(at * part.length)] = value;
          const collector = new Collector(direction, start === 0);
          for (const piece of inPieces(part, sizes)) collector.feed(piece);
          collector.end();
          expect(collector.bytes + collector.skipped).toBe(part.length);
        },
      ),
      { numRuns: 150 },
    );
  });
});
