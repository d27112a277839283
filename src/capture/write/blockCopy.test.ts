import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixture, fixturePackets } from '../../testing/analyseCapture.js';
import { readCapture } from '../../testing/captureFile.js';
import { packetComments } from '../../testing/packetComments.js';
import { PcapngBlocks } from '../../testing/pcapngBlocks.js';
import { PcapngWriter, writePcapng } from '../../testing/pcapngFile.js';
import { BlockCopy, type CopyComments } from './blockCopy.js';

const NOTHING: CopyComments = { of: () => [], section: [] };

/** Copies in chunks of `size` bytes, each of which is overwritten when the next comes. */
function copied(bytes: Buffer, comments: CopyComments, size = bytes.length): { bytes: Buffer; copy: BlockCopy } {
  const parts: Buffer[] = [];
  const copy = new BlockCopy((part) => parts.push(part), comments);
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = Buffer.from(bytes.subarray(at, at + size));
    copy.add(chunk);
    chunk.fill(0xee);
  }
  copy.flush();
  return { bytes: Buffer.concat(parts), copy };
}

describe('a pcapng capture copied block by block', () => {
  const packets = fixturePackets('protocol/kazoo-client.pcap').slice(0, 40);
  const rich = [false, true].map((bigEndian) =>
    writePcapng(packets, { bigEndian, sections: 3, extras: true, resolution: 9 }),
  );

  it('is the same to the last byte where nothing is said, however it comes', () => {
    for (const file of [...rich, fixture('tls/dsb.pcapng.gz').subarray(0, 60_000)]) {
      const whole = copied(file, NOTHING).bytes;
      expect(whole.equals(file.subarray(0, whole.length))).toBe(true);
      expect(file.length - whole.length).toBeLessThan(65_536);
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 500 }), (size) => copied(file, NOTHING, size).bytes.equals(whole)),
        { numRuns: 10 },
      );
    }
  });

  it('keeps what was said before, and says more behind it', async () => {
    for (const file of rich) {
      const before = await packetComments(file);
      const said = copied(file, {
        of: (frame) => (frame % 4 === 1 ? [`of ${frame}`, 'more'] : []),
        section: ['all'],
      }).bytes;
      expect(readCapture(said)).toEqual(packets);
      const after = await packetComments(said);
      // Every block of an unknown kind stands where it did, and none of them counts as a frame.
      expect(after).toEqual(
        before.map((comments, i) => (i % 4 === 0 ? [...comments, `of ${i + 1}`, 'more'] : comments)),
      );
      expect(said.toString('latin1').split('a block that nobody knows').length).toBe(
        file.toString('latin1').split('a block that nobody knows').length,
      );
      expect(said.toString('latin1').split('all').length - 1).toBe(1);
    }
  });

  it('a section that stated its length does so no more', () => {
    const file = new PcapngWriter();
    file.section({ length: 1000n }).interface({ linkType: 1 }).packet(packets[0]!);
    const { bytes } = copied(file.bytes(), { of: () => ['one'], section: [] });
    expect(bytes.readBigInt64LE(16)).toBe(-1n);
    expect(readCapture(bytes)).toEqual([packets[0]]);
  });

  it('numbers frames as Wireshark does, journal entries and custom blocks among them; simple packets have no room', async () => {
    const data = Buffer.from('abcde');
    const file = new PcapngBlocks()
      .section()
      .interface(1)
      .block(0xbad, Buffer.alloc(12))
      .packet(0, 5n, data)
      .simplePacket(data);
    file.obsoletePacket(0, 7n, data);
    const { bytes, copy } = copied(file.bytes, { of: (frame) => [`${frame}`], section: [] });
    expect(copy.homeless).toBe(1);
    expect(await packetComments(bytes)).toEqual([['2'], [], ['4']]);
  });

  it('ends where the capture cannot be read, and never throws', () => {
    const file = rich[0]!;
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(255), fc.integer({ min: 7, max: 900 }), (at, value, size) => {
        const broken = Buffer.from(file);
        broken[at] = value;
        expect(copied(broken, { of: () => ['x'], section: ['y'] }, size).bytes.length).toBeLessThan(file.length * 3);
      }),
      { numRuns: 300 },
    );
  });
});
