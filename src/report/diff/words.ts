import { durationText, numberText } from '../../observations/words.js';
import { ratesText, rateText } from '../text/rate.js';
import type { Difference } from './compare.js';
import type { Side } from './side.js';

/** `3.9 times as many`, `12 % of what it was`. */
export function factorText(factor: number, many = 'as many'): string {
  if (factor >= 1) return `${factor >= 10 ? numberText(Math.round(factor)) : factor.toFixed(1)} times ${many}`;
  const percent = factor * 100;
  return `${percent >= 1 ? Math.round(percent) : percent.toPrecision(1)} % of what it was`;
}

/** A count on one side: as a rate, with the count behind it. */
export function rateOf(side: Side, count: number): string {
  const rate = side.rate(count);
  return rate === null ? numberText(count) : rateText(rate);
}

/** Both rates, or the one that there is. */
export function ratesOf(
  [first, second]: readonly [Side, Side],
  { direction, before, after }: { direction: Difference['direction']; before: number | null; after: number | null },
): string {
  if (direction === 'new') return rateOf(second, after ?? 0);
  if (direction === 'gone') return rateOf(first, before ?? 0);
  const [from, to] = [first.rate(before ?? 0), second.rate(after ?? 0)];
  return from === null || to === null ? `${before ?? 0} → ${after ?? 0}` : ratesText(from, to);
}

/** `54 → 210 a second (1,000 → 3,906 requests), 3.9 times as many`. */
export function countChange(
  { direction, factor }: Difference,
  [first, second]: readonly [Side, Side],
  [before, after]: readonly [number, number],
  what: string,
): string {
  const amount = (count: number): string => `${numberText(count)} ${count === 1 ? what.replace(/s$/, '') : what}`;
  const counts = `${numberText(before)} → ${amount(after)}`;
  if (direction === 'new') return `new: ${rateOf(second, after)} (${amount(after)}), none before`;
  if (direction === 'gone') return `gone: ${rateOf(first, before)} before (${amount(before)}), none after`;
  const [from, to] = [first.rate(before), second.rate(after)];
  const rates = from === null || to === null ? counts : `${ratesText(from, to)} (${counts})`;
  return `${rates}, ${factorText(factor ?? 1)}`;
}

/** `p99 3.2 ms → 41 ms, 13 times as slow`. Nanoseconds. */
export function latencyChange({ factor }: Difference, percentile: string, before: number, after: number): string {
  const times = factor === null ? '' : `, ${factorText(factor, 'as slow')}`;
  return `${percentile} ${durationText(before / 1e9)} → ${durationText(after / 1e9)}${times}`;
}
