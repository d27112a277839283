import { describe, expect, it } from 'vitest';
import { growthOf } from './heap.js';

const MB = 1024 * 1024;

describe('how far a heap may grow until V8 looks again', () => {
  it('lets a small one grow to what is as good as free, and most by more than half', () => {
    expect(growthOf(5 * MB)).toBe(300);
    expect(growthOf(20 * MB)).toBe(160);
    for (const alive of [40, 60, 100]) expect(growthOf(alive * MB)).toBe(60);
  });

  it('lets one that is much grow by less, but never by so little that V8 would only look', () => {
    expect(growthOf(130 * MB)).toBe(30);
    for (const alive of [150, 500, 3000]) expect(growthOf(alive * MB)).toBeGreaterThanOrEqual(15);
  });

  it('never comes to more than 200 MB while less than 150 MB are in use', () => {
    for (let alive = 1; alive <= 150; alive++) expect(alive * (1 + growthOf(alive * MB) / 100)).toBeLessThan(200);
  });
});
