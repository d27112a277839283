import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Packet, readCapture, writePcap } from '../testing/captureFile.js';
import { writePcapng } from '../testing/pcapngFile.js';
import { readCaptures, streamInput } from '../testing/readFrames.js';
import { CaptureError } from './captureError.js';
import { type CaptureInput, CaptureSet } from './captureSet.js';
import { Clock } from './clock.js';

const original = readFileSync('fixtures/protocol/c-client.pcap');
const packets = readCapture(original);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, bytes: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Packets that differ in time and content; `times` are microseconds. */
function packetsAt(...times: number[]): Packet[] {
  return times.map((time, i) => ({
    seconds: 1_700_000_000 + Math.floor(time / 1e6),
    nanos: (time % 1e6) * 1000,
    data: Buffer.from(`${i}`),
    originalLength: 100,
    linkType: 1,
  }));
}

function refused(...inputs: CaptureInput[]): Promise<string> {
  return readCaptures(...inputs).then(
    () => 'read',
    (error: unknown) => {
      expect(error).toBeInstanceOf(CaptureError);
      const { message } = error as CaptureError;
      expect(message).not.toContain('\n');
      return message;
    },
  );
}

describe('one capture', () => {
  it('is described', async () => {
    const path = 'fixtures/protocol/any-sll2.pcap';
    const { frames, captures, clock } = await readCaptures(path);
    const { from, to, ...rest } = captures[0]!;
    expect(rest).toEqual({
      file: path,
      format: 'pcap',
      linkTypes: ['LINUX_SLL2'],
      packets: frames.length,
      bytes: readFileSync(path).length,
      firstFrame: 1,
      truncated: false,
      interrupted: false,
      problems: [],
    });
    expect(clock.format(from!)).toBe(frames[0]!.time);
    expect(clock.format(to!)).toBe(frames.at(-1)!.time);
  });

  it.each<[format: string, name: string, make: (bytes: Buffer) => Buffer]>([
    ['pcap', 'as.gz', (bytes) => bytes],
    ['pcap.gz', 'as.zst', (bytes) => zlib.gzipSync(bytes)],
    ['pcapng', 'as.pcap', () => writePcapng(packets)],
    ['pcapng.gz', 'as', () => zlib.gzipSync(writePcapng(packets, { bigEndian: true }))],
    ['pcap', 'nano', () => writePcap(packets, { bigEndian: true, nanoseconds: true })],
  ])('is found to be %s from its bytes, not from the name %s', async (format, name, make) => {
    const path = file(name, make(original));
    for (const input of [path, streamInput(readFileSync(path), 3)]) {
      const { frames, captures } = await readCaptures(input);
      expect(captures[0]!.format).toBe(format);
      expect(captures[0]!.bytes).toBe(readFileSync(path).length);
      expect(frames.map((frame) => frame.data)).toEqual(packets.map((packet) => packet.data.toString('hex')));
    }
  });

  it('compressed with zstd is the same', async () => {
    const { frames, captures } = await readCaptures('fixtures/protocol/zkcli.pcap.zst');
    expect(captures[0]!.format).toBe('pcap.zst');
    expect(frames).toEqual((await readCaptures('fixtures/protocol/zkcli.pcap')).frames);
  });

  it('without packets is read', async () => {
    const { frames, captures } = await readCaptures(file('none.pcap', writePcap([])));
    expect(frames).toEqual([]);
    expect(captures[0]).toMatchObject({ packets: 0, from: null, to: null, firstFrame: null, linkTypes: ['EN10MB'] });
  });

  it('cut short is read to its last whole record, and says where', async () => {
    const { frames, captures } = await readCaptures(file('cut.pcap', original.subarray(0, -3)));
    expect(frames).toHaveLength(packets.length - 1);
    const start = original.length - 16 - packets.at(-1)!.data.length;
    expect(captures[0]).toMatchObject({
      truncated: true,
      problems: [`byte ${start}, behind frame ${frames.length}: the file ends in the middle of a record`],
    });
  });

  it('cut short in its first record has no frames, but is no error', async () => {
    const { frames, captures } = await readCaptures(file('cut.pcap', original.subarray(0, 30)));
    expect(frames).toEqual([]);
    expect(captures[0]).toMatchObject({ truncated: true });
    expect(captures[0]!.problems[0]).toContain('byte 24, before the first frame');
  });

  it('cut short by its compression says so', async () => {
    const compressed = zlib.gzipSync(original);
    const { frames, captures } = await readCaptures(file('cut.gz', compressed.subarray(0, compressed.length >> 1)));
    expect(frames.length).toBeGreaterThan(10);
    expect(frames.length).toBeLessThan(packets.length);
    expect(captures[0]!.truncated).toBe(true);
    expect(captures[0]!.problems).toHaveLength(2);
    expect(captures[0]!.problems[0]).toContain(`unexpected end of file, ${compressed.length >> 1} bytes into the file`);
    expect(captures[0]!.problems[1]).toMatch(/^byte \d+ of the decompressed capture, behind frame \d+: /);
  });

  it('damaged later is read as far as it goes, and says where', async () => {
    const bytes = Buffer.from(original);
    const second = 24 + 16 + packets[0]!.data.length;
    bytes.writeUInt32LE(0xfffffff0, second + 8);
    const { frames, captures } = await readCaptures(file('damaged.pcap', bytes));
    expect(frames).toHaveLength(1);
    expect(captures[0]!.truncated).toBe(true);
    expect(captures[0]!.problems[0]).toMatch(new RegExp(`^byte ${second}, behind frame 1: .*; the rest was not read$`));
  });
});

