import { expect, it } from 'vitest';
import { FileNames } from './fileNames.js';

const TIME = Date.UTC(2026, 10, 20, 23, 31, 2) / 1000;

it('names of files have the time of their beginning, and the number of their part before the ending', () => {
  const names = new FileNames('/var/log/zk1-%Y%m%d-%H%M.ndjson.gz');
  expect(names.path(TIME, 1)).toBe('/var/log/zk1-20261120-2331.ndjson.gz');
  expect(names.path(TIME, 3)).toBe('/var/log/zk1-20261120-2331.3.ndjson.gz');
  expect(new FileNames('100%%-%s').path(TIME, 2)).toBe('100%-1795217462.2');
});

it('names of a recording are known, and no others', () => {
  const names = new FileNames('a.b-%Y%m%d.ndjson.gz');
  expect(names.part('a.b-20261120.ndjson.gz')).toBe(1);
  expect(names.part('a.b-20261120.12.ndjson.gz')).toBe(12);
  for (const other of [
    'axb-20261120.ndjson.gz',
    'a.b-2026112.ndjson.gz',
    'a.b-20261120.ndjson',
    'a.b-20261120.x.ndjson.gz',
  ])
    expect(names.part(other)).toBe(null);
});

it.each(['x-%q.ndjson', 'x-%', '%Y/x.ndjson'])('%s is refused', (template) => {
  expect(() => new FileNames(template)).toThrow(RangeError);
});
