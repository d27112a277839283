import { describe, expect, it } from 'vitest';
import { LONGEST_NAME, StringTable } from './stringTable.js';

const get = (text: string): string => {
  const bytes = Buffer.from(text);
  return new StringTable().get(bytes, 0, bytes.length);
};

describe('StringTable', () => {
  it('gives the same string for the same bytes', () => {
    const table = new StringTable();
    const bytes = Buffer.from('/a/b/a/b');
    expect(table.get(bytes, 0, 4)).toBe('/a/b');
    expect(table.get(bytes, 4, 8)).toBe('/a/b');
    expect(table.get(bytes, 0, 0)).toBe('');
  });

  it('grows with what it is asked for, and still knows it', () => {
    const table = new StringTable(14);
    const names = Array.from({ length: 5000 }, (_, i) => Buffer.from(`/services/${i}`));
    for (const name of names) expect(table.get(name, 0, name.length)).toBe(name.toString());
    for (const name of names) expect(table.get(name, 0, name.length)).toBe(name.toString());
  });

  it('leaves names whole that an application may have', () => {
    const long = `/${'x'.repeat(LONGEST_NAME - 1)}`;
    expect(get(long)).toBe(long);
  });

  it('shortens names that V8 cannot tell apart but by comparing them, and keeps them apart', () => {
    const names = Array.from({ length: 100 }, (_, i) => `/${'x'.repeat(20_000)}${String(i).padStart(4, '0')}`);
    const shortened = names.map(get);
    expect(new Set(shortened).size).toBe(100);
    expect(Math.max(...shortened.map(({ length }) => length))).toBeLessThan(1200);
    expect(get(names[7]!)).toBe(shortened[7]);
    expect(shortened[0]).toMatch(/^\/x{1023}…\/\[20005 bytes, sha256 [0-9a-f]{64}\]$/);
  });

  it('cuts no character in two', () => {
    expect(get(`/${'é'.repeat(10_000)}`)).toMatch(/^\/é{511}…\/\[20001 bytes/);
  });
});
