import type { CountedEvent, GroupValue } from './grouping.js';
import { nameBytes } from '../knowledge/room.js';
import { SparseHistogram } from './sparseHistogram.js';

/** What was too much to tell apart. */
export const OTHERS = '(other)';
/**
 * Rows of a table that are told apart in an interval; the rest is one row.
 * @bound rows
 */
const MOST_ROWS = 10_000;
/**
 * Names of the rows of a table: beyond it no more are told apart in an interval.
 * @bound bytes
 */
const MOST_NAME_BYTES = 8 * 1024 * 1024;
/** Latencies of an interval that are kept one by one; beyond that they are counted in buckets, right to 1 %. */
export const MOST_LATENCIES = 32_768;
/** Percentiles that are told. */
const TOLD = [0.5, 0.9, 0.99] as const;
/** Up to so many values are sorted quicker by hand. */
const FEW = 24;

/** Numbers of a row, which lie side by side: most rows are not in any cache when they are counted in. */
const COLUMNS = 8;
const [REQUESTS, RESPONSES, NOTIFICATIONS, ERRORS, TO_SERVER, TO_CLIENT] = [0, 1, 2, 3, 4, 5];
/** The interval in which the row was counted in, and its latest latency in it (from 1; 0 for none). */
const [INTERVAL, LATEST] = [6, 7];
/** The row of all for which there was no room. */
const OTHERS_ROW = 0;

/** Nanoseconds. */
export interface LiveLatency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Numbers of an interval. */
export interface LiveNumbers {
  readonly requests: number;
  readonly responses: number;
  readonly notifications: number;
  readonly errors: number;
  readonly bytesToServer: number;
  readonly bytesToClient: number;
  /** null where nothing was answered */
  readonly latency: LiveLatency | null;
}

/** What a table says of an interval, until something is counted again. */
export interface LiveTaken {
  /** Those that were counted in. */
  readonly rows: readonly number[];
  name(row: number): GroupValue;
  requests(row: number): number;
  responses(row: number): number;
  notifications(row: number): number;
  errors(row: number): number;
  bytesToServer(row: number): number;
  bytesToClient(row: number): number;
  latency(row: number): LiveLatency | null;
}

/** Latencies of an interval (nanoseconds), in the order in which they came. */
export class Latencies {
  readonly values = new Float64Array(MOST_LATENCIES);
  used = 0;
  private readonly scratch = new Float64Array(MOST_LATENCIES);

  /** Percentiles of all; null where there are none. */
  all(): LiveLatency | null {
    this.scratch.set(this.used === MOST_LATENCIES ? this.values : this.values.subarray(0, this.used));
    return this.percentiles(this.used);
  }

  /** Percentiles of a chain: the latest, from 1, and before each the one before it. */
  chain(latest: number, before: Int32Array): LiveLatency | null {
    const { scratch, values } = this;
    let count = 0;
    for (let at = latest; at !== 0; at = before[at - 1]!) scratch[count++] = values[at - 1]!;
    return this.percentiles(count);
  }

  /** Of so many values in `scratch`, which is sorted by it. */
  private percentiles(count: number): LiveLatency | null {
    if (count === 0) return null;
    const { scratch } = this;
    if (count > FEW) scratch.subarray(0, count).sort();
    else
      for (let i = 1; i < count; i++) {
        const value = scratch[i]!;
        let at = i;
        for (; at > 0 && scratch[at - 1]! > value; at--) scratch[at] = scratch[at - 1]!;
        scratch[at] = value;
      }
    const of = (fraction: number): number => scratch[Math.ceil(count * fraction) - 1]!;
    return { p50: of(TOLD[0]), p90: of(TOLD[1]), p99: of(TOLD[2]), max: scratch[count - 1]! };
  }
}

/** Percentiles of what was counted in buckets. */
export function bucketed(histogram: SparseHistogram): LiveLatency | null {
  if (histogram.count === 0) return null;
  const [p50 = 0, p90 = 0, p99 = 0] = histogram.percentiles(TOLD);
  return { p50, p90, p99, max: histogram.max };
}

/**
 * Counts of one table, one interval after the other. All rows lie in one array; latencies are kept once for all tables, and
 * a row knows its own by a chain: percentiles are worked out for the rows that are shown.
 */
export class LiveRows {
  private readonly rows = new Map<GroupValue, number>();
  private names: GroupValue[] = [OTHERS];
  private nameBytes = 0;
  private counts = new Float64Array(64 * COLUMNS);
  private interval = 1;
  /** Those that were counted in, in this interval; what was taken has the other list. */
  private counted: number[] = [];
  private spare: number[] = [];
  private readonly before = new Int32Array(MOST_LATENCIES);
  /** Latencies that are not kept one by one, by row. */
  private readonly folded = new Map<number, SparseHistogram>();
  /** How often all rows were forgotten. */
  epoch = 0;

