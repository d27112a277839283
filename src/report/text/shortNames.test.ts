import { describe, expect, it } from 'vitest';
import { MOST_OF_NAME, MOST_OF_TEXT, shortNames } from './shortNames.js';
import { textWidth } from './width.js';

describe('shortNames', () => {
  const long = `/${'x'.repeat(1_000_000)}`;

  it('keeps what holds no long text, the very object', () => {
    const document = { findings: [{ path: `/${'x'.repeat(MOST_OF_NAME - 1)}`, frame: 1 }], none: null };
    expect(shortNames(document)).toBe(document);
  });

  it('shortens names in texts, lists and keys, and leaves the document as it was', () => {
    const document = { title: `${long} is read again`, paths: ['/a', long], byPath: { [long]: { n: 1 } }, frame: 7 };
    const short = shortNames(document);
    expect(short.title).toMatch(/^\/x+…x+ is read again$/);
    expect(textWidth(short.title)).toBe(MOST_OF_NAME + ' is read again'.length);
    expect([short.paths[0], textWidth(short.paths[1]!), short.frame]).toEqual(['/a', MOST_OF_NAME, 7]);
    expect(Object.keys(short.byPath).map(textWidth)).toEqual([MOST_OF_NAME]);
    expect(document.paths[1]).toBe(long);
  });

  it('shortens names of many words too', () => {
    expect(textWidth(shortNames('/a b'.repeat(100_000)))).toBe(MOST_OF_TEXT);
  });
});
