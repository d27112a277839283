import { describe, expect, it } from 'vitest';
import { ChildNames } from '../../protocols/zookeeper/childLists.js';
import { Znodes } from './znodes.js';

const names = (count: number, prefix: string): ChildNames =>
  ChildNames.of(Array.from({ length: count }, (_, i) => `${prefix}${i}`));

describe('lists of children', () => {
  it('are forgotten, oldest first, where they hold too many names together', () => {
    const znodes = new Znodes(1000, 100);
    for (let i = 0; i < 20; i++) znodes.addList(znodes.get(`/l${i}`), names(10, 'n'), i, i, i, 0, 0, null);
    const kept = [...znodes].map(({ lists }) => lists.length);
    expect(kept.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    expect(kept.at(-1)).toBe(1);
    expect(kept.reduce((a, b) => a + b)).toBeLessThanOrEqual(10);
    expect(znodes.forgottenLists).toBe(20 - kept.reduce((a, b) => a + b));
  });

  it('of one znode push out each other, not those of others', () => {
    const znodes = new Znodes(1000, 200);
    znodes.addList(znodes.get('/quiet'), names(10, 'q'), 1, 1, 1, 0, 0, null);
    for (let i = 0; i < 100; i++) znodes.addList(znodes.get('/busy'), names(10, `${i}-`), i, i, i, 0, 0, null);
    expect([znodes.find('/quiet')!.lists.length, znodes.find('/busy')!.lists.length]).toEqual([1, 8]);
    expect(znodes.forgottenLists).toBe(0);
  });

  it('stay, if there is one only, however long it is', () => {
    const znodes = new Znodes(10, 100);
    znodes.addList(znodes.get('/long'), names(500, 'n'), 1, 1, 1, 0, 0, null);
    expect(znodes.find('/long')!.lists.length).toBe(1);
  });
});

describe('znodes', () => {
  it('that are watched go last, and know that they are gone', () => {
    const znodes = new Znodes(4);
    const watched = ['/a', '/b'].map((path) => znodes.get(path));
    for (const znode of watched) znode.views = 1;
    for (let i = 0; i < 10; i++) znodes.get(`/n${i}`);
    expect([znodes.size, znodes.forgotten, watched.map(({ abandoned }) => abandoned)]).toEqual([4, 8, [false, false]]);
    for (const znode of znodes) znode.views = 1;
    znodes.get('/more');
    expect([znodes.size, watched.map(({ abandoned }) => abandoned)]).toEqual([4, [true, false]]);
  });

  it('that are deleted make room for others, the first that went, unless somebody watches', () => {
    const znodes = new Znodes();
    const make = (path: string): void => {
      const creation = {
        kind: 'create',
        cause: 'request',
        zxid: 1,
        time: 1,
        frame: 1,
        session: null,
        child: path,
      } as const;
      znodes.created(path, { ...creation, ip: '10.0.0.1' }, true);
    };
    make('/stays');
    make('/watched');
    znodes.get('/watched').views = 1;
    znodes.deleted('/watched', 'request', 2, 2, 2, null);
    for (let i = 0; i < 5000; i++) {
      make(`/lock-${i}`);
      znodes.deleted(`/lock-${i}`, 'request', i + 3, 2, 2, null);
    }
    expect(znodes.size).toBeLessThanOrEqual(4096 + 2);
    expect(znodes.forgotten).toBe(5002 - znodes.size);
    expect(['/stays', '/watched', '/lock-4999', '/lock-0'].map((path) => znodes.find(path)?.exists)).toEqual([
      true,
      false,
      false,
      undefined,
    ]);
  });
});

describe('names of any length', () => {
  const long = (i: number): string => `/${'x'.repeat(990)}${i}`;

  it('of znodes and their changes are bounded in bytes', () => {
    const znodes = new Znodes(20_000, 1000, 100_000);
    const change = { cause: 'request', zxid: 1, time: 1, frame: 1, session: null, child: null } as const;
    for (let i = 0; i < 1000; i++) {
      znodes.get(long(i));
      znodes.get(`/s${i}`).addChange({ ...change, kind: 'setData' });
    }
    expect(znodes.size).toBeLessThan(250);
    expect(znodes.size).toBeGreaterThan(100);
    expect(znodes.forgotten + znodes.size).toBe(2000);
    expect(znodes.find(long(999))).toBeDefined();
  });

  it('take their bytes with them when znodes go', () => {
    const znodes = new Znodes(10, 1000, 1e6);
    for (let i = 0; i < 5000; i++) znodes.get(long(i));
    // As many as ever: those that went weigh nothing.
    expect(znodes.size).toBeGreaterThanOrEqual(9);
  });

  it('in lists are bounded in bytes', () => {
    const znodes = new Znodes(1000, 1e6, 1e6, 100_000);
    for (let i = 0; i < 100; i++)
      znodes.addList(znodes.get(`/l${i}`), names(10, `${'x'.repeat(990)}${i}-`), i, i, i, 0, 0, null);
    const kept = [...znodes].reduce((sum, { lists }) => sum + lists.length, 0);
    expect(kept).toBeLessThan(11);
    expect(kept).toBeGreaterThan(5);
    expect(znodes.forgottenLists).toBe(100 - kept);
  });
});
