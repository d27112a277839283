const SUB_BITS = 6;
const SUB = 1 << SUB_BITS;
/** Largest value that is told apart: 2^47 ns is 39 hours. */
const MAX_EXPONENT = 47;
const LARGEST = 2 ** (MAX_EXPONENT + 1);
/** By shift: to multiply by a power of two is exact, and to raise to it takes a library call. */
const SCALES = Float64Array.from({ length: MAX_EXPONENT - SUB_BITS + 1 }, (_, shift) => 2 ** -shift);

/**
 * Counts of non-negative numbers (nanoseconds, bytes) in log-linear buckets: exact below 128, then 64 buckets for each
 * power of two, so a percentile is right to 1 %. Constant size, constant time.
 */
export class Histogram {
  private readonly counts = new Uint32Array((MAX_EXPONENT - SUB_BITS + 2) * SUB);
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
    this.counts[bucketOf(v)]!++;
  }

  /** Value below or at which `fraction` (0 to 1) of the values lie; 0 if there are none. */
  percentile(fraction: number): number {
    if (this.count === 0) return 0;
    const rank = Math.max(1, Math.ceil(this.count * fraction));
    let seen = 0;
    for (let i = 0; i < this.counts.length; i++) {
      seen += this.counts[i]!;
      if (seen >= rank) return Math.max(this.min, Math.min(this.max, middleOf(i)));
    }
    return this.max;
  }
}

/** Number of the bucket that holds a value. */
export function bucketOf(value: number): number {
  if (value < 2 * SUB) return Math.floor(value);
  if (value >= LARGEST) return (MAX_EXPONENT - SUB_BITS + 2) * SUB - 1;
  const exponent = value < 0x80000000 ? 31 - Math.clz32(value) : 51 - Math.clz32(Math.floor(value / 0x100000));
  const shift = exponent - SUB_BITS;
  return shift * SUB + Math.floor(value * SCALES[shift]!);
}

/** Value in the middle of a bucket. */
export function middleOf(bucket: number): number {
  if (bucket < 2 * SUB) return bucket;
  const shift = Math.floor(bucket / SUB) - 1;
  return (bucket - shift * SUB) * 2 ** shift + 2 ** shift / 2;
}
