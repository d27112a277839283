/** Counts of one kind, one for each bucket of a TimeBuckets. */
export type BucketCounts = Float64Array<ArrayBuffer>;

/** Latencies below 2^LOW ns count as 2^LOW; each power of two has SUB buckets, so a percentile is right to 3 %. */
const LOW = 10;
const HIGH = 39;
const SUB_BITS = 4;
const SUB = 1 << SUB_BITS;
const LATENCY_BUCKETS = (HIGH - LOW) * SUB;

/**
 * A fixed number of buckets of time. They begin narrow; when a time lies beyond the last, neighbours become one and all
 * are twice as wide. Memory is constant, however long the capture. Times are nanoseconds on the run's clock.
 */
export class TimeBuckets {
  /** Nanoseconds. */
  width: number;
  /** Time at which the first bucket begins; null while there is none. */
  start: number | null = null;
  /** Buckets in use: the index of the latest, plus one. */
  used = 0;
  private readonly series: BucketCounts[] = [];
  private readonly latencies: Uint32Array<ArrayBuffer>;

  /**
   * @param size number of buckets, a power of two
   * @param width nanoseconds of a bucket to begin with
   */
  constructor(
    readonly size = 2048,
    width = 1e6,
  ) {
    this.width = width;
    this.latencies = new Uint32Array(size * LATENCY_BUCKETS);
  }

  /** A new row of counts. */
  add(): BucketCounts {
    const counts = new Float64Array(this.size);
    this.series.push(counts);
    return counts;
  }

  /** Bucket of a time; earlier ones than the first bucket belong to it. */
  index(time: number): number {
    this.start ??= time;
    let index = Math.max(0, Math.floor((time - this.start) / this.width));
    while (index >= this.size) {
      this.halve();
      index = Math.floor((time - this.start) / this.width);
    }
    if (index >= this.used) this.used = index + 1;
    return index;
  }

  /** Counts one latency (nanoseconds) in a bucket. */
  latency(index: number, value: number): void {
    this.latencies[index * LATENCY_BUCKETS + latencyBucket(value)]!++;
  }

  /** Latency in nanoseconds below which `fraction` of those in buckets `from` to before `to` lie; null if there are none. */
  percentile(from: number, to: number, fraction: number): number | null {
    const sums = new Float64Array(LATENCY_BUCKETS);
    let count = 0;
    for (let index = from; index < Math.min(to, this.size); index++) {
      for (let i = 0; i < LATENCY_BUCKETS; i++) {
        const n = this.latencies[index * LATENCY_BUCKETS + i]!;
        sums[i]! += n;
        count += n;
      }
    }
    if (count === 0) return null;
    const rank = Math.max(1, Math.ceil(count * fraction));
    let seen = 0;
    for (let i = 0; i < LATENCY_BUCKETS; i++) {
      seen += sums[i]!;
      if (seen >= rank) return middleOf(i);
    }
    return null;
  }

  private halve(): void {
    const half = this.size / 2;
    for (const counts of this.series) {
      for (let i = 0; i < half; i++) counts[i] = counts[2 * i]! + counts[2 * i + 1]!;
      counts.fill(0, half);
    }
    const all = this.latencies;
    for (let i = 0; i < half; i++) {
      for (let j = 0; j < LATENCY_BUCKETS; j++) {
        all[i * LATENCY_BUCKETS + j] = all[2 * i * LATENCY_BUCKETS + j]! + all[(2 * i + 1) * LATENCY_BUCKETS + j]!;
      }
    }
    all.fill(0, half * LATENCY_BUCKETS);
    this.width *= 2;
    this.used = Math.ceil(this.used / 2);
  }
}

function latencyBucket(value: number): number {
  const scaled = value / 2 ** LOW;
  if (!(scaled >= 1)) return 0;
  const exponent = Math.floor(Math.log2(scaled));
  if (exponent >= HIGH - LOW) return LATENCY_BUCKETS - 1;
  return exponent * SUB + Math.min(SUB - 1, Math.floor((scaled / 2 ** exponent - 1) * SUB));
}

function middleOf(bucket: number): number {
  const exponent = Math.floor(bucket / SUB);
  return 2 ** (LOW + exponent) * (1 + ((bucket % SUB) + 0.5) / SUB);
}