describe('what is no capture', () => {
  it.each<[what: string, bytes: Buffer, text: string]>([
    ['nothing', Buffer.alloc(0), 'empty'],
    ['one byte', Buffer.of(0xd4), 'only 1 byte(s) long'],
    ['a cut header', original.subarray(0, 20), 'byte 20: the file ends in the middle of its header'],
    ['a cut pcapng header', writePcapng([]).subarray(0, 20), 'ends in the middle of a record'],
    ['text', Buffer.from('12:00:01.5 IP 10.0.0.1.2181 > 10.0.0.2.4711: Flags [P.]\n'), 'it is text'],
    ['HTML', Buffer.from('\n<!DOCTYPE html>\n<html>'), 'it is an HTML page'],
    ['zip', Buffer.from('PK\x03\x04rest'), 'it is a zip archive'],
    ['xz', Buffer.from('fd377a585a0000', 'hex'), 'it is compressed with xz'],
    ['bzip2', Buffer.from('BZh91AY'), 'it is compressed with bzip2'],
    ['ELF', Buffer.from('\x7fELF\x02'), 'it is a program (ELF)'],
    ['snoop', Buffer.from('snoop\0\0\0\0\0\0\x02'), 'it is a snoop capture'],
    ['zeros', Buffer.alloc(100), 'only zeros'],
    ['noise', Buffer.from('8899aabbccddeeff', 'hex'), 'no capture format'],
    ['compressed text', zlib.gzipSync(Buffer.from('text')), 'decompressed, not a capture: it is text'],
    ['compressed nothing', zlib.gzipSync(Buffer.alloc(0)), 'nothing but an empty compressed file'],
    ['a compressed tar', zlib.gzipSync(Buffer.concat([Buffer.alloc(257, 65), Buffer.from('ustar')])), 'a tar archive'],
    ['cut compression', zlib.gzipSync(original).subarray(0, 15), 'cannot be decompressed'],
  ])('is refused by name: %s', async (_what, bytes, text) => {
    const path = file('stranger', bytes);
    const message = await refused(path);
    expect(message).toContain(text);
    expect(message.startsWith(path)).toBe(true);
    expect(await refused(streamInput(bytes))).toContain(text);
    // Beside a good capture it is refused as well, before a frame was handed on.
    expect(await refused('fixtures/protocol/zkcli.pcap', path)).toBe(message);
  });

  it('is refused where not even the first record can be true', async () => {
    const bytes = Buffer.from(original);
    bytes.writeUInt32LE(0x7fffffff, 24 + 8);
    const message = await refused(file('first.pcap', bytes));
    expect(message).toContain('first.pcap, byte 24: a record claims 2147483647 captured bytes');
  });

  it('is refused where there is no file, or a directory', async () => {
    expect(await refused(join(folder, 'nowhere.pcap'))).toContain('no such file');
    expect(await refused(join('fixtures/protocol/zkcli.pcap', 'x'))).toContain('no such file');
    mkdirSync(join(folder, 'directory'), { recursive: true });
    expect(await refused(join(folder, 'directory'))).toContain('this is a directory');
  });

  it('is refused where a stream gives text', async () => {
    const stream = new PassThrough({ encoding: 'utf8' });
    stream.end('text');
    expect(await refused({ name: 'upload', stream })).toContain('upload: the stream gives no bytes');
  });
});

