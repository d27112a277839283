import { Chalk } from 'chalk';
import stringWidth from 'string-width';
import { beforeAll, describe, expect, it } from 'vitest';
import { fitTable } from './fitTable.js';
import { shorten } from './shorten.js';
import { loadWidths, padEnd, padStart, pieces, textWidth } from './width.js';
import { wrap } from './wrap.js';

beforeAll(loadWidths);

describe('columns', () => {
  it('are what a terminal takes', () => {
    expect(['/abc', '/日本', '/é', '/e\u0301', '/😀'].map(textWidth)).toEqual([4, 5, 2, 2, 3]);
    expect([padEnd('日', 4), padStart('日', 4), padEnd('abc', 2)]).toEqual(['日  ', '  日', 'abc']);
    expect(pieces('日本語ab', 4)).toEqual(['日本', '語ab']);
  });

  it('are what texts are shortened to', () => {
    for (const text of ['/日本語/日本語/日本語', '/😀😀😀😀😀😀', `/${'e\u0301'.repeat(20)}`])
      for (const width of [3, 5, 8, 9]) expect(textWidth(shorten(text, width))).toBeLessThanOrEqual(width);
    expect(shorten('/日本', 5)).toBe('/日本');
  });

  it('are what tables and lines are laid out by', () => {
    const cells = ['/日本語', '/abc', '/😀'];
    const { text } = fitTable(
      [
        { title: 'Path', cells, rank: 0 },
        { title: 'n', cells: ['1', '2', '3'], rank: 0 },
      ],
      80,
      new Chalk({ level: 0 }),
    );
    expect(text.split('\n').map((line) => textWidth(line.slice(0, line.search(/[n\d]$/))))).toEqual([9, 9, 9, 9]);
    for (const line of wrap('日本語 日本語 日本語 abc', 14).split('\n'))
      expect(textWidth(line)).toBeLessThanOrEqual(14);
  });

  it('are one each for what needs no tables', () => {
    for (const text of ['Größe µs → … – “x” ≤ ▶ ◀ ─ ┄ Привет Ωμέγα'])
      for (const character of text) expect([character, stringWidth(character)]).toEqual([character, 1]);
    for (let code = 0x20; code < 0x2600; code++) {
      const character = String.fromCharCode(code);
      if (textWidth(character) !== stringWidth(character)) expect.fail(`U+${code.toString(16)}`);
    }
  });
});
