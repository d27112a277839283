import { describe, expect, it } from 'vitest';
import { zxidNumber, zxidText } from './stat.js';

describe('a zxid that a double cannot hold', () => {
  it('is still a number of 64 bits', () => {
    for (const low of [0xfffffffe, 0xfffffc00, 0xfffff800, 0])
      expect(zxidText(zxidNumber(0xffffffff, low))).toMatch(/^0xffffffff[0-9a-f]{8}$/);
    expect(zxidText(zxidNumber(-1, -1))).toBe('0xffffffffffffffff');
  });
});
