import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { json } from './json.js';
import { JsonLines } from './jsonLines.js';

function written(records: readonly unknown[]): string {
  const pieces: Buffer[] = [];
  const lines = new JsonLines((bytes) => pieces.push(bytes));
  for (const record of records) lines.record(record);
  lines.flush();
  return Buffer.concat(pieces).toString();
}

const asFormat = (records: readonly unknown[]): string => records.map((record) => json.record(record)).join('');

describe('lines of JSON that are written as bytes', () => {
  it('are those of the format, whatever is in them', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u009b', '\u2028', '\u202e', '"\\', '\ud800'),
    );
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.integer(),
        fc.double(),
        fc.boolean(),
        fc.constantFrom(null, undefined, -0, NaN, Infinity, 2 ** 31, 2 ** 31 - 1, 2 ** 53, 1e21, 1795220223.230223),
        fc.array(tie('value')),
        fc.dictionary(text, tie('value')),
      ),
    })).value;
    fc.assert(
      fc.property(fc.array(fc.dictionary(text, value)), (records) => {
        expect(written(records)).toBe(asFormat(records));
      }),
    );
  });

  it('have numbers as JSON has them', () => {
    const near = fc
      .tuple(fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: 0, max: 1e9 }))
      .map(([a, b]) => a + b / 1e9);
    const micro = fc.integer({ min: 0, max: 2 ** 52 }).map((n) => n / 1e6);
    const nano = fc.integer({ min: 0, max: 2 ** 52 }).map((n) => n / 1e9);
    const tenth = fc
      .tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: -12, max: 12 }))
      .map(([n, e]) => Number(`${n}e${e}`));
    fc.assert(
      fc.property(fc.oneof(near, micro, nano, tenth, fc.double(), fc.integer()), (value) => {
        expect(written([{ value, minus: -value }])).toBe(asFormat([{ value, minus: -value }]));
      }),
      { numRuns: 3000 },
    );
  });

  it('may be deep', () => {
    let deep: unknown = [];
    for (let i = 0; i < 500; i++) deep = [deep];
    expect(written([{ deep }])).toBe(asFormat([{ deep }]));
  });

  it('may be longer than a piece, alone or together', () => {
    const long = { path: 'x'.repeat(300_000), names: Array.from({ length: 20_000 }, (_, i) => `n-${i}`) };
    const many = Array.from({ length: 3000 }, (_, i) => ({ frame: i, path: `/a/${'ü'.repeat(i % 90)}` }));
    expect(written([long, ...many, long])).toBe(asFormat([long, ...many, long]));
  });

  it('have a frozen list as it was, each time', () => {
    const children = Object.freeze(['a', 'ö', 'c"']);
    const records = [{ children }, { children, stat: { version: 1 } }, { children: [...children] }];
    expect(written(records)).toBe(asFormat(records));
  });

  it('go out in pieces that nothing is written into any more', () => {
    const pieces: Buffer[] = [];
    const lines = new JsonLines((bytes) => pieces.push(bytes));
    for (let i = 0; i < 5000; i++) lines.record({ frame: i, path: '/services/of/some/length' });
    expect(pieces.length).toBeGreaterThan(2);
    const copies = pieces.map((piece) => Buffer.from(piece));
    for (let i = 0; i < 5000; i++) lines.record({ other: i });
    copies.forEach((copy, i) => {
      expect(pieces[i]!.equals(copy)).toBe(true);
    });
  });
});
