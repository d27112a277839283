import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCapture } from '../testing/captureFile.js';
import { PcapngBlocks } from '../testing/pcapngBlocks.js';
import { writePcapng } from '../testing/pcapngFile.js';
import { framesInPieces, readCaptures, streamInput } from '../testing/readFrames.js';

const SECOND = 1_795_217_462n;
const MICROSECOND = SECOND * 1_000_000n + 123_456n;
const data = Buffer.from('0123456789abcdefff', 'hex');
const NAME_RESOLUTION = 4;
const STATISTICS = 5;
const JOURNAL = 9;
const CUSTOM = 0xbad;

function times(file: PcapngBlocks): string[] {
  return framesInPieces(file.bytes, []).frames.map((frame) => frame.time);
}

/** One of everything, in both byte orders. */
function everything(bigEndian: boolean): PcapngBlocks {
  const file = new PcapngBlocks(bigEndian);
  const comment = file.option(1, Buffer.from('a comment'));
  return file
    .section(Buffer.concat([file.option(4, Buffer.from('a program')), file.option(0, Buffer.alloc(0))]))
    .interface(1)
    .interface(276, { resolution: 9 })
    .block(NAME_RESOLUTION, Buffer.alloc(21))
    .packet(0, MICROSECOND, data, 100)
    .packet(1, MICROSECOND * 1000n + 789n, data, data.length, comment)
    .block(STATISTICS, Buffer.alloc(12))
    .obsoletePacket(0, MICROSECOND + 2n, data.subarray(0, 5), 66)
    .block(0x0bcd, Buffer.alloc(100))
    .simplePacket(data);
}

