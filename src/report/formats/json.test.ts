import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentPieces, json } from './json.js';

describe('a document in pieces', () => {
  it('is what it is in one', () => {
    const document = fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue())));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), document), (value) => {
        for (const most of [1, 3, 10, 200])
          expect([...documentPieces(value, most)].join('')).toBe(JSON.stringify(value, null, 2));
        expect([...json.pieces(value)].join('')).toBe(json.document(value));
      }),
    );
  });

  it('leaves out what is not there', () => {
    const value = { a: undefined, sessions: [{ id: 1, of: ['x'] }, undefined, 'line\nbreak'], none: [], b: undefined };
    for (const most of [1, 200]) {
      expect([...documentPieces(value, most)].join('')).toBe(JSON.stringify(value, null, 2));
      expect([...documentPieces({ a: undefined }, most)].join('')).toBe('{}');
    }
  });

  it('has no long piece, however much there is in its lists and trees', () => {
    const tree = (depth: number): object => ({
      name: 'x',
      nodes: depth === 0 ? [] : Array.from({ length: 6 }, () => tree(depth - 1)),
    });
    const value = { roots: [tree(5)], list: Array.from({ length: 10_000 }, (_, id) => ({ id })) };
    const pieces = [...documentPieces(value)];
    expect(pieces.join('')).toBe(JSON.stringify(value, null, 2));
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(10_000);
  });
});
