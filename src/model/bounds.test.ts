import { describe, expect, it } from 'vitest';
import { makeRoom } from './bounds.js';

describe('makeRoom', () => {
  const mapOf = (size: number): Map<number, string> => new Map(Array.from({ length: size }, (_, i) => [i, '']));

  it('leaves a map alone that has room', () => {
    const map = mapOf(63);
    makeRoom(map, 64);
    expect(map.size).toBe(63);
  });

  it('takes the oldest eighth, and at least one, so that the next one fits', () => {
    for (const limit of [1, 10, 64, 1000]) {
      const map = mapOf(limit);
      makeRoom(map, limit);
      expect(map.size).toBeLessThan(limit);
      expect(map.size).toBeGreaterThanOrEqual(Math.floor((limit * 7) / 8) - 1);
      expect([...map.keys()].at(-1)).toBe(map.size === 0 ? undefined : limit - 1);
    }
  });
});
