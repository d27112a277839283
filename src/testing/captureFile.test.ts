import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CaptureBuilder } from './captureBuilder.js';
import { readCapture, writePcap } from './captureFile.js';
import { gzip, gzipMembers, zstd, zstdStored } from './compression.js';
import { cooked2 } from './linkRewriting.js';
import { snapped } from './lossRewriting.js';
import type { PcapngOptions } from './pcapngFile.js';
import { writePcapng } from './pcapngFile.js';
import { hasCapinfos, hasTshark, run, tsharkFields, withFile } from './tshark.js';
import { decompress as unzstd } from 'fzstd';

const builder = new CaptureBuilder(1_700_000_000, 123_456_000);
builder
  .connection({ client: '10.0.0.1:40000', server: '10.0.0.2:2181' })
  .handshake()
  .client('ruok')
  .server('imok')
  .close();
const packets = snapped(builder.packets, 56);

const PCAPNG: [string, PcapngOptions][] = [
  ['plain', {}],
  ['big-endian', { bigEndian: true }],
  ['nanoseconds', { resolution: 9 }],
  // Picoseconds since 1970 do not fit into 64 bits.
  ['picoseconds, offset', { resolution: 12, offset: 1_699_990_000 }],
  ['binary', { resolution: 0x80 | 30 }],
  ['offset', { offset: 1_600_000_000, resolution: 9 }],
  ['sections, extras', { sections: 3, extras: true, bigEndian: true }],
];

describe('capture files', () => {
  it.each([{}, { bigEndian: true }, { nanoseconds: true }, { bigEndian: true, nanoseconds: true }])(
    'pcap %o',
    (options) => {
      expect(readCapture(writePcap(packets, options))).toEqual(packets);
    },
  );

  it.each(PCAPNG)('pcapng, %s', (_, options) => {
    const read = readCapture(writePcapng(packets, options));
    expect(read.map((packet) => ({ ...packet, nanos: 0 }))).toEqual(packets.map((packet) => ({ ...packet, nanos: 0 })));
    read.forEach(({ nanos }, i) => {
      expect(Math.abs(nanos - packets[i]!.nanos)).toBeLessThanOrEqual(1);
    });
  });

  it('pcapng with several link types', () => {
    const mixed = [...packets, ...cooked2(packets)];
    expect(readCapture(writePcapng(mixed))).toEqual(mixed);
    expect(() => writePcap(mixed)).toThrow('one link type');
  });

  it('compressed', () => {
    const file = writePcap(packets);
    expect(gunzipSync(gzip(file))).toEqual(file);
    expect(gunzipSync(gzipMembers(file))).toEqual(file);
    expect(Buffer.from(unzstd(zstdStored(file)))).toEqual(file);
    expect(Buffer.from(unzstd(zstdStored(Buffer.alloc(300_000, 7))))).toEqual(Buffer.alloc(300_000, 7));
    const compressed = zstd(file);
    if (compressed) expect(Buffer.from(unzstd(compressed))).toEqual(file);
  });

  it.skipIf(!hasCapinfos)('capinfos knows them (skipped where it is not installed)', () => {
    const describeFile = (file: Buffer): string[] =>
      withFile(file, (path) => run('capinfos', ['-T', '-r', '-t', '-E', '-c', path]))
        .trim()
        .split('\t')
        .slice(1);
    const count = String(packets.length);
    expect(describeFile(writePcap(packets))).toEqual(['pcap', 'ether', count]);
    expect(describeFile(writePcap(packets, { nanoseconds: true, bigEndian: true }))).toEqual([
      'nsecpcap',
      'ether',
      count,
    ]);
    expect(describeFile(writePcap(cooked2(packets)))).toEqual(['pcap', 'linux-sll2', count]);
    expect(describeFile(writePcapng(packets, { extras: true }))).toEqual(['pcapng', 'ether', count]);
  });

  it.skipIf(!hasTshark)('tshark reads the same frames and times (skipped where it is not installed)', () => {
    const frames = (file: Buffer): string[][] =>
      withFile(file, (path) =>
        tsharkFields(path, 'frame', ['frame.time_epoch', 'frame.len', 'frame.cap_len', 'tcp.len']),
      );
    const expected = frames(writePcap(packets));
    expect(expected[3]).toEqual(['1700000000.370368000', '58', '56', '4']);
    for (const [, options] of PCAPNG) {
      // Binary fractions of a second cannot hold microseconds exactly, and with picoseconds tshark 4.0 overflows.
      if (options.resolution === (0x80 | 30) || options.resolution === 12) continue;
      expect(frames(writePcapng(packets, options))).toEqual(expected);
    }
    expect(frames(gzip(writePcap(packets, { bigEndian: true, nanoseconds: true })))).toEqual(expected);
  });
});
