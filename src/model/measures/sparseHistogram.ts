import { bucketOf, middleOf } from './histogram.js';

/** Cells of who has counted nothing yet. */
const NONE: number[] = [];

/**
 * The same counts in the same buckets as Histogram, but only the buckets that hold something are kept: a group of few
 * values costs some hundred bytes, so there can be very many. A new bucket costs a move of those behind it.
 */
export class SparseHistogram {
  /** Buckets in ascending order, behind each how many values it holds. */
  private cells: number[] = NONE;
  /** Place of the bucket that was counted in last. */
  private latest = 0;
  count = 0;
  min = Infinity;
  max = 0;
  sum = 0;

  /**
   * Adds one value; negative ones (a capture whose clock stepped back) count as 0.
   * @param bucket that of the value, where the caller knows it
   */
  record(value: number, bucket = bucketOf(value > 0 ? value : 0)): void {
    const v = value > 0 ? value : 0;
    this.count++;
    this.sum += v;
    if (v > this.max) this.max = v;
    if (v < this.min) this.min = v;
    this.add(bucket, 1);
  }

  /** Takes in what another one holds. */
  merge(other: SparseHistogram): void {
    this.count += other.count;
    this.sum += other.sum;
    this.max = Math.max(this.max, other.max);
    this.min = Math.min(this.min, other.min);
    const { cells } = other;
    for (let place = 0; place < cells.length; place += 2) this.add(cells[place]!, cells[place + 1]!);
  }

  /** Value below or at which `fraction` (0 to 1) of the values lie, right to 1 %; 0 if there are none. */
  percentile(fraction: number): number {
    return this.percentiles([fraction])[0]!;
  }

  /** The same for several fractions, in ascending order, in one pass. */
  percentiles(fractions: readonly number[]): number[] {
    const { cells, count } = this;
    const values: number[] = [];
    let place = 0;
    let seen = 0;
    for (const fraction of fractions) {
      const rank = Math.max(1, Math.ceil(count * fraction));
      while (seen < rank && place < cells.length) {
        seen += cells[place + 1]!;
        place += 2;
      }
      const found = seen < rank ? this.max : middleOf(cells[place - 2]!);
      values.push(count === 0 ? 0 : Math.max(this.min, Math.min(this.max, found)));
    }
    return values;
  }

  /** How many values lie at or below a bound, right to 1 % of the bound. */
  below(bound: number): number {
    let seen = 0;
    for (let place = 0; place < this.cells.length; place += 2) {
      if (middleOf(this.cells[place]!) > bound) break;
      seen += this.cells[place + 1]!;
    }
    return seen;
  }

  private add(bucket: number, count: number): void {
    const { cells, latest } = this;
    const used = cells.length;
    // Values of a group are mostly alike.
    if (latest < used && cells[latest] === bucket) {
      cells[latest + 1]! += count;
      return;
    }
    let low = 0;
    let high = used >>> 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cells[2 * middle]! < bucket) low = middle + 1;
      else high = middle;
    }
    const place = 2 * low;
    this.latest = place;
    if (place < used && cells[place] === bucket) {
      cells[place + 1]! += count;
      return;
    }
    if (cells === NONE) {
      // An array that is pushed to has room for 17.
      this.cells = [bucket, count];
      return;
    }
    cells.push(0, 0);
    for (let i = used - 1; i >= place; i--) cells[i + 2] = cells[i]!;
    cells[place] = bucket;
    cells[place + 1] = count;
  }
}
