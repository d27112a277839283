import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChildLists, ChildNames } from './childLists.js';
import { Cursor } from './format/cursor.js';
import { StringTable } from './stringTable.js';

function vector(names: readonly (string | null)[]): Buffer {
  const int = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const strings = names.map((name) => {
    const bytes = Buffer.from(name ?? '');
    return Buffer.concat([int(name === null ? -1 : bytes.length), bytes]);
  });
  return Buffer.concat([int(names.length), ...strings]);
}

const hosts = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `host-${i + from}`);

describe('ChildLists', () => {
  const read = (lists: ChildLists, path: string, bytes: Buffer): ChildNames | null =>
    lists.read(path, bytes, 0, bytes.length);

  it('gives the same object for the same bytes, and another for others', () => {
    const lists = new ChildLists(new StringTable());
    const first = read(lists, '/a', vector(hosts(100)))!;
    expect(read(lists, '/a', vector(hosts(100)))).toBe(first);
    const second = read(lists, '/a', vector(hosts(100, 1)))!;
    expect(second.equals(first)).toBe(false);
    expect([first.names[0], second.names[0], second.size]).toEqual(['host-0', 'host-1', 100]);
    expect(read(lists, '/a', vector(hosts(100)))!.equals(first)).toBe(true);
  });

  it('keeps what it was given when the bytes under it change', () => {
    const lists = new ChildLists(new StringTable());
    const bytes = vector(hosts(100));
    const list = read(lists, '/a', bytes)!;
    bytes.fill(0);
    expect(list.names).toEqual(hosts(100));
  });

  it('compares lists of any length and kind by their names', () => {
    const lists = new ChildLists(new StringTable());
    const many = hosts(20_000);
    const long = read(lists, '/a', vector(many))!;
    expect(long.equals(ChildNames.of(many))).toBe(true);
    expect(read(lists, '/b', vector(many.slice(1)))!.equals(long)).toBe(false);
    expect(read(lists, '/c', vector(['a', null]))!.equals(ChildNames.of(['a', '']))).toBe(true);
    expect(read(lists, '/d', vector([]))!.names).toEqual([]);
  });

  it('forgets the oldest beyond its bounds', () => {
    const lists = new ChildLists(new StringTable(), 2);
    const first = read(lists, '/a', vector(hosts(50)))!;
    read(lists, '/b', vector(hosts(50)));
    read(lists, '/c', vector(hosts(50)));
    const again = read(lists, '/a', vector(hosts(50)))!;
    expect(again).not.toBe(first);
    expect(again.equals(first)).toBe(true);
  });

  it('reads of any bytes what a cursor reads of them, or nothing', () => {
    const bytes = fc.oneof(
      fc.array(fc.option(fc.string({ maxLength: 20 })), { maxLength: 40 }).map(vector),
      fc
        .tuple(fc.array(fc.string({ maxLength: 20 }), { minLength: 10, maxLength: 40 }), fc.nat(), fc.nat(255))
        .map(([names, at, value]) => {
          const whole = vector(names);
          whole[at % whole.length] = value;
          return whole;
        }),
      fc.uint8Array({ minLength: 4, maxLength: 200 }).map((array) => Buffer.from(array)),
    );
    fc.assert(
      fc.property(bytes, (all) => {
        const strings = new StringTable();
        let expected: string[] | null = null;
        try {
          expected = new Cursor(strings).reset(all, 0, all.length).stringVector();
        } catch {
          // Longer than its bytes.
        }
        const list = new ChildLists(strings).read('/a', all, 0, all.length);
        expect(list?.names ?? null).toEqual(expected);
        expect(list?.size).toBe(expected?.length);
      }),
      { numRuns: 1000 },
    );
  });
});
