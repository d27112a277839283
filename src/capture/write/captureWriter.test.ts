import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixture } from '../../testing/analyseCapture.js';
import { PcapngBlocks } from '../../testing/pcapngBlocks.js';
import { CaptureSet } from '../captureSet.js';
import { Clock } from '../clock.js';
import type { OriginalPacket } from '../original.js';
import { CaptureWriter } from './captureWriter.js';
import { comment, OptionCode } from './options.js';

interface Written {
  readonly time: string;
  readonly original: OriginalPacket;
  readonly data: string;
  readonly length: number;
}

async function read(bytes: Buffer, writer?: CaptureWriter): Promise<Written[]> {
  const clock = new Clock();
  const set = new CaptureSet([{ name: 'capture', stream: Readable.from([bytes]) }], clock);
  const packets: Written[] = [];
  await set.read((frame) => {
    const { source, high, low, options } = set.original(frame)!;
    const { linkType, snapLength } = source;
    const data = frame.bytes.subarray(frame.start, frame.end);
    writer?.packet({ source, high, low, options }, data, frame.originalLength);
    packets.push({
      time: clock.format(frame.time),
      original: { source: { linkType, snapLength, options: source.options }, high, low, options },
      data: data.toString('hex'),
      length: frame.originalLength,
    });
  });
  return packets;
}

async function writtenAgain(bytes: Buffer): Promise<[before: Written[], after: Written[], bytes: Buffer]> {
  const parts: Buffer[] = [];
  const writer = new CaptureWriter((part) => parts.push(part), { program: 'test' });
  const before = await read(bytes, writer);
  writer.flush();
  return [before, await read(Buffer.concat(parts)), Buffer.concat(parts)];
}

describe('captures that are written again', () => {
  it.each(['healthy-mixed.pcap', 'protocol/pcapng.pcapng', 'protocol/any-sll2.pcap', 'tls/dsb.pcapng.gz'])(
    '%s has the same packets, times with all digits, interfaces and options',
    async (name) => {
      const [before, after] = await writtenAgain(fixture(name));
      expect(before.length).toBeGreaterThan(20);
      expect(after).toEqual(before);
    },
  );

  it.each([false, true])(
    'options with numbers come in the byte order of the file that is written (big-endian: %s)',
    async (big) => {
      const file = new PcapngBlocks(big);
      const number = (value: number): Buffer => {
        const bytes = Buffer.alloc(4);
        if (big) bytes.writeUInt32BE(value);
        else bytes.writeUInt32LE(value);
        return bytes;
      };
      const options = Buffer.concat([
        file.option(1, Buffer.from('as it was')),
        file.option(2, number(0x01020304)),
        file.option(0, Buffer.alloc(0)),
      ]);
      file
        .section()
        .interface(1, { resolution: 9, offset: -7n })
        .packet(0, 0x1_0000_0002n, Buffer.from('abc'), 70, options);
      const [before, after] = await writtenAgain(file.bytes);
      expect(after).toEqual(before);
      const [packet] = after;
      expect(packet?.length).toBe(70);
      expect(packet?.original).toMatchObject({ high: 1, low: 2 });
      const values = packet!.original.options.map(({ code, value }) => [code, value.toString('hex')]);
      expect(values).toEqual([
        [1, Buffer.from('as it was').toString('hex')],
        [2, '04030201'],
      ]);
      const offset = packet!.original.source.options.find(({ code }) => code === OptionCode.IF_TSOFFSET);
      expect(offset?.value.readBigInt64LE()).toBe(-7n);
    },
  );

  it('packets of obsolete and simple blocks become enhanced ones: what was dropped stays counted, times those of before', async () => {
    const data = Buffer.from('abcde');
    const file = new PcapngBlocks()
      .section()
      .interface(1)
      .obsoletePacket(0, 1_700_000_000_123_456n, data, 9)
      .simplePacket(data);
    const [before, after] = await writtenAgain(file.bytes);
    expect(after.map(({ time }) => time)).toEqual(before.map(({ time }) => time));
    expect(after.map(({ length }) => length)).toEqual([9, 5]);
    expect(after[0]!.original.options).toEqual([
      { code: OptionCode.EPB_DROPCOUNT, value: Buffer.from('0700000000000000', 'hex') },
    ]);
  });

  it('an interface is described once, whatever number of sections describe it', async () => {
    const one = (link: number): Buffer =>
      new PcapngBlocks().section().interface(link).packet(0, 5n, Buffer.of(1)).bytes;
    const [, after, bytes] = await writtenAgain(Buffer.concat([one(1), one(1), one(113), one(1)]));
    expect(after.map(({ original }) => original.source.linkType)).toEqual([1, 1, 113, 1]);
    expect(bytes.toString('latin1').split('eth0').length - 1).toBe(2);
  });

  it('any packet comes back as it was', async () => {
    const packet = fc.record({
      ticks: fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }),
      data: fc.uint8Array({ maxLength: 100 }),
      more: fc.nat(1000),
      text: fc.string({ maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(packet, { minLength: 1, maxLength: 10 }), async (big, list) => {
        const file = new PcapngBlocks(big).section().interface(1, { resolution: 9 });
        for (const { ticks, data, more, text } of list) {
          const options = Buffer.concat([file.option(1, Buffer.from(text)), file.option(0, Buffer.alloc(0))]);
          file.packet(0, ticks, Buffer.from(data), data.length + more, options);
        }
        const [before, after] = await writtenAgain(file.bytes);
        expect(after).toEqual(before);
        expect(after.map(({ original }) => original.options)).toEqual(list.map(({ text }) => [comment(text)]));
      }),
      { numRuns: 50 },
    );
  });
});