  constructor(private readonly latencies: Latencies) {}

  /** The row of a name, known as long as `epoch` stays; that of all others is no row to remember. */
  rowOf(name: GroupValue): number {
    let row = this.rows.get(name);
    if (row !== undefined) return row;
    if (this.counted.length >= MOST_ROWS || this.nameBytes >= MOST_NAME_BYTES) return OTHERS_ROW;
    row = this.names.length;
    this.names.push(name);
    this.rows.set(name, row);
    if (typeof name === 'string') this.nameBytes += nameBytes(name);
    if ((row + 1) * COLUMNS > this.counts.length) {
      const larger = new Float64Array(this.counts.length * 2);
      larger.set(this.counts);
      this.counts = larger;
    }
    return row;
  }

  /** @param latency its place in `latencies`; below 0 for none */
  count(row: number, event: CountedEvent, bytes: number, failed: boolean, latency: number): void {
    if (event === 'unanswered') return;
    let at = row * COLUMNS;
    if (this.counts[at + INTERVAL] !== this.interval) at = this.begin(row) * COLUMNS;
    const { counts } = this;
    switch (event) {
      case 'request':
      case 'unansweredRequest':
        counts[at + REQUESTS]!++;
        counts[at + TO_SERVER]! += bytes;
        return;
      case 'notification':
        counts[at + NOTIFICATIONS]!++;
        counts[at + TO_CLIENT]! += bytes;
        return;
      case 'response':
        counts[at + RESPONSES]!++;
        counts[at + TO_CLIENT]! += bytes;
        if (failed) counts[at + ERRORS]!++;
        if (latency < 0) return;
        this.before[latency] = counts[at + LATEST]!;
        counts[at + LATEST] = latency + 1;
    }
  }

  /** The latencies so far go into buckets: there is no room for more of them. */
  fold(): void {
    const { counts, before } = this;
    const { values } = this.latencies;
    for (const row of this.counted) {
      let at = counts[row * COLUMNS + LATEST]!;
      if (at === 0) continue;
      const histogram = this.bucketsOf(row);
      for (; at !== 0; at = before[at - 1]!) histogram.record(values[at - 1]!);
      counts[row * COLUMNS + LATEST] = 0;
    }
  }

  /** Counts a latency (nanoseconds) of a row that was counted in, in buckets. */
  record(row: number, latency: number): void {
    const counted = this.counts[row * COLUMNS + INTERVAL] === this.interval ? row : OTHERS_ROW;
    this.bucketsOf(counted).record(latency);
  }

  private bucketsOf(row: number): SparseHistogram {
    let histogram = this.folded.get(row);
    if (histogram === undefined) this.folded.set(row, (histogram = new SparseHistogram()));
    return histogram;
  }

  /** What was counted since the last time. What comes next is counted from nothing. */
  take(): LiveTaken {
    const { counts, counted, names } = this;
    const folded = this.folded.size === 0 ? null : new Map(this.folded);
    this.counted = this.spare;
    this.counted.length = 0;
    this.spare = counted;
    this.folded.clear();
    this.interval++;
    if (this.names.length * 2 > MOST_ROWS || this.nameBytes * 2 > MOST_NAME_BYTES) this.forget();
    const of =
      (column: number) =>
      (row: number): number =>
        counts[row * COLUMNS + column]!;
    const latency = (row: number): LiveLatency | null => {
      const histogram = folded?.get(row);
      const latest = counts[row * COLUMNS + LATEST]!;
      if (histogram === undefined) return this.latencies.chain(latest, this.before);
      for (let at = latest; at !== 0; at = this.before[at - 1]!) histogram.record(this.latencies.values[at - 1]!);
      counts[row * COLUMNS + LATEST] = 0;
      return bucketed(histogram);
    };
    return {
      rows: counted,
      name: (row) => names[row]!,
      requests: of(REQUESTS),
      responses: of(RESPONSES),
      notifications: of(NOTIFICATIONS),
      errors: of(ERRORS),
      bytesToServer: of(TO_SERVER),
      bytesToClient: of(TO_CLIENT),
      latency,
    };
  }

  /** Names of other rows mean other things from here on. */
  private forget(): void {
    this.rows.clear();
    this.names = [OTHERS];
    this.nameBytes = 0;
    this.epoch++;
  }

  /** The first count of a row in this interval: the row that it goes to. */
  private begin(row: number): number {
    const to = this.counted.length < MOST_ROWS ? row : OTHERS_ROW;
    const at = to * COLUMNS;
    if (this.counts[at + INTERVAL] === this.interval) return to;
    this.counts.fill(0, at, at + COLUMNS);
    this.counts[at + INTERVAL] = this.interval;
    this.counted.push(to);
    return to;
  }
}
