import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.js';
import { SparseHistogram } from './sparseHistogram.js';

const values = fc.array(fc.oneof(fc.nat(300), fc.nat(), fc.double({ min: -10, max: 1e13, noNaN: true })));

describe('SparseHistogram', () => {
  it('says what Histogram says', () => {
    fc.assert(
      fc.property(values, (list) => {
        const dense = new Histogram();
        const sparse = new SparseHistogram();
        for (const value of list) {
          dense.record(value);
          sparse.record(value);
        }
        for (const fraction of [0, 0.01, 0.5, 0.9, 0.99, 1]) {
          expect(sparse.percentile(fraction)).toBe(dense.percentile(fraction));
        }
        expect([sparse.count, sparse.sum, sparse.min, sparse.max]).toEqual([
          dense.count,
          dense.sum,
          dense.min,
          dense.max,
        ]);
      }),
    );
  });

  it('merged is as if all had been recorded in one', () => {
    fc.assert(
      fc.property(values, values, (first, second) => {
        const [a, b, both] = [new SparseHistogram(), new SparseHistogram(), new SparseHistogram()];
        for (const value of first) a.record(value);
        for (const value of second) b.record(value);
        for (const value of [...first, ...second]) both.record(value);
        a.merge(b);
        for (const fraction of [0, 0.5, 0.99, 1]) expect(a.percentile(fraction)).toBe(both.percentile(fraction));
        expect([a.count, a.min, a.max]).toEqual([both.count, both.min, both.max]);
      }),
    );
  });
});
