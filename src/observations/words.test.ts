import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberText } from './words.js';

describe('numberText', () => {
  it('is what Intl makes of a number', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.nat(10_000), fc.double()), (value) => {
        expect(numberText(value)).toBe((value + 0).toLocaleString('en'));
      }),
    );
    expect([0, 999, 1000, -1000, 1234567].map(numberText)).toEqual(['0', '999', '1,000', '-1,000', '1,234,567']);
  });
});
