import { describe, expect, it } from 'vitest';
import { printable, printableJson } from './escape.js';

const unseen = [
  0x7f, 0x9b, 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x180e, 0x180f, 0x200b, 0x200d, 0x2028, 0x202e, 0x2060,
  0x2065, 0x2066, 0x206a, 0x206f, 0x3164, 0xfe00, 0xfe0f, 0xfeff, 0xffa0, 0xfff0, 0xfff9, 0x1bca0, 0x1d173, 0xe0001,
  0xe0041, 0xe01ef,
].map((code) => String.fromCodePoint(code));

describe('printable', () => {
  it.each([...unseen, '\u001b', '\n'])('shows what a terminal would act on or nobody would see: %j', (character) => {
    expect(printable(`/a${character}b`)).toMatch(/^\/a(\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\u[0-9a-f]{4}\\u[0-9a-f]{4})b$/);
  });

  it('leaves writing of all kinds alone', () => {
    const text = '/dienste/Größe/サービス/служба/خدمة/😀/é';
    expect([printable(text), printableJson(text)]).toEqual([text, text]);
  });
});

describe('printableJson', () => {
  it('is the same JSON, with nothing in it that a terminal would act on', () => {
    const value = { path: `/${unseen.join('/')}\u001b\n"\\` };
    const json = printableJson(JSON.stringify(value, null, 2));
    expect(JSON.parse(json)).toEqual(value);
    expect(json).toMatch(/^[\n -~]*$/);
  });
});
