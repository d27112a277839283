import { describe, expect, it } from 'vitest';
import { ChildNames } from '../../protocols/zookeeper/childLists.js';
import { Room } from './room.js';
import { Awaited, listOf, type Read, View } from './view.js';
import { Views } from './views.js';
import { type ChildList, Znode } from './znode.js';
import { Znodes } from './znodes.js';

const BYTES = 20_000;
const bytesOf = (lists: readonly ChildList[]): number =>
  lists.flatMap(({ names }) => names).reduce((sum, name) => sum + name.length + 16, 0);

/** Lists of ten names each, all of them different. */
function reader(length: number): { znodes: Znodes; read: (znode: Znode) => ChildList } {
  const znodes = new Znodes(1000, 1e6, 1e6, BYTES);
  let serial = 0;
  const read = (znode: Znode): ChildList => {
    const names = Array.from({ length: 10 }, () => `${'x'.repeat(length)}${++serial}`);
    return znodes.addList(znode, ChildNames.of(names), serial, serial, serial, serial, serial, null);
  };
  return { znodes, read };
}

describe('lists of children', () => {
  it.each([10, 100, 1000])('that sessions have read last are bounded as those of znodes: names of %i', (length) => {
    const { znodes, read } = reader(length);
    const held = Array.from({ length: 3000 / Math.sqrt(length) }, (_, i) => {
      const list = read(znodes.get(`/path-${i % 20}`));
      list.hold();
      return list;
    });
    expect(bytesOf(held)).toBeLessThanOrEqual(BYTES);
    expect(held.at(-1)!.known).toBe(true);
    // Of one that was forgotten it is known how long it was, and nothing is said of what was in it.
    expect(held[0]!.known).toBe(false);
    expect([held[0]!.size, held[0]!.names]).toEqual([10, []]);
    expect(listOf({ list: held[0]! } as unknown as Read)).toBeNull();
    expect(listOf({ list: held.at(-1)! } as unknown as Read)).toBe(held.at(-1));
    expect(znodes.forgottenLists).toBe(held.filter(({ known }) => !known).length);
  });

  it('go when neither the znode nor a session keeps them', () => {
    const { znodes, read } = reader(10);
    const znode = znodes.get('/a');
    const [first, second] = [read(znode), read(znode)];
    first.hold();
    for (let i = 0; i < 20; i++) read(znode);
    expect([first.known, second.known]).toEqual([true, false]);
    first.release();
    expect(first.known).toBe(false);
    expect(bytesOf(znode.lists)).toBeGreaterThan(0);
  });

  it('go with the view of the session that read them', () => {
    const { znodes, read } = reader(10);
    const znode = znodes.get('/a');
    const views = new Views();
    const view = new View({} as never, znode);
    views.add(view);
    const list = read(znode);
    list.hold();
    view.lastList = { list } as unknown as Read;
    for (let i = 0; i < 20; i++) read(znode);
    expect(list.known).toBe(true);
    view.link.remove(false);
    expect(list.known).toBe(false);
  });
});

describe('children that a session is expected to ask for', () => {
  it('take room until they are asked for, or something else happens', () => {
    const room = new Room(1000);
    const view = new View({} as never, new Znode('/a'));
    const names = new Set(['a', 'b', 'c']);
    expect(room.take(150)).toBe(true);
    const before = room.used;
    const awaited = new Awaited(names, room);
    view.await(awaited);
    awaited.askedFor('a');
    awaited.askedFor('a');
    awaited.askedFor('z');
    expect([awaited.left, awaited.total]).toEqual([2, 3]);
    expect(room.used).toBeLessThan(before);
    view.await(null);
    awaited.askedFor('b');
    expect([awaited.left, awaited.total]).toEqual([2, 3]);
    expect(room.used).toBeLessThan(10);
  });
});
