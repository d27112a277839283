import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../testing/random.js';
import { zstdFrame, zstdSkippable } from '../testing/zstdFile.js';
import { type ByteSource, StreamSource } from './byteSource.js';
import { decompress, nativeZstd } from './decompress.js';

/** 300 kB that compress to about half. */
const content = Buffer.concat(
  Array.from({ length: 3 }, () => [
    readFileSync('fixtures/protocol/mid-stream.pcap'),
    new Random(7).bytes(4000),
  ]).flat(),
);
/** Written by `zstd -19 --no-check`, of the same capture. */
const zstdFixture = readFileSync('fixtures/protocol/zkcli.pcap.zst');
const zstdContent = readFileSync('fixtures/protocol/zkcli.pcap');

/** A source that overwrites what it gave when more is asked for, as a reused buffer would be. */
function sourceOf(bytes: Buffer, size: number): ByteSource {
  const buffer = Buffer.alloc(size);
  let at = 0;
  return {
    get bytesRead() {
      return at;
    },
    failure: null,
    read() {
      buffer.fill(0xa5);
      const length = bytes.copy(buffer, 0, at, at + size);
      at += length;
      return Promise.resolve(length === 0 ? null : buffer.subarray(0, length));
    },
    close: () => Promise.resolve(),
  };
}

async function drain(source: ByteSource): Promise<{ bytes: Buffer; failure: string | null }> {
  const chunks: Buffer[] = [];
  for (let chunk = await source.read(); chunk !== null; chunk = await source.read()) chunks.push(Buffer.from(chunk));
  await source.close();
  return { bytes: Buffer.concat(chunks), failure: source.failure };
}

describe('gzip', () => {
  it.each([1000, 65_536, 10_000_000])('is decompressed from pieces of %i bytes', async (size) => {
    const { bytes, failure } = await drain(decompress(sourceOf(zlib.gzipSync(content), size), 'gzip'));
    expect(failure).toBeNull();
    expect(bytes.equals(content)).toBe(true);
  });

  it('may have several members, split anywhere, and zeros behind them', async () => {
    const members = [
      zlib.gzipSync(Buffer.from('one ')),
      zlib.gzipSync(Buffer.alloc(0)),
      zlib.gzipSync(Buffer.from('two')),
    ];
    const file = Buffer.concat([...members, Buffer.alloc(30)]);
    for (let size = 1; size <= file.length; size++) {
      expect(await drain(decompress(sourceOf(file, size), 'gzip'))).toEqual({
        bytes: Buffer.from('one two'),
        failure: null,
      });
    }
  });

  it('cut short gives all that was there, and says so', async () => {
    const file = zlib.gzipSync(content);
    for (const cut of [30, 5000, file.length - 8, file.length - 1]) {
      const { bytes, failure } = await drain(decompress(sourceOf(file.subarray(0, cut), 4096), 'gzip'));
      expect(bytes.equals(content.subarray(0, bytes.length))).toBe(true);
      if (cut === 5000) expect(bytes.length).toBeGreaterThan(5000);
      if (cut > 5000) expect(bytes.length).toBe(content.length);
      expect(failure).toContain(`${cut} bytes into the file`);
    }
  });

  it('damaged in the middle gives what came before, and says so', async () => {
    const file = zlib.gzipSync(content, { level: 1 });
    const middle = Math.floor(file.length / 2);
    file.fill(0xff, middle, middle + 50);
    const { bytes, failure } = await drain(decompress(sourceOf(file, 1024), 'gzip'));
    expect(failure).toContain('the gzip data cannot be decompressed to its end');
    expect(bytes.length).toBeGreaterThan(content.length / 3);
    expect(bytes.subarray(0, content.length / 3).equals(content.subarray(0, content.length / 3))).toBe(true);
  });
});

const decoders: [name: string, zstd: typeof nativeZstd][] = [['fzstd', undefined]];
if (nativeZstd !== undefined) decoders.push(['node:zlib', nativeZstd]);

describe.each(decoders)('zstd by %s', (_name, zstd) => {
  function unzstd(file: Buffer, size = 4096): Promise<{ bytes: Buffer; failure: string | null }> {
    // decompress() takes its own choice where it is given undefined; null is "none".
    return drain(decompress(sourceOf(file, size), 'zstd', zstd ?? null));
  }

  it.each([1, 17, 65_536])('is decompressed from pieces of %i bytes', async (size) => {
    const { bytes, failure } = await unzstd(zstdFixture, size);
    expect(failure).toBeNull();
    expect(bytes.equals(zstdContent)).toBe(true);
  });

  it('may have several frames, skippable ones between them, empty ones, and checksums', async () => {
    const file = Buffer.concat([
      zstdSkippable(Buffer.alloc(100, 1)),
      zstdFrame([Buffer.from('one ')]),
      zstdFrame([]),
      zstdSkippable(Buffer.alloc(0)),
      zstdFixture,
      zstdFrame([Buffer.from('t'), Buffer.from('wo'), { byte: 0x21, count: 3 }]),
    ]);
    const all = Buffer.concat([Buffer.from('one '), zstdContent, Buffer.from('two!!!')]);
    for (const size of [1, 2, 3, 5, 30, 200, 50_000]) {
      const { bytes, failure } = await unzstd(file, size);
      expect(failure).toBeNull();
      expect(bytes.equals(all)).toBe(true);
    }
  });

  it('cut anywhere gives a part, and says so', async () => {
    const step = Math.floor(zstdFixture.length / 40);
    for (let cut = 8; cut < zstdFixture.length; cut += step) {
      const { bytes, failure } = await unzstd(zstdFixture.subarray(0, cut));
      expect(bytes.equals(zstdContent.subarray(0, bytes.length))).toBe(true);
      expect(failure).toContain('the zstd data cannot be decompressed to its end');
    }
    const blocks = zstdFrame(Array.from({ length: 50 }, (_, i) => Buffer.alloc(1000, i)));
    const { bytes, failure } = await unzstd(blocks.subarray(0, 30_000));
    expect(bytes.length).toBeGreaterThanOrEqual(29_000);
    expect(failure).not.toBeNull();
  });

  it('survives any damage', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(zstdFixture.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const damaged = Buffer.from(zstdFixture);
          for (const [at, value] of changes) damaged[at] = value;
          const { bytes } = await unzstd(damaged);
          expect(bytes.length).toBeLessThanOrEqual(damaged.length * 131_072);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ['a window that is out of proportion', Buffer.from('28b52ffd00ff010000', 'hex'), 'window'],
    ['a single segment that is out of proportion', Buffer.from('28b52ffde000000000ffffff7f010000', 'hex'), 'window'],
    ['a dictionary', Buffer.from('28b52ffd220105010000', 'hex'), 'dictionary'],
    ['a reserved block type', Buffer.from('28b52ffd0058070000', 'hex'), 'invalid'],
    ['something else behind a frame', Buffer.concat([zstdFrame([Buffer.from('a')]), Buffer.from('garbage')]), 'cannot'],
  ])('refuses %s', async (_what, file, text) => {
    const { failure } = await unzstd(file);
    expect(failure?.toLowerCase()).toContain(text);
  });
});

it('passes on that its own source failed', async () => {
  const stream = new Readable({
    read() {
      this.destroy(new Error('disk on fire'));
    },
  });
  const { bytes, failure } = await drain(decompress(new StreamSource(stream), 'gzip'));
  expect(bytes).toHaveLength(0);
  expect(failure).toContain('disk on fire');
});
