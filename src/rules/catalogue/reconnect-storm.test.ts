import { describe, expect, it } from 'vitest';
import { Scenario } from '../../testing/scenario.js';

function storms(end: 'rst' | 'forgotten'): number {
  const s = new Scenario();
  for (let i = 0; i < 50; i++) s.session(`10.1.0.1:${1000 + i}`, `0x1${i}`).end(end);
  return s.end().filter(({ rule }) => rule === 'reconnect-storm').length;
}

describe('reconnect-storm', () => {
  it('is not told of a script that runs a client for each of its commands', () => {
    const told = [15, 30].map((commands) => {
      const s = new Scenario();
      for (let i = 0; i < commands; i++) {
        s.wait(0.6)
          .session(`10.1.0.1:${1000 + i}`, `0x1${i}`)
          .ask('exists', '/a', {}, { stat: {} })
          .close();
      }
      return s.end().filter(({ rule }) => rule === 'reconnect-storm').length;
    });
    expect(told).toEqual([0, 1]);
  });

  it('is told of connections that end, not of those that were forgotten to bound memory', () => {
    expect([storms('rst'), storms('forgotten')]).toEqual([1, 0]);
  });
});
