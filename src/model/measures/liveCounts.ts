import { Counts, Grouping, type Group, type GroupValue } from './grouping.js';
import { Statistics } from './statistics.js';

/** What rows of a live view can be about. */
export const liveTables = ['op', 'client', 'path', 'server'] as const;
export type LiveTable = (typeof liveTables)[number];

/** Groups of each table that are told apart, in an interval and in all. */
const MOST_GROUPS = 10_000;

/** Counts of one row. */
export interface LiveRow {
  readonly name: GroupValue;
  readonly counts: Counts;
}

/** What was counted in an interval. */
export interface LiveInterval {
  readonly total: Counts;
  readonly tables: Readonly<Record<LiveTable, readonly LiveRow[]>>;
}

/** Running totals of one operation on one server. */
export interface LiveTotal {
  readonly op: GroupValue;
  readonly server: GroupValue;
  readonly counts: Counts;
}

/** Counts of one interval after the other, and their running totals, in bounded memory. */
export class LiveCounts {
  readonly statistics: Statistics;
  /** Since the beginning. */
  readonly total = { requests: 0, errors: 0, notifications: 0 };
  /** Whether somebody will ask for `running`. */
  keepsRunning = false;
  private readonly byOp = new Grouping({ by: ['op', 'server'], maxGroups: MOST_GROUPS });
  private readonly byClient = new Grouping({ by: ['client'], maxGroups: MOST_GROUPS });
  private readonly byPath: Grouping;
  private readonly totals = new Map<string, LiveTotal>();

  /** @param depth parts of paths that are told apart; null for all */
  constructor(depth: number | null) {
    this.byPath = new Grouping({ by: ['path'], depth, onlyWithPath: true, maxGroups: MOST_GROUPS });
    this.statistics = new Statistics([this.byOp, this.byClient, this.byPath], false);
  }

  /** Parts of paths that are told apart from here on. */
  set depth(depth: number | null) {
    this.byPath.cutAt(depth);
  }

  /** By operation and server, since the beginning; nothing where it is not kept. */
  get running(): Iterable<LiveTotal> {
    return this.totals.values();
  }

  /** What was counted since the last time. */
  take(): LiveInterval {
    const { groups, other } = this.byOp.take();
    const total = new Counts();
    for (const { counts } of groups) total.merge(counts);
    if (other !== null) total.merge(other);
    this.total.requests += total.requests;
    this.total.errors += total.errors;
    this.total.notifications += total.notifications;
    if (this.keepsRunning) this.addTotals(groups, other);
    return {
      total,
      tables: {
        op: merged(groups, 0),
        server: merged(groups, 1),
        client: rowsOf(this.byClient.take()),
        path: rowsOf(this.byPath.take()),
      },
    };
  }

  private addTotals(groups: readonly Group[], other: Counts | null): void {
    const add = (op: GroupValue, server: GroupValue, counts: Counts): void => {
      const key = JSON.stringify([op, server]);
      const known = this.totals.get(key);
      if (known !== undefined) known.counts.merge(counts);
      else if (this.totals.size < MOST_GROUPS || op === OTHERS)
        this.totals.set(key, { op, server, counts: copyOf(counts) });
      else add(OTHERS, OTHERS, counts);
    };
    for (const { values, counts } of groups) add(values[0] ?? null, values[1] ?? null, counts);
    if (other !== null) add(OTHERS, OTHERS, other);
  }
}

/** What was too much to tell apart. */
const OTHERS = '(other)';

function copyOf(counts: Counts): Counts {
  const copy = new Counts();
  copy.merge(counts);
  return copy;
}

function rowsOf({ groups, other }: ReturnType<Grouping['take']>): LiveRow[] {
  const rows = groups.map(({ values, counts }): LiveRow => ({ name: values[0] ?? null, counts }));
  return other === null ? rows : [...rows, { name: OTHERS, counts: other }];
}

/** Rows of one dimension of several. A row of one group alone has that group's counts. */
function merged(groups: readonly Group[], place: number): LiveRow[] {
  const rows = new Map<GroupValue, { counts: Counts; sum: boolean }>();
  for (const { values, counts } of groups) {
    const name = values[place] ?? null;
    const row = rows.get(name);
    if (row === undefined) {
      rows.set(name, { counts, sum: false });
      continue;
    }
    if (!row.sum) {
      row.counts = copyOf(row.counts);
      row.sum = true;
    }
    row.counts.merge(counts);
  }
  return Array.from(rows, ([name, { counts }]) => ({ name, counts }));
}
