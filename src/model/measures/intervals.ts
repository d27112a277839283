/** Values of one series that are kept as they are before they are counted in buckets. */
const EXACT = 128;
const MAX_BUCKETS = 128;
/** Buckets for each power of two to begin with: 2^11. */
const MANTISSA_BITS = 11;

/**
 * Smallest, median and largest of a series of non-negative numbers (nanoseconds), in bounded memory. Smallest, largest and
 * mean are exact. The median is exact for the first `exact` values (of an even number of them it is the mean of the two in
 * the middle); beyond that it is right to 0.025 % as long as the values fall into 128 buckets, which a steady rhythm does,
 * and coarser, by powers of two, the wilder they are.
 */
export class Intervals {
  count = 0;
  min = Infinity;
  max = 0;
  private values: Float64Array | null = new Float64Array(8);
  private keys = new Uint32Array(0);
  private counts = new Float64Array(0);
  private buckets = 0;
  private bits = MANTISSA_BITS;

  constructor(private readonly exact = EXACT) {}

  add(value: number): void {
    const v = value > 0 ? value : 0;
    if (v < this.min) this.min = v;
    if (v > this.max) this.max = v;
    if (this.values !== null) {
      if (this.count < this.exact) {
        if (this.count === this.values.length) {
          const larger = new Float64Array(Math.min(this.exact, this.count * 2));
          larger.set(this.values);
          this.values = larger;
        }
        this.values[this.count++] = v;
        return;
      }
      this.startBuckets(this.values);
    }
    this.count++;
    this.addToBucket(this.key(v), 1);
  }

  /** Null while there are no values. */
  median(): number | null {
    if (this.count === 0) return null;
    const lower = Math.floor((this.count - 1) / 2);
    const upper = Math.floor(this.count / 2);
    if (this.values !== null) {
      const sorted = this.values.slice(0, this.count).sort();
      return (sorted[lower]! + sorted[upper]!) / 2;
    }
    return (this.ranked(lower) + this.ranked(upper)) / 2;
  }

  private ranked(rank: number): number {
    let seen = 0;
    for (let index = 0; index < this.buckets; index++) {
      seen += this.counts[index]!;
      if (seen > rank) return Math.max(this.min, Math.min(this.max, this.middle(this.keys[index]!)));
    }
    return this.max;
  }

  private startBuckets(values: Float64Array): void {
    this.values = null;
    this.keys = new Uint32Array(MAX_BUCKETS + 1);
    this.counts = new Float64Array(MAX_BUCKETS + 1);
    for (const value of values) this.addToBucket(this.key(value), 1);
  }

  /** Power of two in the upper bits, the leading bits of what is above it in the lower. Values below 1 count as 1. */
  private key(value: number): number {
    const v = Math.max(1, value);
    const exponent = Math.floor(Math.log2(v));
    const scale = 2 ** this.bits;
    return exponent * scale + Math.min(scale - 1, Math.max(0, Math.floor((v / 2 ** exponent - 1) * scale)));
  }

  private middle(key: number): number {
    const scale = 2 ** this.bits;
    const exponent = Math.floor(key / scale);
    return 2 ** exponent * (1 + (key - exponent * scale + 0.5) / scale);
  }

  private addToBucket(key: number, count: number): void {
    let low = 0;
    let high = this.buckets;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if (this.keys[mid]! < key) low = mid + 1;
      else high = mid;
    }
    if (low < this.buckets && this.keys[low] === key) {
      this.counts[low]! += count;
      return;
    }
    this.keys.copyWithin(low + 1, low, this.buckets);
    this.counts.copyWithin(low + 1, low, this.buckets);
    this.keys[low] = key;
    this.counts[low] = count;
    this.buckets++;
    while (this.buckets > MAX_BUCKETS) this.coarsen();
  }

  /** Halves the precision: neighbours that differ in the last bit become one. */
  private coarsen(): void {
    this.bits--;
    let kept = 0;
    for (let index = 0; index < this.buckets; index++) {
      const key = this.keys[index]! >>> 1;
      if (kept > 0 && this.keys[kept - 1] === key) this.counts[kept - 1]! += this.counts[index]!;
      else {
        this.keys[kept] = key;
        this.counts[kept++] = this.counts[index]!;
      }
    }
    this.buckets = kept;
  }
}
