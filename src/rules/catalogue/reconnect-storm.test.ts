import { describe, expect, it } from 'vitest';
import { Scenario } from '../../testing/scenario.js';

function storms(end: 'rst' | 'forgotten'): number {
  const s = new Scenario();
  for (let i = 0; i < 50; i++) s.session(`10.1.0.1:${1000 + i}`, `0x1${i}`).end(end);
  return s.end().filter(({ rule }) => rule === 'reconnect-storm').length;
}

describe('reconnect-storm', () => {
  it('is told of connections that end, not of those that were forgotten to bound memory', () => {
    expect([storms('rst'), storms('forgotten')]).toEqual([1, 0]);
  });
});
