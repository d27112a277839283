import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { fitTable, type Column } from './fitTable.js';
import { shorten } from './shorten.js';

const plain = new Chalk({ level: 0 });
const path = '/services/payments/instances/10.0.0.1:8080';
const columns: Column[] = [
  { title: 'Path', cells: [path, '/a'], rank: 0, shrinkTo: 12 },
  { title: 'requests', cells: ['1,000', '7'], align: 'right', rank: 0 },
  { title: 'p50', cells: ['1.5 ms', '-'], align: 'right', rank: 2 },
  { title: 'errors', cells: ['0', '0'], align: 'right', rank: 1, blank: '0' },
];

describe('fitTable', () => {
  it('shows all where there is room, without columns that say nothing', () => {
    const { text, missing } = fitTable(columns, 80, plain);
    expect(text.split('\n')).toEqual([
      'Path                                        requests     p50',
      `${path}     1,000  1.5 ms`,
      '/a                                                 7       -',
    ]);
    expect(missing).toEqual([]);
  });

  it('shortens what may shrink to a comfortable width, then leaves columns out, then shortens more', () => {
    const at = (width: number): { lines: string[]; missing: readonly string[] } => {
      const { text, missing } = fitTable(columns, width, plain);
      return { lines: text.split('\n'), missing };
    };
    expect(at(52).missing).toEqual([]);
    expect(at(52).lines[1]).toBe(`${shorten(path, 34)}     1,000  1.5 ms`);
    expect(at(44).missing).toEqual(['p50']);
    expect(at(30).lines[1]).toBe(`${shorten(path, 20)}     1,000`);
    for (const width of [52, 44, 30])
      for (const line of at(width).lines) expect(line.length).toBeLessThanOrEqual(width);
  });

  it('lays out many rows as one table', () => {
    const cells = Array.from({ length: 1234 }, (_, i) => String(i));
    const { text } = fitTable([{ title: 'n', cells, rank: 0, align: 'right' }], 80, plain);
    const lines = text.split('\n');
    expect(lines).toHaveLength(1235);
    expect(lines[1234]).toBe('1233');
    expect(lines[1]).toBe('   0');
  });
});

describe('shorten', () => {
  it('keeps both ends', () => {
    expect(shorten('/abcdefghij', 7)).toBe('/a…ghij');
    expect(shorten('/abc', 4)).toBe('/abc');
    expect([shorten('/abc', 2), shorten('/abc', 0)]).toEqual(['…', '']);
  });
});
