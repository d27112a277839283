import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Intervals } from './intervals.js';

function exactMedian(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.floor(sorted.length / 2)]!) / 2;
}

function filled(values: readonly number[], exact?: number): Intervals {
  const intervals = new Intervals(exact);
  for (const value of values) intervals.add(value);
  return intervals;
}

describe('intervals', () => {
  it('has nothing to say of none', () => {
    expect(new Intervals().median()).toBeNull();
  });

  it('is exact for the first 128', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2e12), { minLength: 1, maxLength: 128 }), (values) => {
        const intervals = filled(values);
        expect(intervals.median()).toBe(exactMedian(values));
        expect([intervals.min, intervals.max, intervals.count]).toEqual([
          Math.min(...values),
          Math.max(...values),
          values.length,
        ]);
      }),
    );
  });

  it('is right to 0.025 % for a steady rhythm of any length', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 500e6, max: 515e6 }), { minLength: 129, maxLength: 2000 }),
        fc.integer({ min: 0, max: 20 }),
        (values, wild) => {
          for (let index = 0; index < wild; index++) values.push(1000 * 7 ** index);
          const exact = exactMedian(values);
          expect(Math.abs(filled(values).median()! - exact) / exact).toBeLessThanOrEqual(0.00025);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('stays within a power of two, and small, for the wildest', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 60, noNaN: true }), { minLength: 200, maxLength: 3000 }),
        (exponents) => {
          const values = exponents.map((exponent) => 2 ** exponent);
          const ratio = filled(values).median()! / exactMedian(values);
          expect(ratio).toBeGreaterThan(0.5);
          expect(ratio).toBeLessThan(2);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('takes a clock that stepped back for no time', () => {
    expect(filled([-5, 3]).min).toBe(0);
  });
});
