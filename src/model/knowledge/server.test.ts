import { describe, expect, it } from 'vitest';
import { Server } from './server.js';

const SECOND = 1e9;

/** A server that answers after silences of so many seconds each. */
function silentFor(seconds: readonly number[]): Server {
  const server = new Server('10.0.0.1:2181');
  let time = 0;
  server.heard(time, 1);
  for (const [i, length] of seconds.entries()) {
    time += length * SECOND;
    server.heard(time, i + 2);
  }
  return server;
}

describe('the silences of a server', () => {
  it('are those of half a second and more, with the frames around them', () => {
    expect(silentFor([0.1, 2, 0.49, 3]).silences).toEqual([
      { from: 0.1 * SECOND, fromFrame: 2, to: 2.1 * SECOND, toFrame: 3 },
      { from: 2.59 * SECOND, fromFrame: 4, to: 5.59 * SECOND, toFrame: 5 },
    ]);
  });

  it('are the 64 longest of many, in order of time', () => {
    const lengths = Array.from({ length: 500 }, (_, i) => 1 + ((i * 37) % 500));
    const kept = silentFor(lengths).silences.map(({ from, to }) => (to - from) / SECOND);
    expect(kept).toEqual(lengths.filter((length) => length > 500 - 64));
  });
});
