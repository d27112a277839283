import { describe, expect, it } from 'vitest';
import { RenewalSeries } from './leaseRenewals.js';

const SECOND = 1e9;

/** Renewals at these seconds; frame numbers count from 1. */
function series(times: readonly number[], ttl: number | null): RenewalSeries {
  const renewals = new RenewalSeries(() => undefined);
  times.forEach((time, index) => {
    renewals.add(index + 1, time * SECOND, ttl);
  });
  renewals.flush(ttl);
  return renewals;
}

const every = (interval: number, count: number, from = 0): number[] =>
  Array.from({ length: count }, (_, index) => from + index * interval);

describe('the rhythm of a lease', () => {
  it('is right at TTL/3, at the tick of half a second, and late', () => {
    expect(series(every(3, 50), 9).storm).toBeNull();
    expect(series(every(0.5, 50), 1).storm).toBeNull();
    expect(series(every(0.5, 50), 2).storm).toBeNull();
    expect(series(every(8, 50), 9).storm).toBeNull();
  });

  it('is a storm from the first renewal on', () => {
    const { storm } = series(every(0.5, 50), 9);
    expect(storm).toMatchObject({ changed: false, early: 49, over: false, since: { frame: 2, time: 0.5 * SECOND } });
  });

  it('changes where the first renewal comes early', () => {
    const { storm } = series([...every(1, 17), ...every(0.5, 30, 16.5)], 3);
    expect(storm).toMatchObject({ changed: true, early: 30, since: { frame: 18, time: 16.5 * SECOND } });
  });

  it('comes back', () => {
    const { storm } = series([...every(0.5, 20), ...every(3, 10, 12.5)], 9);
    expect(storm).toMatchObject({ over: true, early: 19 });
  });

  it('is not judged by a few that were sent again at once, nor without a TTL', () => {
    const times = every(3, 20).flatMap((time) => [time, time + 0.001, time + 0.002]);
    expect(series(times, 9).storm).toBeNull();
    expect(series([...every(3, 5), ...every(0.001, 9, 15), ...every(3, 5, 18)], 9).storm).toBeNull();
    expect(series(every(0.5, 50), null).storm).toBeNull();
  });

  it('puts renewals in order that were complete in another', () => {
    const { intervals, first, last } = series([1, 0, 3, 2, 5, 4, 7, 6], 9);
    expect([intervals.min, intervals.max, intervals.count]).toEqual([SECOND, SECOND, 7]);
    expect([first!.time, last!.time]).toEqual([0, 7 * SECOND]);
  });
});
