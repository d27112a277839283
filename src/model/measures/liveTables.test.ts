import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConnectionFacts } from '../../observations/connectionFacts.js';
import { MOST_LATENCIES, type LiveTaken } from './liveRows.js';
import { liveTables, LiveTables, type LiveInterval, type LivePlace, type LiveTable } from './liveTables.js';

const connections = ['10.0.0.1', '10.0.0.2', '10.0.0.1'].map((ip, id) => ({
  id,
  client: { ip, text: `${ip}:400${String(id)}` },
  server: { ip: '10.0.0.9', text: `10.0.0.9:218${String(id % 2)}` },
})) as unknown as ConnectionFacts[];

interface Counted {
  readonly connection: number;
  readonly op: string | null;
  readonly path: string | null;
  readonly event: 'request' | 'response' | 'notification' | 'unanswered';
  readonly bytes: number;
  readonly failed: boolean;
  readonly latency: number | null;
}

const messages = fc.record({
  connection: fc.nat(2),
  op: fc.constantFrom('getData', 'create', 'ping', null),
  path: fc.option(fc.constantFrom('/a', '/a/b', '/c')),
  event: fc.constantFrom('request', 'response', 'notification', 'unanswered'),
  bytes: fc.nat(1000),
  failed: fc.boolean(),
  latency: fc.option(fc.nat(5e9)),
}) as fc.Arbitrary<Counted>;

/** Live tables, fed like statistics do. */
class Feed {
  readonly tables = new LiveTables(null);
  private readonly places: (LivePlace | undefined)[] = [];

  take(counted: Iterable<Counted>): LiveInterval {
    for (const { connection, op, path, event, bytes, failed, latency } of counted) {
      const place = (this.places[connection] ??= this.tables.place());
      const answered = event === 'response' ? latency : null;
      this.tables.count(place, connections[connection]!, op, event, bytes, failed, answered);
      if (path !== null) this.tables.countPath(place, this.tables.path(path), event, bytes, failed);
    }
    return this.tables.take();
  }
}

const rowsSaid = (table: LiveTaken): unknown[] =>
  table.rows
    .map((row) => ({
      name: table.name(row),
      requests: table.requests(row),
      responses: table.responses(row),
      notifications: table.notifications(row),
      errors: table.errors(row),
      bytes: [table.bytesToServer(row), table.bytesToClient(row)],
      latency: table.latency(row),
    }))
    .sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1));

const NAMES: Readonly<Record<LiveTable, (counted: Counted) => string | null>> = {
  op: ({ op }) => op,
  client: ({ connection }) => connections[connection]!.client.ip,
  path: ({ path }) => path,
  server: ({ connection }) => connections[connection]!.server.text,
};

/** The same, counted in the plainest way. */
function plainly(table: LiveTable, counted: readonly Counted[]): unknown[] {
  const seen = counted.filter(({ event, path }) => event !== 'unanswered' && (table !== 'path' || path !== null));
  const names = new Set(seen.map(NAMES[table]));
  const of = (list: readonly Counted[], event: Counted['event']): Counted[] => list.filter((m) => m.event === event);
  const bytes = (list: readonly Counted[]): number => list.reduce((sum, m) => sum + m.bytes, 0);
  return [...names]
    .sort((a, b) => (String(a) < String(b) ? -1 : 1))
    .map((name) => {
      const mine = seen.filter((m) => NAMES[table](m) === name);
      const answers = of(mine, 'response');
      const sorted = answers.flatMap(({ latency }) => (latency === null ? [] : [latency])).sort((a, b) => a - b);
      const at = (fraction: number): number => sorted[Math.ceil(sorted.length * fraction) - 1]!;
      return {
        name,
        requests: of(mine, 'request').length,
        responses: answers.length,
        notifications: of(mine, 'notification').length,
        errors: answers.filter(({ failed }) => failed).length,
        bytes: [bytes(of(mine, 'request')), bytes(answers) + bytes(of(mine, 'notification'))],
        latency: sorted.length === 0 ? null : { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: sorted.at(-1) },
      };
    });
}

