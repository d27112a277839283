import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SmallSet } from './smallSet.js';

describe('SmallSet', () => {
  it('holds what a Set holds, in the same order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5)), (numbers) => {
        const [small, set] = [new SmallSet<number>(), new Set<number>()];
        for (const number of numbers) {
          expect(small.has(number)).toBe(set.has(number));
          small.add(number);
          set.add(number);
          expect([small.size, small.members()]).toEqual([set.size, [...set]]);
        }
      }),
    );
  });
});
