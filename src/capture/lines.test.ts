import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Clock } from './clock.js';
import { Frame } from './frame.js';
import { LinesReader } from './lines.js';

const line = (frame: number, text = ''): string =>
  JSON.stringify({ frame, time: `2026-11-20T23:31:0${frame}.000001Z`, text });

/** What a reader makes of bytes that come in pieces of some size. */
function read(bytes: Buffer, size: number): { frames: unknown[]; reader: LinesReader } {
  const reader = new LinesReader(new Clock());
  const frame = new Frame();
  const frames: unknown[] = [];
  const take = (): void => {
    while (reader.next(frame)) frames.push(frame.line?.['frame']);
  };
  for (let at = 0; at < bytes.length; at += size) {
    // Chunks are overwritten by their owner: a copy each time.
    reader.push(Buffer.from(bytes.subarray(at, at + size)));
    take();
  }
  reader.finish();
  return { frames, reader };
}

it('gives the same lines however the bytes are split', () => {
  const bytes = Buffer.from(`${line(1)}\n${line(2, 'ü'.repeat(5000))}\r\n\n${line(3)}\n`);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: bytes.length }), (size) => {
      expect(read(bytes, size).frames).toEqual([1, 2, 3]);
    }),
    { numRuns: 30 },
  );
});

it('passes over lines that cannot be read, and says how many', () => {
  const { frames, reader } = read(Buffer.from(`${line(1)}\n{"frame":\n[1]\n${line(2)}\n{"frame":3}\n`), 7);
  expect(frames).toEqual([1, 2]);
  expect(reader.remarks).toEqual(['3 line(s) could not be read, the first is line 2']);
  expect(reader.damage).toBeNull();
});

it('says that the last line was cut', () => {
  const { frames, reader } = read(Buffer.from(`${line(1)}\n${line(2).slice(0, 20)}`), 64);
  expect(frames).toEqual([1]);
  expect(reader.damage?.text).toBe('the file ends in the middle of a line');
});

it('is no journal where the first line is none', () => {
  expect(read(Buffer.from('{"a":1}\n'), 64).reader.damage?.text).toContain('no line of');
});
