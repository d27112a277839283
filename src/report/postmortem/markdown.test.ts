import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markdownCode, markdownText } from './markdown.js';

describe('markdownText', () => {
  it.each([
    ['/a|b', '/a\\|b'],
    ['/`rm -rf`', '/\\`rm -rf\\`'],
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    ['[x](javascript:1) ![y](z)', '\\[x\\](javascript:1) \\!\\[y\\](z)'],
    ['&lt;', '&amp;lt;'],
    ['# a', '\\# a'],
    ['- a', '\\- a'],
    ['1. a', '1\\. a'],
    ['10.77.0.90:45603', '10.77.0.90:45603'],
    ['https://evil.example', 'https:\\//evil.example'],
  ])('%s', (text, expected) => {
    expect(markdownText(text)).toBe(expected);
  });

  it('leaves no character bare that could begin markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('a`|<>[]*_\\#~!&$ ')) }), (text) => {
        const bare = markdownText(text)
          .replace(/\\[^a-z0-9 ]/g, '')
          .replace(/&(?:amp|lt|gt);/g, '');
        expect(bare).not.toMatch(/[`|<>[\]*_\\#~!&$]/);
      }),
    );
  });
});

describe('markdownCode', () => {
  it('cannot be closed by what it holds, nor end a cell', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('a`| \\')) }), (text) => {
        const code = markdownCode(text);
        const fence = /^`+/.exec(code)![0];
        const inner = code.slice(fence.length, -fence.length);
        expect(code.endsWith(fence)).toBe(true);
        expect((inner.match(/`+/g) ?? []).map((run) => run.length)).not.toContain(fence.length);
        expect(inner.replace(/\\\|/g, '')).not.toContain('|');
      }),
    );
  });
});
