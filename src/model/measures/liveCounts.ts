import { Grouping, type Counts, type GroupValue } from './grouping.js';
import { OTHERS } from './liveRows.js';
import { LiveTables, type LiveInterval } from './liveTables.js';
import { Statistics } from './statistics.js';

/**
 * Operations on servers of which running totals are kept.
 * @bound groups
 */
const MOST_TOTALS = 10_000;

/** Running totals of one operation on one server. */
export interface LiveTotal {
  readonly op: GroupValue;
  readonly server: GroupValue;
  readonly counts: Counts;
}

export interface LiveCountsOptions {
  /** Parts of paths that are told apart; null for all. */
  readonly depth: number | null;
  /** Whether somebody will ask for `running`. */
  readonly keepsRunning: boolean;
}

/** Counts of one interval after the other, and their running totals, in bounded memory. */
export class LiveCounts {
  readonly statistics: Statistics;
  /** Since the beginning. */
  readonly total = { requests: 0, errors: 0, notifications: 0 };
  private readonly tables: LiveTables;
  private readonly totals: Grouping | null;

  constructor({ depth, keepsRunning }: LiveCountsOptions) {
    this.tables = new LiveTables(depth);
    this.totals = keepsRunning ? new Grouping({ by: ['op', 'server'], maxGroups: MOST_TOTALS }) : null;
    this.statistics = new Statistics(this.totals === null ? [] : [this.totals], false, this.tables);
  }

  /** Parts of paths that are told apart from here on. */
  set depth(depth: number | null) {
    this.tables.depth = depth;
  }

  /** By operation and server, since the beginning; nothing where it is not kept. */
  *running(): Generator<LiveTotal> {
    if (this.totals === null) return;
    for (const { values, counts } of this.totals.groups)
      yield { op: values[0] ?? null, server: values[1] ?? null, counts };
    if (this.totals.other !== null) yield { op: OTHERS, server: OTHERS, counts: this.totals.other };
  }

  /** What was counted since the last time. */
  take(): LiveInterval {
    const interval = this.tables.take();
    const { requests, errors, notifications } = interval.total;
    this.total.requests += requests;
    this.total.errors += errors;
    this.total.notifications += notifications;
    return interval;
  }
}
