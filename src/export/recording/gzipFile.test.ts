import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc32 } from './crc32.js';
import { GzipFile } from './gzipFile.js';
import { PlainFile } from './plainFile.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const place = temporaryFolder('each');

const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `{"frame":${from + i},"path":"/x/${((from + i) * 7919) % 1013}"}\n`).join(
    '',
  );

const textOf = (path: string): string => gunzipSync(readFileSync(path)).toString();

describe('a file of lines in gzip', () => {
  it('is one that gunzip reads, appended to and closed as often as one likes', async () => {
    const path = place('a.gz');
    for (let run = 0; run < 3; run++) {
      const file = await GzipFile.open(path);
      await file.append(lines(run * 100, run * 100 + 50));
      await file.append(lines(run * 100 + 50, run * 100 + 100));
      await file.close();
      expect(file.size).toBe(readFileSync(path).length);
    }
    expect(textOf(path)).toBe(lines(0, 300));
  });

  it('refers to what was appended before: many small flushes cost little', async () => {
    const path = place('a.gz');
    const file = await GzipFile.open(path);
    for (let i = 0; i < 1000; i++) await file.append(lines(i, i + 1));
    await file.close();
    expect(file.size).toBeLessThan(4 * gzipSync(lines(0, 1000)).length);
    expect(textOf(path)).toBe(lines(0, 1000));
  });

  it('is gone on with wherever it was cut: only what was not flushed whole is lost', async () => {
    const whole = place('whole.gz');
    const flushes: number[] = [];
    const file = await GzipFile.open(whole);
    for (let i = 0; i < 6; i++) {
      await file.append(lines(i * 20, i * 20 + 20));
      flushes.push(file.size);
    }
    await file.close();
    const bytes = readFileSync(whole);
    const path = place('cut.gz');
    for (let length = 0; length <= bytes.length; length++) {
      writeFileSync(path, bytes.subarray(0, length));
      const again = await GzipFile.open(path);
      await again.append('{"new":true}\n');
      await again.close();
      const kept = flushes.filter((size) => size <= length).length;
      expect(textOf(path), `cut at ${length}`).toBe(`${lines(0, kept * 20)}{"new":true}\n`);
    }
  });

  it('follows what another program has compressed', async () => {
    const path = place('a.gz');
    writeFileSync(path, gzipSync('{"other":true}\n'));
    const file = await GzipFile.open(path);
    await file.append(lines(0, 3));
    await file.close();
    expect(textOf(path)).toBe(`{"other":true}\n${lines(0, 3)}`);
  });
});

it('a plain file is cut behind its last whole line, and gone on with', async () => {
  const path = place('a.ndjson');
  writeFileSync(path, `${lines(0, 5)}{"frame":5,"pa`);
  const file = await PlainFile.open(path);
  await file.append(lines(5, 7));
  await file.close();
  expect(readFileSync(path, 'utf8')).toBe(lines(0, 7));
  writeFileSync(path, 'x'.repeat(200_000));
  expect((await PlainFile.open(path)).size).toBe(0);
});

it('the checksum is that of gzip', () => {
  expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
  expect(crc32(Buffer.from('6789'), crc32(Buffer.from('12345')))).toBe(0xcbf43926);
});
