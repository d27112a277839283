import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeBuckets } from './timeBuckets.js';

describe('TimeBuckets', () => {
  it('keeps every count, in its place, however long the time', () => {
    const times = fc.array(fc.integer({ min: 0, max: 1e13 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(times, (moments) => {
        const buckets = new TimeBuckets(16, 1000);
        const counts = buckets.add();
        buckets.index(0);
        for (const time of moments) {
          const index = buckets.index(time);
          expect(index).toBeLessThan(16);
          counts[index]!++;
        }
        const expected = new Array<number>(16).fill(0);
        for (const time of moments) expected[Math.floor(time / buckets.width)]!++;
        expect([...counts]).toEqual(expected);
        expect(buckets.used).toBe(Math.floor(Math.max(0, ...moments) / buckets.width) + 1);
      }),
    );
  });

  it('gives percentiles to 3 %, also after buckets were joined', () => {
    const values = fc.array(fc.integer({ min: 2000, max: 2e11 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (latencies, percent) => {
        const buckets = new TimeBuckets(4, 10);
        for (const [i, value] of latencies.entries()) buckets.latency(buckets.index(i), value);
        const sorted = [...latencies].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil((sorted.length * percent) / 100)) - 1]!;
        const found = buckets.percentile(0, 4, percent / 100)!;
        expect(Math.abs(found - exact) / exact).toBeLessThan(0.0325);
      }),
    );
    expect(new TimeBuckets(4, 10).percentile(0, 4, 0.5)).toBeNull();
  });
});