describe('several captures', () => {
  it('of a ring come out as one, in whatever order they are given', async () => {
    const whole = (await readCaptures('fixtures/protocol/c-client.pcap')).frames;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: packets.length - 1 }), { maxLength: 8 }),
        fc.array(fc.nat(), { minLength: 9, maxLength: 9 }),
        async (cuts, keys) => {
          const edges = [0, ...cuts.sort((a, b) => a - b), packets.length];
          const names = edges.slice(1).map((edge, i) => {
            const part = packets.slice(edges[i], edge);
            const bytes =
              i % 3 === 1
                ? zlib.gzipSync(writePcap(part))
                : i % 3 === 2
                  ? writePcapng(part, { resolution: 6 })
                  : writePcap(part);
            return file(`ring.pcap${i}`, bytes);
          });
          const shuffled = names.map((name, i) => ({ name, key: keys[i]! })).sort((a, b) => a.key - b.key);
          const { frames, captures } = await readCaptures(...shuffled.map(({ name }) => name));
          expect(frames).toEqual(whole);
          expect(captures.map((capture) => capture.file)).toEqual(shuffled.map(({ name }) => name));
          for (const capture of captures) {
            expect(capture.firstFrame).toBe(edges[names.indexOf(capture.file)]! + 1);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('of a ring may begin and end in the same microsecond', async () => {
    const ring = Array.from({ length: 12 }, (_, i) =>
      file(`same.pcap${i}`, writePcap(packetsAt(5, 5).map((p) => ({ ...p, data: Buffer.of(i) })))),
    );
    const { frames } = await readCaptures(...ring.reverse());
    expect(frames.map((frame) => parseInt(frame.data, 16))).toEqual(Array.from({ length: 24 }, (_, i) => i >> 1));
  });

  it('that overlap are merged by time, frame by frame, without changing the order within one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(40), { maxLength: 12 }), { minLength: 2, maxLength: 20 }),
        async (lists) => {
          const inputs = lists.map((times, i) =>
            file(
              `overlap${i}`,
              writePcap(packetsAt(...times).map((packet) => ({ ...packet, originalLength: 1000 + i }))),
            ),
          );
          const { frames, captures } = await readCaptures(...inputs);
          expect(frames.map((frame) => frame.number)).toEqual(frames.map((_, i) => i + 1));
          lists.forEach((times, i) => {
            const own = frames.filter((frame) => frame.originalLength === 1000 + i);
            expect(own.map((frame) => Number(Buffer.from(frame.data, 'hex').toString()))).toEqual(
              times.map((_, n) => n),
            );
            expect(captures[i]!.packets).toBe(times.length);
            expect(captures[i]!.firstFrame).toBe(own[0]?.number ?? null);
          });
          if (lists.every((times) => times.every((time, i) => i === 0 || times[i - 1]! <= time))) {
            expect(frames.map((frame) => frame.time)).toEqual(frames.map((frame) => frame.time).sort());
          }
          // Each frame is the earliest of those that were at hand.
          const left = lists.map((times) => [...times]);
          for (const frame of frames) {
            const heads = left.filter((times) => times.length > 0).map((times) => times[0]!);
            const time = left[frame.originalLength - 1000]!.shift()!;
            expect(time).toBe(Math.min(...heads));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('may be files and streams', async () => {
    const a = file('a', writePcap(packetsAt(1, 4, 7)));
    const b = streamInput(writePcap(packetsAt(2, 5, 8), { bigEndian: true }), 10, 'b');
    const c = streamInput(writePcapng(packetsAt(0, 6, 6)), 1, 'c');
    const { frames, captures } = await readCaptures(b, a, c);
    expect(frames.map((frame) => frame.time.slice(20, 26))).toEqual(
      [0, 1, 2, 4, 5, 6, 6, 7, 8].map((time) => String(time).padStart(6, '0')),
    );
    expect(captures.map(({ file: name, packets: count, firstFrame }) => [name, count, firstFrame])).toEqual([
      ['b', 3, 3],
      [a, 3, 2],
      ['c', 3, 1],
    ]);
  });

  it('go on where one of them is damaged', async () => {
    const bytes = writePcap(packetsAt(1, 3, 5));
    const damaged = file('x', bytes.subarray(0, -1));
    const { frames, captures } = await readCaptures(
      damaged,
      file('y', writePcap(packetsAt(2, 4, 6))),
      file('z', writePcap([])),
    );
    expect(frames).toHaveLength(5);
    expect(captures.map((capture) => capture.truncated)).toEqual([true, false, false]);
    expect(captures[0]!.problems[0]).toContain('behind frame 3');
    expect(captures[2]).toMatchObject({ packets: 0, format: 'pcap', linkTypes: ['EN10MB'] });
  });

  it('of a ring are open one after the other', async () => {
    const descriptors = '/proc/self/fd';
    if (!existsSync(descriptors)) return;
    const before = readdirSync(descriptors).length;
    const ring = Array.from({ length: 60 }, (_, i) => file(`many${i}`, writePcap(packetsAt(i * 10, i * 10 + 5))));
    let most = 0;
    await new CaptureSet(ring, new Clock()).read(() => {
      most = Math.max(most, readdirSync(descriptors).length);
    });
    expect(most).toBeLessThan(before + 10);
    expect(readdirSync(descriptors).length).toBeLessThanOrEqual(before + 1);
  });
});

describe('the reading', () => {
  it('hands a frame on as soon as it is there', async () => {
    const stream = new PassThrough();
    const set = new CaptureSet([{ name: 'live', stream }], new Clock());
    const seen: number[] = [];
    let chunks = 0;
    const reading = set.read(
      (frame) => seen.push(frame.number),
      () => {
        chunks++;
      },
    );
    const bytes = writePcap(packetsAt(1, 2, 3));
    stream.write(bytes.subarray(0, 41));
    await expect.poll(() => seen).toEqual([1]);
    stream.write(bytes.subarray(41, 60));
    stream.write(bytes.subarray(60, 75));
    await expect.poll(() => seen).toEqual([1, 2, 3]);
    expect(chunks).toBeGreaterThan(1);
    stream.end();
    await reading;
    expect(set.captures[0]!.truncated).toBe(false);
  });

  it('ends when it is told to, without an error', async () => {
    const stream = new PassThrough();
    const set = new CaptureSet([{ name: 'live', stream }], new Clock());
    const abort = new AbortController();
    const seen: number[] = [];
    const reading = set.read((frame) => seen.push(frame.number), undefined, abort.signal);
    stream.write(writePcap(packetsAt(1, 2, 3)).subarray(0, 60));
    await expect.poll(() => seen).toEqual([1, 2]);
    abort.abort();
    await reading;
    expect(set.captures[0]).toMatchObject({
      packets: 2,
      truncated: false,
      interrupted: true,
      problems: ['reading was interrupted behind frame 2, at byte 60: the rest was not read'],
    });
    expect(stream.destroyed).toBe(true);
    const never = new CaptureSet([join(folder, 'nowhere')], new Clock());
    await never.read(() => undefined, undefined, abort.signal);
  });

  it('waits after each chunk', async () => {
    const set = new CaptureSet([streamInput(original, 1000)], new Clock());
    let waiting = false;
    let waits = 0;
    await set.read(
      () => {
        expect(waiting).toBe(false);
      },
      async () => {
        waiting = true;
        waits++;
        await new Promise(setImmediate);
        waiting = false;
      },
    );
    expect(waits).toBeGreaterThan(5);
  });

  it('tells how far it is', async () => {
    const a = file('a', original);
    const b = file('b', zlib.gzipSync(original));
    const total = original.length + readFileSync(b).length;
    const steps: [number, number | null][] = [];
    await new CaptureSet([a, b], new Clock(), { onProgress: (...step) => steps.push(step) }).read(() => undefined);
    expect(steps.at(-1)).toEqual([total, total]);
    expect(steps.every(([read, of], i) => of === total && read >= (steps[i - 1]?.[0] ?? 0))).toBe(true);
    steps.length = 0;
    const stream = streamInput(original, 1000);
    await new CaptureSet([a, stream], new Clock(), { onProgress: (...step) => steps.push(step) }).read(() => undefined);
    expect(steps.at(-1)).toEqual([2 * original.length, null]);
  });

  it('passes on what its user throws, and lets go of the inputs', async () => {
    const stream = new PassThrough();
    stream.write(original);
    const reading = new CaptureSet([{ name: 'live', stream }], new Clock()).read(() => {
      throw new RangeError('mine');
    });
    await expect(reading).rejects.toThrow(RangeError);
    expect(stream.destroyed).toBe(true);
  });

  it('happens once', async () => {
    const set = new CaptureSet(['fixtures/protocol/zkcli.pcap'], new Clock());
    await set.read(() => undefined);
    await expect(set.read(() => undefined)).rejects.toThrow('only once');
  });

  it('tells of a stream that breaks off', async () => {
    const stream = new PassThrough();
    const reading = readCaptures({ name: 'remote', stream });
    stream.write(original.subarray(0, 2000));
    setTimeout(() => stream.destroy(new Error('connection lost')), 10);
    const { captures } = await reading;
    expect(captures[0]).toMatchObject({ truncated: true });
    expect(captures[0]!.problems[0]).toBe('reading failed: connection lost');
  });
});

describe.skipIf(spawnSync('mkfifo', ['--version']).status !== 0)(
  'a named pipe (skipped where there is no mkfifo)',
  () => {
    it('is read like a stream, and can be given up', async () => {
      const pipe = join(folder, 'pipe');
      spawnSync('mkfifo', [pipe]);
      spawn('sh', ['-c', `cat fixtures/protocol/zkcli.pcap > ${pipe}`]);
      expect((await readCaptures(pipe)).frames).toEqual((await readCaptures('fixtures/protocol/zkcli.pcap')).frames);

      const writer = spawn('sh', ['-c', `(cat fixtures/protocol/zkcli.pcap; sleep 60) > ${pipe}`], { detached: true });
      const abort = new AbortController();
      let count = 0;
      const reading = new CaptureSet([pipe], new Clock()).read(() => count++, undefined, abort.signal);
      await expect.poll(() => count).toBe(108);
      abort.abort();
      await reading;
      process.kill(-writer.pid!);
    });
  },
);
