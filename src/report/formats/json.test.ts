import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentPieces, json } from './json.js';

describe('a document in pieces', () => {
  it('is what it is in one', () => {
    const document = fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue())));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), document), (value) => {
        expect([...documentPieces(value)].join('')).toBe(JSON.stringify(value, null, 2));
        expect([...json.pieces(value)].join('')).toBe(json.document(value));
      }),
    );
  });

  it('leaves out what is not there, and has a piece for each item of a list', () => {
    const value = { a: undefined, sessions: [{ id: 1, of: ['x'] }, undefined, 'line\nbreak'], none: [], b: undefined };
    const pieces = [...documentPieces(value)];
    expect(pieces.join('')).toBe(JSON.stringify(value, null, 2));
    expect(pieces.length).toBeGreaterThan(4);
    expect([...documentPieces({ a: undefined })].join('')).toBe('{}');
  });
});
