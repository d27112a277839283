import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Grouping, type Dimension, type GroupPlace } from './grouping.js';

const connections = ['10.0.0.1', '10.0.0.2'].map((ip, id) => ({
  id,
  client: { ip, text: `${ip}:4000` },
  server: { ip: '10.0.0.9', text: '10.0.0.9:2181' },
})) as unknown as GroupPlace['connection'][];

const places = fc.record({
  op: fc.constantFrom('getData', 'create', 'ping'),
  path: fc.option(fc.constantFrom('/a', '/a/b', '/c')),
  connection: fc.constantFrom(...connections),
  session: fc.constant(null),
  error: fc.constant(null),
  time: fc.nat(100),
});

const said = (grouping: Grouping): unknown => {
  const { groups, other } = grouping.take();
  return [groups.map(({ values, counts }) => [values, counts.requests]), other?.requests ?? 0];
};

describe('groups that are taken', () => {
  it('are those of their interval, as if there had been none before', () => {
    const dimensions = fc.constantFrom<readonly Dimension[]>(
      [],
      ['op'],
      ['path'],
      ['op', 'client'],
      ['client', 'path'],
    );
    fc.assert(
      fc.property(
        dimensions,
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.array(places)),
        (by, maxGroups, intervals) => {
          const again = new Grouping({ by, maxGroups });
          for (const interval of intervals) {
            const fresh = new Grouping({ by, maxGroups });
            for (const place of interval) for (const grouping of [again, fresh]) grouping.at(place).requests++;
            expect(said(again)).toEqual(said(fresh));
          }
        },
      ),
    );
  });
});

describe('groups with long names', () => {
  const connection = connections[0]!;
  const place = (path: string): GroupPlace => ({ op: 'exists', path, connection, session: null, error: null, time: 0 });
  const count = (grouping: Grouping, from: number): void => {
    for (let i = from; i < from + 1000; i++) grouping.at(place(`/${'x'.repeat(1000)}${i}`)).requests++;
  };

  it.each<readonly Dimension[]>([['path'], ['op', 'path'], ['path', 'client']])(
    'are told apart up to a number of bytes: by %s',
    (...by) => {
      const grouping = new Grouping({ by, maxBytes: 200_000 });
      count(grouping, 0);
      expect(grouping.groups.length).toBeGreaterThan(100);
      expect(grouping.groups.length).toBeLessThan(200);
      expect(grouping.other?.requests).toBe(1000 - grouping.groups.length);
      grouping.take();
      // What nobody asked for since then makes room.
      count(grouping, 1000);
      expect(grouping.groups.length).toBeGreaterThan(100);
    },
  );
});
