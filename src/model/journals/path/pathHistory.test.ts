import { describe, expect, it } from 'vitest';
import type { ListAnswer, ZnodeChange } from '../../events.js';
import { Model } from '../../model.js';
import { PathHistory } from './pathHistory.js';
import type { PathSession } from './pathSession.js';

const LIMIT = 200_000;
const long = (i: number, length: number): string => `${'x'.repeat(length)}${i}`;
const session = { id: '0x1', client: '10.0.0.1:4000' };
const connection = { client: '10.0.0.1:4000', server: { address: '10.0.0.9:2181' }, session };
const listed = (i: number, names: string[], watch = false): ListAnswer =>
  ({
    ...{ path: '/a', there: true, names, session, connection, zxid: i, frame: i, time: i },
    stat: { pzxid: i, cversion: i, mzxid: 1, version: 0, czxid: 1, ephemeralOwner: '0x0' },
    request: { op: 'getChildren2', watch, frame: i, time: i },
  }) as never;
const created = (i: number, name: string): ZnodeChange =>
  ({
    ...{ kind: 'create', path: `/a/${name}`, cause: 'request', stat: null, request: null, session, connection },
    ...{ frame: i, time: i, zxid: i, flags: 1 },
  }) as never;
const own = (history: PathHistory): PathSession => [...history.sessions.values()][0]!;

describe('the history of a path', () => {
  it.each([10, 100, 1000])('keeps lists with names of %i characters up to a number of bytes, the latest', (length) => {
    const history = new PathHistory(new Model(), '/a', LIMIT);
    const lists = 40_000 / length;
    for (let i = 0; i < lists; i++) {
      history.listAnswered(
        listed(
          i,
          Array.from({ length: 20 }, (_, name) => long(100 * i + name, length)),
        ),
      );
    }
    const kept = history.snapshots.flatMap(({ names }) => names).reduce((sum, name) => sum + name.length, 0);
    expect(kept).toBeLessThanOrEqual(2 * LIMIT);
    expect(history.snapshots.at(-1)!.frame).toBe(lists - 1);
    expect(history.forgotten).toBeGreaterThan(0);
    // A session's reading of a list that is gone holds it no more, and nothing is concluded from it.
    const held = new Set(own(history).lists.map(({ list }) => list));
    held.delete(null);
    expect(held).toEqual(new Set(history.snapshots));
  });

  it.each([10, 100, 1000])('keeps changes of children with names of %i characters, the latest', (length) => {
    const history = new PathHistory(new Model(), '/a', LIMIT);
    for (let i = 0; i < 3000; i++) history.changed(created(i, long(i, length)));
    const names = history.childChanges.map(({ child }) => child!);
    expect(names.reduce((sum, name) => sum + name.length, 0)).toBeLessThanOrEqual(LIMIT);
    expect(history.childChanges.length).toBeLessThan(1000);
    expect(names.at(-1)).toBe(long(2999, length));
    expect(history.forgotten).toBeGreaterThanOrEqual(2000);
  });

  it('keeps the latest of what sessions read', () => {
    const history = new PathHistory(new Model(), '/a', LIMIT);
    for (let i = 0; i < 3000; i++) history.listAnswered(listed(1, ['b'], i % 2 === 0));
    const { lists, forgotten } = own(history);
    expect(lists.length).toBeLessThan(700);
    expect(lists.length).toBeGreaterThan(100);
    expect(lists.length + forgotten).toBe(3000);
  });
});
