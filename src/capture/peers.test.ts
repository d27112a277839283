import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCapture } from '../testing/captureFile.js';
import { PcapngBlocks } from '../testing/pcapngBlocks.js';
import { writePcapng } from '../testing/pcapngFile.js';
import { readCaptures, type ReadFrame } from '../testing/readFrames.js';

/** What pcap-parser emits; it brings no types. */
interface PcapParserPacket {
  readonly header: {
    readonly timestampSeconds: number;
    readonly timestampMicroseconds: number;
    readonly capturedLength: number;
    readonly originalLength: number;
  };
  readonly data: Buffer;
}
interface PcapParser {
  parse(stream: Readable): { on(event: string, listener: (value: PcapParserPacket) => void): void };
}
const pcapParser = createRequire(import.meta.url)('pcap-parser') as PcapParser;

const captures = readdirSync('fixtures', { recursive: true, encoding: 'utf8' })
  // What is wrong with a container each reader says in its own way.
  .filter((name) => /\.(pcap|pcapng)(\.gz|\.zst)?$/.test(name) && !name.startsWith('fuzz/container'))
  .map((name) => join('fixtures', name))
  .sort();
const classic = captures.filter((name) => name.endsWith('.pcap'));
const tshark = spawnSync('tshark', ['--version']).status === 0;

describe('pcap-parser and our reader', () => {
  it.each(classic)('give the same packets of %s', async (file) => {
    const theirs = await new Promise<PcapParserPacket[]>((resolve, reject) => {
      const packets: PcapParserPacket[] = [];
      const parser = pcapParser.parse(Readable.from([readFileSync(file)]));
      parser.on('packet', (packet) => packets.push(packet));
      parser.on('error', reject);
      parser.on('end', () => {
        resolve(packets);
      });
    });
    const { frames } = await readCaptures(file);
    expect(theirs.length).toBeGreaterThan(0);
    expect(frames.map(({ time, originalLength, data }) => [time, originalLength, data])).toEqual(
      theirs.map(({ header, data }) => [
        `${new Date(header.timestampSeconds * 1000).toISOString().slice(0, 19)}.${String(header.timestampMicroseconds).padStart(6, '0')}Z`,
        header.originalLength,
        data.toString('hex'),
      ]),
    );
  });
});

describe.skipIf(!tshark)(`tshark and our reader${tshark ? '' : ' (skipped: tshark is not installed)'}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** Number, time with nine digits, bytes on the wire and captured bytes of each frame. */
  function framesOfTshark(file: string): string[] {
    const fields = ['frame.number', 'frame.time_epoch', 'frame.len', 'frame.cap_len'].flatMap((field) => ['-e', field]);
    const { stdout } = spawnSync('tshark', ['-n', '-r', file, '-T', 'fields', ...fields], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    return stdout.trim().split('\n');
  }

  function line({ time, originalLength, data }: ReadFrame, number: number): string {
    const fraction = time.slice(20, -1).padEnd(9, '0');
    const seconds = Date.parse(`${time.slice(0, 19)}Z`) / 1000;
    return [number, `${seconds}.${fraction}`, originalLength, data.length / 2].join('\t');
  }

  it('give the same frames of all small fixtures, one after the other', async () => {
    const files = captures.filter((file) => statSync(file).size < 100_000);
    const joined = join(folder, 'joined.pcapng');
    spawnSync('mergecap', ['-a', '-w', joined, ...files]);
    const ours = [];
    for (const file of files) ours.push(...(await readCaptures(file)).frames);
    expect(files.length).toBeGreaterThan(5);
    expect(ours.map((frame, i) => line(frame, i + 1))).toEqual(framesOfTshark(joined));
    expect((await readCaptures(joined)).frames.map((frame) => frame.data)).toHaveLength(ours.length);
  });

  it('merge captures that overlap in time into the same frames as mergecap', async () => {
    const files = ['any-sll2.pcap', 'c-client.pcap', 'pcapng.pcapng', 'zkcli.pcap'].map(
      (file) => `fixtures/protocol/${file}`,
    );
    // Moved to the same second, so that they overlap; by differing fractions, so that no two times are equal.
    const moved = files.map((file, i) => {
      const packets = readCapture(readFileSync(file));
      const first = packets[0]!.seconds;
      const path = join(folder, `${i}.pcapng`);
      writeFileSync(
        path,
        writePcapng(
          packets.map((packet) => ({
            ...packet,
            seconds: packet.seconds - first + 1_700_000_000,
            nanos: packet.nanos + i,
          })),
          { resolution: 9 },
        ),
      );
      return path;
    });
    const merged = join(folder, 'merged.pcapng');
    spawnSync('mergecap', ['-w', merged, ...moved]);
    const { frames } = await readCaptures(...moved.reverse());
    expect(frames.map((frame) => line(frame, frame.number))).toEqual(framesOfTshark(merged));
  });

  it('give the same times in every decimal resolution', async () => {
    const packets = readCapture(readFileSync('fixtures/protocol/zkcli.pcap'));
    const path = join(folder, 'resolutions.pcapng');
    const sections = [0, 3, 6, 7, 9].map((resolution) =>
      writePcapng(packets, { resolution, bigEndian: resolution === 6 }),
    );
    writeFileSync(path, Buffer.concat(sections));
    const { frames } = await readCaptures(path);
    expect(frames.map((frame) => line(frame, frame.number))).toEqual(framesOfTshark(path));
  });

  it('number frames alike where blocks without a packet are counted', async () => {
    const data = Buffer.alloc(60);
    const time = 1_795_217_462_000_000n;
    const blocks = new PcapngBlocks().section().interface(1).packet(0, time, data).block(0xbad, Buffer.alloc(12));
    blocks
      .packet(0, time + 1n, data)
      .block(0x777, Buffer.alloc(12))
      .obsoletePacket(0, time + 2n, data);
    const path = join(folder, 'blocks.pcapng');
    writeFileSync(path, blocks.bytes);
    const theirs = framesOfTshark(path).filter((text) => text.split('\t')[1] !== '');
    const { frames } = await readCaptures(path);
    expect(frames.map((frame) => line(frame, frame.number))).toEqual(theirs);
    expect(theirs.map((text) => text.split('\t')[0])).toEqual(['1', '3', '4']);
  });
});
