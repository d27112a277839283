import { describe, expect, it } from 'vitest';
import { compareCounts, compareLatency } from './compare.js';
import { Side } from './side.js';
import { factorText } from './words.js';

function sides(before: number, after: number): [Side, Side] {
  const [a, b] = [new Side('a', null), new Side('b', null)];
  [a.from, a.to, b.from, b.to] = [0, before * 1e9, 0, after * 1e9];
  return [a, b];
}

describe('compareCounts', () => {
  it('compares rates, not counts', () => {
    expect(compareCounts(100, 1000, sides(10, 100))).toBeNull();
    expect(compareCounts(100, 100, sides(10, 100))).toMatchObject({ direction: 'down', factor: 0.1 });
    expect(compareCounts(100, 300, sides(10, 10))).toEqual({ direction: 'up', factor: 3 });
  });

  it('says nothing of what may be chance', () => {
    expect(compareCounts(3, 6, sides(10, 10))).toBeNull();
    expect(compareCounts(1000, 1400, sides(10, 10))).toBeNull();
    expect(compareCounts(0, 0, sides(10, 10))).toBeNull();
  });

  it('calls new only what the other side should have shown', () => {
    expect(compareCounts(0, 3, sides(10, 10))).toBeNull();
    expect(compareCounts(0, 30, sides(1, 100))).toBeNull();
    expect(compareCounts(0, 30, sides(10, 10))).toEqual({ direction: 'new', factor: null });
    expect(compareCounts(30, 0, sides(10, 10))).toEqual({ direction: 'gone', factor: null });
    expect(compareCounts(0, 1, sides(10, 10), 1)).toEqual({ direction: 'new', factor: null });
  });

  it('compares counts where there is no time', () => {
    expect(compareCounts(100, 400, sides(0, 10))).toEqual({ direction: 'up', factor: 4 });
  });
});

describe('compareLatency', () => {
  it('needs a factor and half a millisecond', () => {
    expect(compareLatency(10e6, 14e6)).toBeNull();
    expect(compareLatency(100e3, 400e3)).toBeNull();
    expect(compareLatency(1e6, 4e6)).toEqual({ direction: 'up', factor: 4 });
    expect(compareLatency(4e6, 1e6)).toEqual({ direction: 'down', factor: 0.25 });
  });
});

describe('factorText', () => {
  it('is in words', () => {
    expect([3.04, 12.6, 1234.5, 0.255, 0.004].map((factor) => factorText(factor))).toEqual([
      '3.0 times as many',
      '13 times as many',
      '1,235 times as many',
      '26 % of what it was',
      '0.4 % of what it was',
    ]);
  });
});
