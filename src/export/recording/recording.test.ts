import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FileNames } from './fileNames.js';
import type { LogFile } from './logFile.js';
import { Recording, type RecordingOptions } from './recording.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

const said: string[] = [];
const options = (more: Partial<RecordingOptions> = {}): RecordingOptions => ({
  names: new FileNames(join(folder, 'zk-%H%M.ndjson')),
  maxBytes: Infinity,
  keep: Infinity,
  say: (text) => said.push(text),
  ...more,
});
const text = (name: string): string => readFileSync(join(folder, name), 'utf8');

it('writes into the file of the time, goes on in what is there, and begins parts when asked to', async () => {
  writeFileSync(join(folder, 'zk-0000.ndjson'), '{"n":0}\n{"n":');
  const recording = new Recording(options({ maxBytes: 20 }));
  recording.next(0);
  recording.write({ n: 1 });
  recording.write({ n: 2 });
  await recording.finish();
  expect(recording.full).toBe(true);
  recording.next(0);
  recording.write({ n: 3 });
  recording.next(600);
  recording.write({ n: 4 });
  await recording.finish();
  expect(readdirSync(folder).sort()).toEqual(['zk-0000.2.ndjson', 'zk-0000.ndjson', 'zk-0010.ndjson']);
  expect(text('zk-0000.ndjson')).toBe('{"n":0}\n{"n":1}\n{"n":2}\n');
  expect(text('zk-0000.2.ndjson')).toBe('{"n":3}\n');
  expect(text('zk-0010.ndjson')).toBe('{"n":4}\n');
});

it('deletes what is older, of its own names only', async () => {
  for (const name of ['zk-0001.ndjson', 'zk-0002.3.ndjson', 'other-0001.ndjson', 'zk-0003.ndjson']) {
    writeFileSync(join(folder, name), '');
    if (!name.includes('3.ndjson') || name.includes('2.3')) utimesSync(join(folder, name), 1000, 1000);
  }
  const recording = new Recording(options({ keep: 3600e3 }));
  recording.next(0);
  recording.write({});
  await recording.finish();
  expect(readdirSync(folder).sort()).toEqual(['other-0001.ndjson', 'zk-0000.ndjson', 'zk-0003.ndjson']);
});

it('has lines on the disk half a second after they came, also where nothing follows', async () => {
  const recording = new Recording(options());
  recording.next(0);
  recording.write({ n: 1 });
  await recording.drain();
  expect(text('zk-0000.ndjson')).toBe('{"n":1}\n');
  recording.write({ n: 2 });
  await recording.drain();
  await vi.waitFor(() => {
    expect(text('zk-0000.ndjson')).toBe('{"n":1}\n{"n":2}\n');
  });
  await recording.finish();
});

it('drops and counts lines while the disk is full, says so, and goes on when there is room', async () => {
  vi.useFakeTimers();
  said.length = 0;
  const written: string[] = [];
  let room = true;
  const file: LogFile = {
    size: 0,
    append: (lines) => {
      if (!room) return Promise.reject(Object.assign(new Error(), { code: 'ENOSPC' }));
      written.push(lines);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
  const recording = new Recording(options({ open: () => Promise.resolve(file) }));
  recording.resumed = (dropped) => {
    recording.write({ dropped });
  };
  const write = async (n: number, milliseconds: number): Promise<void> => {
    recording.write({ n });
    vi.advanceTimersByTime(milliseconds);
    await recording.drain();
  };
  recording.next(0);
  await write(1, 600);
  room = false;
  await write(2, 600);
  await write(3, 600);
  await write(4, 600);
  await write(5, 1200);
  room = true;
  await write(6, 1200);
  await write(7, 600);
  await recording.finish();
  expect(written.join('')).toBe('{"n":1}\n{"dropped":5}\n{"n":7}\n');
  expect(recording.dropped).toBe(5);
  expect(said.map((line) => line.replace(folder, ''))).toEqual([
    '/zk-0000.ndjson: the disk is full: lines are dropped until there is room',
    '/zk-0000.ndjson: there is room again; 5 line(s) were dropped',
  ]);
});

it('any other failure is one', async () => {
  const failing = Object.assign(new Error(), { code: 'EACCES' });
  const recording = new Recording(options({ open: () => Promise.reject(failing) }));
  recording.next(0);
  recording.write({});
  await expect(recording.finish()).rejects.toBe(failing);
});