describe('live tables', () => {
  it('have of each interval what was counted in it, and nothing of those before', () => {
    fc.assert(
      fc.property(fc.array(fc.array(messages, { maxLength: 60 })), (intervals) => {
        const feed = new Feed();
        for (const counted of intervals) {
          const { total, tables } = feed.take(counted);
          for (const name of liveTables) expect(rowsSaid(tables[name])).toEqual(plainly(name, counted));
          expect(total.requests).toBe(counted.filter(({ event }) => event === 'request').length);
          expect(total.latency?.max ?? null).toBe(
            counted.reduce<number | null>(
              (most, { event, latency }) =>
                event !== 'response' || latency === null ? most : Math.max(most ?? 0, latency),
              null,
            ),
          );
        }
      }),
    );
  });

  it('are right to 1 % where there are too many latencies to keep, and exact again in the next interval', () => {
    const feed = new Feed();
    const answer = (latency: number): Counted => ({
      connection: 0,
      op: 'getData',
      path: '/a',
      event: 'response',
      bytes: 1,
      failed: false,
      latency,
    });
    const count = 2 * MOST_LATENCIES + 100;
    const many = feed.take(Array.from({ length: count }, (_, i) => answer(1000 + i)));
    const { op } = many.tables;
    for (const { p50, max } of [many.total.latency!, op.latency(op.rows[0]!)!]) {
      expect(Math.abs(p50 / (1000 + count / 2) - 1)).toBeLessThan(0.01);
      expect(max).toBe(999 + count);
    }
    const few = feed.take([answer(12_345_678)]);
    const latency = { p50: 12_345_678, p90: 12_345_678, p99: 12_345_678, max: 12_345_678 };
    expect(few.total.latency).toEqual(latency);
    expect(few.tables.path.latency(few.tables.path.rows[0]!)).toEqual(latency);
  });

  it('sum up what they have no room for, and have room again in the next interval', () => {
    const feed = new Feed();
    const requests = function* (from: number, to: number): Generator<Counted> {
      for (let i = from; i < to; i++)
        yield {
          connection: 0,
          op: 'exists',
          path: `/p${String(i)}`,
          event: 'request',
          bytes: 1,
          failed: false,
          latency: null,
        };
    };
    for (const from of [0, 30_000, 0]) {
      const { path } = feed.take(requests(from, from + 12_000)).tables;
      expect(path.rows).toHaveLength(10_001);
      const others = path.rows.find((row) => path.name(row) === '(other)')!;
      expect(path.requests(others)).toBe(2000);
    }
    const { path } = feed.take(requests(11_990, 12_010)).tables;
    expect(path.rows.map((row) => path.name(row))).not.toContain('(other)');
    feed.tables.depth = 1;
    const cut = feed.take(requests(0, 2)).tables.path;
    expect(cut.rows.map((row) => cut.name(row))).toEqual(['/p0', '/p1']);
  });

  it('have room for so many bytes of names, and again in the next interval', () => {
    const feed = new Feed();
    const long = (from: number): Counted[] =>
      Array.from({ length: 1000 }, (_, i) => ({
        connection: 0,
        op: 'exists',
        path: `/${'x'.repeat(15_000)}${String(from + i)}`,
        event: 'request',
        bytes: 1,
        failed: false,
        latency: null,
      }));
    for (const from of [0, 1000]) {
      const { path } = feed.take(long(from)).tables;
      expect(path.rows.length).toBeGreaterThan(400);
      expect(path.rows.length).toBeLessThan(700);
      expect(path.rows.reduce((sum, row) => sum + path.requests(row), 0)).toBe(1000);
    }
  });

  it('share a message with several paths among them, each with its latency', () => {
    const tables = new LiveTables(null);
    const place = tables.place();
    for (const [latency, paths] of [
      [1000, ['/a', '/b']],
      [3000, ['/b', '/c']],
    ] as const) {
      tables.count(place, connections[0]!, 'multi', 'response', 100, false, latency);
      for (const path of paths) tables.countShare(place, path, 'response', 50, path === '/c');
    }
    tables.count(place, connections[0]!, 'getData', 'response', 100, false, 2000);
    tables.countPath(place, '/b', 'response', 100, false);
    const { total, tables: taken } = tables.take();
    expect([total.responses, total.bytesToClient, total.latency?.p50]).toEqual([3, 300, 2000]);
    const { path } = taken;
    expect(path.rows.map((row) => [path.name(row), path.bytesToClient(row), path.errors(row)])).toEqual([
      ['/a', 50, 0],
      ['/b', 200, 0],
      ['/c', 50, 1],
    ]);
    expect(path.rows.map((row) => path.latency(row)!.max)).toEqual([1000, 3000, 3000]);
  });
});
