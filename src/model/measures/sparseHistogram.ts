import { bucketOf, middleOf } from './histogram.js';

/**
 * The same counts in the same buckets as Histogram, but only the buckets that hold something are kept: a group of few
 * values costs some hundred bytes, so there can be very many. A new bucket costs a move of those behind it.
 */
export class SparseHistogram {
  /** Buckets in ascending order, and how many values each holds. */
  private readonly buckets: number[] = [];
  private readonly counts: number[] = [];
  count = 0;
  min = Infinity;
  max = 0;
  sum = 0;

  /** Adds one value; negative ones (a capture whose clock stepped back) count as 0. */
  record(value: number): void {
    const v = value > 0 ? value : 0;
    this.count++;
    this.sum += v;
    if (v > this.max) this.max = v;
    if (v < this.min) this.min = v;
    this.add(bucketOf(v), 1);
  }

  /** Takes in what another one holds. */
  merge(other: SparseHistogram): void {
    this.count += other.count;
    this.sum += other.sum;
    this.max = Math.max(this.max, other.max);
    this.min = Math.min(this.min, other.min);
    for (const [place, bucket] of other.buckets.entries()) this.add(bucket, other.counts[place]!);
  }

  /** Value below or at which `fraction` (0 to 1) of the values lie, right to 1 %; 0 if there are none. */
  percentile(fraction: number): number {
    if (this.count === 0) return 0;
    const rank = Math.max(1, Math.ceil(this.count * fraction));
    let seen = 0;
    for (const [place, bucket] of this.buckets.entries()) {
      seen += this.counts[place]!;
      if (seen >= rank) return Math.max(this.min, Math.min(this.max, middleOf(bucket)));
    }
    return this.max;
  }

  /** How many values lie at or below a bound, right to 1 % of the bound. */
  below(bound: number): number {
    let seen = 0;
    for (const [place, bucket] of this.buckets.entries()) {
      if (middleOf(bucket) > bound) break;
      seen += this.counts[place]!;
    }
    return seen;
  }

  private add(bucket: number, count: number): void {
    let low = 0;
    let high = this.buckets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.buckets[middle]! < bucket) low = middle + 1;
      else high = middle;
    }
    if (this.buckets[low] === bucket) this.counts[low]! += count;
    else {
      this.buckets.splice(low, 0, bucket);
      this.counts.splice(low, 0, count);
    }
  }
}
