import type { Side } from './side.js';

/** Rates that differ less are the same for all that a capture can tell. */
export const LEAST_FACTOR = 1.5;
/** Standard deviations (of counts that come by chance) that two rates must be apart. */
const LEAST_DEVIATIONS = 4;
/** Of what is only on one side: how often it must be there to say how often it comes. */
const LEAST_SEEN = 3;
/** Of what is only on one side: how often the other side, by its length, should have shown it. */
const LEAST_EXPECTED = 5;

export type Trend = 'new' | 'gone' | 'up' | 'down';

export interface Difference {
  readonly direction: Trend;
  /** After divided by before; null where one is 0. */
  readonly factor: number | null;
}

/**
 * Whether two counts over two lengths of time differ by more than chance makes likely, and which way.
 * @param expected of what is only on one side, the number that the other side should have shown to call it new or gone
 */
export function compareCounts(
  before: number,
  after: number,
  sides: readonly [Side, Side],
  expected = LEAST_EXPECTED,
): Difference | null {
  if (before === 0 && after === 0) return null;
  const [first, second] = sides;
  // Without lengths only the counts are left to compare.
  const timed = first.seconds > 0 && second.seconds > 0;
  const [t1, t2] = timed ? [first.seconds, second.seconds] : [1, 1];
  if (Math.max(before, after) < Math.min(LEAST_SEEN, expected)) return null;
  if (before === 0) return (after / t2) * t1 >= expected ? { direction: 'new', factor: null } : null;
  if (after === 0) return (before / t1) * t2 >= expected ? { direction: 'gone', factor: null } : null;
  const [r1, r2] = [before / t1, after / t2];
  const factor = r2 / r1;
  if (factor < LEAST_FACTOR && factor > 1 / LEAST_FACTOR) return null;
  const deviation = Math.sqrt(before / t1 ** 2 + after / t2 ** 2);
  if (Math.abs(r2 - r1) < LEAST_DEVIATIONS * deviation) return null;
  return { direction: factor > 1 ? 'up' : 'down', factor };
}

/** Values under which a difference of times is not worth a word, in nanoseconds. */
const LEAST_LATENCY = 500e3;

/** Whether two latencies (nanoseconds) differ enough to be told. */
export function compareLatency(before: number, after: number): Difference | null {
  if (before <= 0 || after <= 0 || Math.abs(after - before) < LEAST_LATENCY) return null;
  const factor = after / before;
  if (factor < LEAST_FACTOR && factor > 1 / LEAST_FACTOR) return null;
  return { direction: factor > 1 ? 'up' : 'down', factor };
}

/** How much a change says: the more times more (or less), and the more of them, the higher. */
export function weight(factor: number | null, count: number): number {
  const times = factor === null ? 6 : Math.min(8, Math.abs(Math.log2(factor)));
  return times * Math.log10(1 + count);
}
