import { describe, expect, it } from 'vitest';
import { ConnectionTable, TableEntry } from './connectionTable.js';
import { Segment } from './segment.js';

const table = new ConnectionTable<TableEntry>();

function ipv6(words: readonly [number, number, number, number], port = 40_000): Segment {
  const segment = new Segment();
  segment.family = 6;
  [segment.source0, segment.source1, segment.source2, segment.source3] = words;
  segment.destination3 = 1;
  segment.sourcePort = port;
  segment.destinationPort = 2181;
  return segment;
}

function different(count: number, segment: (i: number) => Segment): number {
  return new Set(Array.from({ length: count }, (_, i) => table.hash(segment(i)))).size;
}

describe('the hash of a connection', () => {
  it('is that of its other direction', () => {
    const there = ipv6([1, 2, 3, 4]);
    const back = new Segment();
    back.family = 6;
    [back.source3, back.destination0, back.destination1, back.destination2, back.destination3] = [1, 1, 2, 3, 4];
    [back.sourcePort, back.destinationPort] = [2181, 40_000];
    expect(table.hash(back)).toBe(table.hash(there));
  });

  it('differs for addresses of which a sum, a difference or the lower bits are the same', () => {
    const n = 20_000;
    expect(different(n, (i) => ipv6([i, 0, i, 0]))).toBeGreaterThan(n * 0.99);
    expect(different(n, (i) => ipv6([Math.imul(i, 31), i, 0, 0]))).toBeGreaterThan(n * 0.99);
    expect(different(n, (i) => ipv6([i << 24, (i >> 8) << 24, 0, 0]))).toBeGreaterThan(n * 0.99);
    expect(different(n, (i) => ipv6([0, 0, 0, i << 17], i & 0xffff))).toBeGreaterThan(n * 0.99);
  });
});
