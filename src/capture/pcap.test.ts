import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Packet, readCapture, writePcap } from '../testing/captureFile.js';
import { framesInPieces, type ReadFrame } from '../testing/readFrames.js';

const small: Packet[] = [0, 1, 5, 60].map((length, i) => ({
  seconds: 1_795_217_462 + i,
  nanos: 123_456_789,
  data: Buffer.alloc(length, 0x41 + i),
  originalLength: length * 2,
  linkType: 1,
}));

function expected(packets: readonly Packet[], digits: number): ReadFrame[] {
  return packets.map((packet, i) => ({
    number: i + 1,
    time: `${new Date(packet.seconds * 1000).toISOString().slice(0, 19)}.${String(packet.nanos).padStart(9, '0').slice(0, digits)}Z`,
    linkType: packet.linkType,
    originalLength: packet.originalLength,
    data: packet.data.toString('hex'),
  }));
}

describe('PcapReader', () => {
  it.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('reads big-endian %s, nanoseconds %s', (bigEndian, nanoseconds) => {
    const file = writePcap(small, { bigEndian, nanoseconds });
    expect(framesInPieces(file, [])).toEqual({ frames: expected(small, nanoseconds ? 9 : 6), damage: null });
  });

  it('reads the records of the Kuznetzov variant', () => {
    const plain = writePcap(small);
    const parts = [plain.subarray(0, 24)];
    parts[0]!.writeUInt32LE(0xa1b2cd34);
    for (let at = 24; at < plain.length; at += 16 + plain.readUInt32LE(at + 8)) {
      const record = plain.subarray(at, at + 16 + plain.readUInt32LE(at + 8));
      parts.push(record.subarray(0, 16), Buffer.from('0200000008000100', 'hex'), record.subarray(16));
    }
    expect(framesInPieces(Buffer.concat(parts), []).frames).toEqual(expected(small, 6));
  });

  it('masks what the link-type word says about frame check sequences', () => {
    const file = writePcap(small);
    file.writeUInt32LE(0x24000001, 20);
    expect(framesInPieces(file, []).frames.map((frame) => frame.linkType)).toEqual([1, 1, 1, 1]);
  });

  it('reads old versions, whose lengths are the other way round', () => {
    const file = writePcap(small.slice(0, 3).map((packet) => ({ ...packet, originalLength: packet.data.length })));
    const swapped = writePcap([{ ...small[3]!, originalLength: 120 }]);
    swapped.writeUInt32LE(120, 24 + 8);
    swapped.writeUInt32LE(60, 24 + 12);
    for (const minor of [2, 3]) {
      file.writeUInt16LE(minor, 6);
      swapped.writeUInt16LE(minor, 6);
      expect(framesInPieces(file, []).frames).toHaveLength(3);
      expect(framesInPieces(swapped, []).frames).toEqual([{ ...expected([small[3]!], 6)[0], originalLength: 120 }]);
    }
  });

  it('never gives a frame fewer bytes on the wire than were captured', () => {
    const file = writePcap([{ ...small[3]!, originalLength: 7 }]);
    expect(framesInPieces(file, []).frames[0]!.originalLength).toBe(60);
  });

  it('takes a file without packets', () => {
    expect(framesInPieces(writePcap([]), [])).toEqual({ frames: [], damage: null });
  });

  it('refuses an unknown version', () => {
    const file = writePcap(small);
    file.writeUInt16LE(3, 4);
    expect(framesInPieces(file, []).damage).toEqual({
      offset: 4,
      text: 'pcap version 3.4 is not known (2.4 is usual)',
    });
  });

  it('stops at a captured length that cannot be true, and names its place', () => {
    const file = writePcap(small);
    const third = 24 + 16 + 0 + 16 + 1;
    file.writeUInt32LE(0xffffffff, third + 8);
    const { frames, damage } = framesInPieces(file, []);
    expect(frames).toEqual(expected(small.slice(0, 2), 6));
    expect(damage?.offset).toBe(third);
    expect(damage?.text).toContain('4294967295 captured bytes');
  });

  it.each([
    [96, 262_144],
    [262_144, 262_144],
    [1_000_000, 1_000_000],
    [0, 16 * 1024 * 1024],
    [0xffffffff, 16 * 1024 * 1024],
  ])('with a snap length of %i believes captured lengths up to %i', (snapLength, limit) => {
    for (const length of [limit, limit + 1]) {
      const file = writePcap([{ ...small[0]!, data: Buffer.alloc(length) }], { snapLength });
      const { frames, damage } = framesInPieces(file, [100_000]);
      expect(frames.length).toBe(length === limit ? 1 : 0);
      expect(damage === null).toBe(length === limit);
    }
  });

  it('gives the same frames however the bytes are split', () => {
    const file = writePcap(small);
    fc.assert(
      fc.property(fc.array(fc.nat(100), { minLength: 1 }), (sizes) => {
        expect(framesInPieces(file, sizes)).toEqual({ frames: expected(small, 6), damage: null });
      }),
    );
  });

  it('gives the same frames of a real capture however its bytes are split', () => {
    const file = readFileSync('fixtures/protocol/zkcli.pcap');
    const frames = expected(readCapture(file), 6);
    for (const size of [1, 7, 1000, 4096, file.length]) {
      expect(framesInPieces(file, [size])).toEqual({ frames, damage: null });
    }
  });

  it('cut at any offset, gives every whole record and tells where it was cut', () => {
    const file = writePcap(small);
    const ends = [24];
    for (const packet of small) ends.push(ends.at(-1)! + 16 + packet.data.length);
    for (let cut = 4; cut <= file.length; cut++) {
      const { frames, damage } = framesInPieces(file.subarray(0, cut), [13]);
      const whole = ends.findLastIndex((end) => end <= cut);
      expect(frames).toEqual(expected(small.slice(0, Math.max(whole, 0)), 6));
      expect(damage?.offset ?? null).toBe(whole === -1 ? cut : ends[whole] === cut ? null : ends[whole]);
    }
  });

  it('survives any damage, and gives the same frames of it however it is split', () => {
    const file = readFileSync('fixtures/protocol/go-client.pcap');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 5000 }),
        (changes, size) => {
          const damaged = Buffer.from(file);
          for (const [at, value] of changes) damaged[Math.max(at, 4)] = value;
          const whole = framesInPieces(damaged, []);
          expect(framesInPieces(damaged, [size])).toEqual(whole);
          const bytes = whole.frames.reduce((sum, frame) => sum + 16 + frame.data.length / 2, 24);
          expect(bytes).toBeLessThanOrEqual(file.length);
        },
      ),
    );
  });
});
