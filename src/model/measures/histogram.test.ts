import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.js';

describe('Histogram', () => {
  it('gives zeros when it is empty', () => {
    const histogram = new Histogram();
    expect([histogram.count, histogram.percentile(0.5), histogram.max]).toEqual([0, 0, 0]);
  });

  it('is exact for small numbers', () => {
    const histogram = new Histogram();
    for (let i = 1; i <= 100; i++) histogram.record(i);
    expect([0.01, 0.5, 0.9, 0.99, 1].map((p) => histogram.percentile(p))).toEqual([1, 50, 90, 99, 100]);
  });

  it('counts negative numbers as zero and clamps enormous ones', () => {
    const histogram = new Histogram();
    histogram.record(-5);
    histogram.record(1e18);
    expect([histogram.min, histogram.max, histogram.percentile(0.1)]).toEqual([0, 1e18, 0]);
  });

  it('counts times that no clock can say', () => {
    for (const value of [2 ** 47, 2 ** 48, 2 ** 52, 9223372036854775e6, 1e300]) {
      const histogram = new Histogram();
      histogram.record(1);
      histogram.record(value);
      expect(histogram.percentile(0.5)).toBe(1);
      expect(histogram.percentile(0.99)).toBeGreaterThan(1e14);
      expect(histogram.percentile(0.99)).toBeLessThanOrEqual(value);
    }
  });

  it('is within one per cent of the sorted list at any percentile', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1e14 }), { minLength: 1, maxLength: 200 }), (values) => {
        const histogram = new Histogram();
        for (const value of values) histogram.record(value);
        const sorted = [...values].sort((a, b) => a - b);
        for (const p of [0.01, 0.25, 0.5, 0.9, 0.99, 1]) {
          const exact = sorted[Math.max(1, Math.ceil(values.length * p)) - 1]!;
          expect(Math.abs(histogram.percentile(p) - exact)).toBeLessThanOrEqual(Math.max(1, exact * 0.01));
        }
      }),
    );
  });
});
