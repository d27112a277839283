import fc from 'fast-check';
import { expect, it } from 'vitest';
import { joinedTicks } from './original.js';

it('joined ticks are exact, in microseconds and in nanoseconds', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.constantFrom(1e6, 1e9),
      (seconds, fraction, rate) => {
        const { high, low } = joinedTicks(seconds, fraction, rate);
        const ticks = BigInt(seconds) * BigInt(rate) + BigInt(fraction);
        expect((BigInt(high) << 32n) | BigInt(low)).toBe(BigInt.asUintN(64, ticks));
      },
    ),
  );
});