describe('PcapngReader', () => {
  it.each([false, true])('reads every packet block, big-endian %s', (bigEndian) => {
    const { frames, damage } = framesInPieces(everything(bigEndian).bytes, []);
    expect(damage).toBeNull();
    const hex = data.toString('hex');
    expect(frames).toEqual([
      { number: 1, time: '2026-11-20T23:31:02.123456000Z', linkType: 1, originalLength: 100, data: hex },
      { number: 2, time: '2026-11-20T23:31:02.123456789Z', linkType: 276, originalLength: 9, data: hex },
      { number: 3, time: '2026-11-20T23:31:02.123458000Z', linkType: 1, originalLength: 66, data: hex.slice(0, 10) },
      { number: 4, time: '2026-11-20T23:31:02.123458000Z', linkType: 1, originalLength: 9, data: hex },
    ]);
  });

  it('takes no more interfaces than a section can have in earnest', () => {
    const one = new PcapngBlocks().interface(1).bytes;
    const many = Buffer.concat([new PcapngBlocks().section().bytes, ...new Array<Buffer>(65_537).fill(one)]);
    expect(framesInPieces(many, []).damage?.text).toBe('a section describes more than 65536 interfaces');
    expect(framesInPieces(many.subarray(0, -one.length), []).damage).toBeNull();
  });

  it('reads several sections, each with its own byte order and interfaces', () => {
    const first = new PcapngBlocks(true).section().interface(1).packet(0, MICROSECOND, data);
    const second = new PcapngBlocks(false)
      .section()
      .interface(101, { resolution: 3 })
      .packet(0, SECOND * 1000n, data);
    const { frames, damage } = framesInPieces(Buffer.concat([first.bytes, second.bytes]), []);
    expect(damage).toBeNull();
    expect(frames.map(({ number, time, linkType }) => [number, time, linkType])).toEqual([
      [1, '2026-11-20T23:31:02.123456Z', 1],
      [2, '2026-11-20T23:31:02.000000Z', 101],
    ]);
  });

  it.each<[resolution: number, ticks: bigint, time: string]>([
    [0, SECOND, '2026-11-20T23:31:02.000000Z'],
    [3, SECOND * 1000n + 7n, '2026-11-20T23:31:02.007000Z'],
    [6, SECOND * 10n ** 6n + 7n, '2026-11-20T23:31:02.000007Z'],
    [7, SECOND * 10n ** 7n + 7n, '2026-11-20T23:31:02.0000007Z'],
    [9, SECOND * 10n ** 9n + 999_999_999n, '2026-11-20T23:31:02.999999999Z'],
    [10, SECOND * 10n ** 10n + 3n, '2026-11-20T23:31:02.0000000003Z'],
    [0x80, SECOND, '2026-11-20T23:31:02.000000Z'],
    [0x8a, SECOND * 1024n + 512n, '2026-11-20T23:31:02.500000Z'],
    [0x94, (SECOND << 20n) + (1n << 18n), '2026-11-20T23:31:02.2500000Z'],
    [0xa0, (SECOND << 32n) + (3n << 30n), '2026-11-20T23:31:02.7500000000Z'],
    [0x9e, (SECOND << 30n) + 1n, '2026-11-20T23:31:02.0000000009Z'],
  ])('with if_tsresol %i keeps all digits', (resolution, ticks, time) => {
    expect(times(new PcapngBlocks().section().interface(1, { resolution }).packet(0, ticks, data))).toEqual([time]);
  });

  it('reads resolutions that leave 64 bits for no more than the time since an offset', () => {
    const picoseconds = new PcapngBlocks()
      .section()
      .interface(1, { resolution: 12, offset: SECOND })
      .packet(0, 1_000_000_000_001n, data)
      .packet(0, 2_500_000_000_999n, data);
    expect(times(picoseconds)).toEqual(['2026-11-20T23:31:03.000000000001Z', '2026-11-20T23:31:04.500000000999Z']);
    const finest = new PcapngBlocks()
      .section()
      .interface(1, { resolution: 0xbf, offset: SECOND })
      .packet(0, 1n << 62n, data);
    expect(times(finest)).toEqual(['2026-11-20T23:31:02.500000000000Z']);
  });

  it('adds if_tsoffset, which may be negative', () => {
    const file = new PcapngBlocks().section().interface(1, { offset: -3600n }).packet(0, MICROSECOND, data);
    expect(times(file)).toEqual(['2026-11-20T22:31:02.123456Z']);
  });

  it('gives every nanosecond its own time', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 4_000_000_000n), fc.nat(999_999_999), (seconds, nanoseconds) => {
        const file = new PcapngBlocks().section().interface(1, { resolution: 9 });
        file.packet(0, seconds * 1_000_000_000n + BigInt(nanoseconds), data);
        const date = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
        expect(times(file)).toEqual([`${date}.${String(nanoseconds).padStart(9, '0')}Z`]);
      }),
    );
  });

  it('numbers frames as Wireshark does, which counts custom blocks and journal entries', () => {
    const file = new PcapngBlocks().section().interface(1).packet(0, MICROSECOND, data);
    file.block(CUSTOM, Buffer.alloc(12)).packet(0, MICROSECOND, data).block(JOURNAL, Buffer.from('MESSAGE=x\n'));
    file.block(0x40000bad, Buffer.alloc(12)).packet(0, MICROSECOND, data).block(NAME_RESOLUTION, Buffer.alloc(4));
    file.packet(0, MICROSECOND, data);
    expect(framesInPieces(file.bytes, [10]).frames.map((frame) => frame.number)).toEqual([1, 3, 6, 7]);
  });

  it('cuts a simple packet at the snap length of the first interface, and says that it has no time', async () => {
    const file = new PcapngBlocks().section().interface(1, { snapLength: 5 }).simplePacket(data.subarray(0, 5), 9);
    const { frames, captures } = await readCaptures(streamInput(file.bytes));
    expect(frames).toEqual([
      { number: 1, time: '1970-01-01T00:00:00.000000Z', linkType: 1, originalLength: 9, data: '0123456789' },
    ]);
    expect(captures[0]!.problems).toHaveLength(1);
    expect(captures[0]!.problems[0]).toContain('no time');
  });

  it.each<[what: string, file: (good: PcapngBlocks) => PcapngBlocks | Buffer, text: string]>([
    ['an interface that is not there', (good) => good.packet(7, MICROSECOND, data), 'names interface 7'],
    ['a simple packet without interface', (good) => good.section().simplePacket(data), 'without interface'],
    ['more captured bytes than the block has', (good) => patched(good, 20, 1000), '1000 captured bytes'],
    ['an odd block length', (good) => patched(good, 4, 43), 'length of 43 bytes'],
    ['a tiny block length', (good) => patched(good, 4, 8), 'length of 8 bytes'],
    ['a huge packet block', (good) => patched(good, 4, 0xfffffffc), 'length of 4294967292 bytes'],
    ['two lengths that differ', (good) => patched(good, 40, 48), 'two lengths'],
    ['a packet block without room', (good) => good.block(6, Buffer.alloc(16)), 'length of 28 bytes'],
    ['a simple packet block without room', (good) => good.block(3, Buffer.alloc(0)), 'length of 12 bytes'],
    ['a simple packet larger than its block', (good) => good.simplePacket(data, 900), 'no room'],
    ['an interface block without room', (good) => good.block(1, Buffer.alloc(4)), 'length of 16 bytes'],
    [
      'an option beyond its block',
      (good) => good.block(1, Buffer.from('0100000000000000020040000000000000000000', 'hex')),
      'option',
    ],
    ['no byte-order magic', (good) => good.block(0x0a0d0d0a, Buffer.alloc(16)), 'byte-order magic'],
    [
      'another version',
      (good) => good.block(0x0a0d0d0a, Buffer.from('4d3c2b1a02000000ffffffffffffffff', 'hex')),
      'version 2.0',
    ],
    [
      'a short section header',
      (good) => good.block(0x0a0d0d0a, Buffer.from('4d3c2b1a01000000', 'hex')),
      'length of 20 bytes',
    ],
  ])('stops at %s', (_what, make, text) => {
    const good = new PcapngBlocks().section().interface(1).packet(0, MICROSECOND, data);
    const before = good.bytes.length;
    const made = make(good);
    const file = Buffer.isBuffer(made) ? made : made.bytes;
    const { frames, damage } = framesInPieces(file, []);
    expect(frames).toHaveLength(1);
    expect(damage?.text).toContain(text);
    expect(damage?.offset).toBeGreaterThanOrEqual(before);
  });

  it('skips a block of any size without holding it', () => {
    const file = new PcapngBlocks().section().interface(1).packet(0, MICROSECOND, data).bytes;
    const huge = Buffer.alloc(12);
    huge.writeUInt32LE(0x777, 0);
    huge.writeUInt32LE(0x7ffffffc, 4);
    const { frames, damage } = framesInPieces(Buffer.concat([file, huge, Buffer.alloc(1000)]), [100]);
    expect(frames).toHaveLength(1);
    expect(damage?.text).toContain('middle of a block');
  });

  it('gives the same frames however the bytes are split', () => {
    const file = everything(true).bytes;
    const whole = framesInPieces(file, []);
    fc.assert(
      fc.property(fc.array(fc.nat(150), { minLength: 1 }), (sizes) => {
        expect(framesInPieces(file, sizes)).toEqual(whole);
      }),
    );
  });

  it('cut at any offset, gives every whole packet and tells of the cut', () => {
    const file = everything(false).bytes;
    const { frames: all } = framesInPieces(file, []);
    let frames: typeof all = [];
    for (let cut = 4; cut < file.length; cut++) {
      const cutShort = framesInPieces(file.subarray(0, cut), [17]);
      expect(cutShort.frames.map((frame) => frame.data)).toEqual(
        all.slice(0, cutShort.frames.length).map((f) => f.data),
      );
      expect(cutShort.frames.length).toBeGreaterThanOrEqual(frames.length);
      frames = cutShort.frames;
      if (cutShort.damage === null) expect(isBlockEnd(file, cut)).toBe(true);
      else expect(isBlockEnd(file, cut)).toBe(false);
    }
  });

  it('survives any damage, and gives the same frames of it however it is split', () => {
    const file = readFileSync('fixtures/protocol/pcapng.pcapng').subarray(0, 6000);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 5000 }),
        (changes, size) => {
          const damaged = Buffer.from(file);
          for (const [at, value] of changes) damaged[Math.max(at, 4)] = value;
          expect(framesInPieces(damaged, [size])).toEqual(framesInPieces(damaged, []));
        },
      ),
    );
  });

  it.each([false, true])('reads what was rewritten from pcap, big-endian %s', (bigEndian) => {
    const pcap = readFileSync('fixtures/protocol/any-sll2.pcap');
    const { frames } = framesInPieces(writePcapng(readCapture(pcap), { bigEndian, resolution: 6 }), [4096]);
    expect(frames).toEqual(framesInPieces(pcap, []).frames);
  });
});

/** The file with the word at `at` of its last block, a packet of 44 bytes that is added, set to `value`. */
function patched(good: PcapngBlocks, at: number, value: number): Buffer {
  const start = good.bytes.length;
  const file = good.packet(0, MICROSECOND, data).bytes;
  expect(file.length - start).toBe(44);
  file.writeUInt32LE(value, start + at);
  return file;
}

function isBlockEnd(file: Buffer, offset: number): boolean {
  let at = 0;
  while (at < offset) at += file.readUInt32LE(at + 4);
  return at === offset;
}
