import { describe, expect, it } from 'vitest';
import { Grouping, type Dimension, type GroupPlace } from './grouping.js';

const connections = ['10.0.0.1', '10.0.0.2'].map((ip, id) => ({
  id,
  client: { ip, text: `${ip}:4000` },
  server: { ip: '10.0.0.9', text: '10.0.0.9:2181' },
})) as unknown as GroupPlace['connection'][];

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
    },
  );
});
