import type { Count, NotNegative, Seconds, Time } from '../../observations/values.js';
import type { Clock } from '../../observations/inputs.js';
import {
  liveTables,
  type LiveCounts,
  type LiveInterval,
  type LiveRow,
  type LiveTable,
} from '../../model/measures/liveCounts.js';
import type { Counts } from '../../model/measures/grouping.js';
import type { WatchCounts } from '../../model/measures/watchCounts.js';
import type { Model } from '../../model/index.js';
import type { Finding, Severity, Confidence } from '../../rules/finding.js';

/** seconds */
export interface TopLatency {
  p50: Seconds;
  p90: Seconds;
  p99: Seconds;
  max: Seconds;
}

/** Numbers of an interval. */
export interface TopNumbers {
  requests: Count;
  requestsPerSecond: NotNegative;
  responses: Count;
  notifications: Count;
  /** answers with an error */
  errors: Count;
  bytesToServer: Count;
  bytesToClient: Count;
  /** absent where nothing was answered */
  latency?: TopLatency;
}

/** A row of a table: an operation, a client, a path, a server. */
export interface TopRow extends TopNumbers {
  /** null where it is not known */
  name: string | null;
}

/** A finding as far as the capture goes by now. */
export interface TopFinding {
  rule: string;
  severity: Severity;
  confidence: Confidence;
  title: string;
  message: string;
  client?: string;
  server?: string;
  path?: string;
  from: Time;
  to: Time;
  /** its first frame of evidence */
  frame: Count | null;
  /** where that frame was captured, if captures are of several hosts */
  host?: string;
}

/** One line of `zkscope top`: an interval, and how things stand at its end. */
export interface TopDocument {
  schemaVersion: 1;
  from: Time;
  to: Time;
  seconds: Seconds;
  interval: TopNumbers;
  /** since the beginning */
  sinceStart: { seconds: Seconds; requests: Count; errors: Count; notifications: Count };
  connections: Count;
  sessions: { open: Count; made: Count; takenUp: Count; expired: Count; closed: Count };
  /** set, and fired, in the interval */
  watches: { set: Count; fired: Count };
  byOp: TopRow[];
  byClient: TopRow[];
  byPath: TopRow[];
  byServer: TopRow[];
  /** rows that were left out, by table */
  notShown: { op: Count; client: Count; path: Count; server: Count };
  /** what the rules say so far, the worst first; those that judge at the end only are silent */
  findings: readonly TopFinding[];
}

/** By what rows are sorted, the largest first. */
export const topColumns = ['requests', 'errors', 'p99', 'bytes', 'notifications'] as const;
export type TopColumn = (typeof topColumns)[number];

const SECOND = 1e9;
/** Percentiles that a row has. */
const TOLD = [0.5, 0.9, 0.99];

export interface TopSource {
  readonly interval: LiveInterval;
  readonly counts: LiveCounts;
  readonly watches: WatchCounts;
  readonly model: Model;
  readonly findings: readonly Finding[];
  readonly clock: Clock;
  /** Times of the beginning, and of the interval. */
  readonly start: number;
  readonly from: number;
  readonly to: number;
  readonly sort: TopColumn;
  /** Rows of each table. */
  readonly rows: number;
}

/** What sums up since the beginning is told by the interval: this remembers where it stood. */
export class TopDocuments {
  private latest: { readonly findings: readonly Finding[]; readonly told: readonly TopFinding[] } | null = null;
  private before = { made: 0, takenUp: 0, expired: 0, closed: 0, set: 0, fired: 0 };

  next(source: TopSource): TopDocument {
    const { interval, counts, watches, model, clock, start, from, to } = source;
    const seconds = Math.max(0, to - from) / SECOND;
    const now = {
      made: watches.sessionsMade,
      takenUp: watches.sessionsTakenUp,
      expired: watches.sessionsExpired,
      closed: watches.sessionsClosed,
      set: watches.set,
      fired: watches.fired,
    };
    const { before } = this;
    this.before = now;
    const table = (name: LiveTable): TopRow[] => rowsOf(interval.tables[name], source, seconds);
    const left = (name: LiveTable): number => Math.max(0, interval.tables[name].length - source.rows);
    const { total } = counts;
    return {
      schemaVersion: 1,
      from: clock.format(from),
      to: clock.format(to),
      seconds,
      interval: numbersOf(interval.total, seconds),
      sinceStart: {
        seconds: Math.max(0, to - start) / SECOND,
        requests: total.requests,
        errors: total.errors,
        notifications: total.notifications,
      },
      connections: model.connections.size,
      sessions: {
        open: model.sessions.connected,
        made: now.made - before.made,
        takenUp: now.takenUp - before.takenUp,
        expired: now.expired - before.expired,
        closed: now.closed - before.closed,
      },
      watches: { set: now.set - before.set, fired: now.fired - before.fired },
      byOp: table('op'),
      byClient: table('client'),
      byPath: table('path'),
      byServer: table('server'),
      notShown: Object.fromEntries(liveTables.map((name) => [name, left(name)])) as TopDocument['notShown'],
      findings: this.told(source.findings, clock),
    };
  }

  /** Findings are looked at more rarely than intervals end. Frozen: who writes them writes the same again. */
  private told(findings: readonly Finding[], clock: Clock): readonly TopFinding[] {
    if (this.latest?.findings !== findings)
      this.latest = { findings, told: Object.freeze(findings.map((finding) => findingOf(finding, clock))) };
    return this.latest.told;
  }
}

function numbersOf(counts: Counts, seconds: number): TopNumbers {
  const { latency } = counts;
  const numbers: TopNumbers = {
    requests: counts.requests,
    requestsPerSecond: seconds > 0 ? Math.round((counts.requests / seconds) * 1000) / 1000 : 0,
    responses: counts.responses,
    notifications: counts.notifications,
    errors: counts.errors,
    bytesToServer: counts.bytesToServer,
    bytesToClient: counts.bytesToClient,
  };
  if (latency.count > 0) {
    const [p50 = 0, p90 = 0, p99 = 0] = latency.percentiles(TOLD);
    numbers.latency = { p50: p50 / SECOND, p90: p90 / SECOND, p99: p99 / SECOND, max: latency.max / SECOND };
  }
  return numbers;
}

const KEYS: Readonly<Record<TopColumn, (counts: Counts) => number>> = {
  requests: (counts) => counts.requests,
  errors: (counts) => counts.errors,
  p99: (counts) => counts.latency.percentile(0.99),
  bytes: (counts) => counts.bytesToServer + counts.bytesToClient,
  notifications: (counts) => counts.notifications,
};

interface Ranked {
  readonly row: LiveRow;
  readonly key: number;
}

/** Whether a row stands before another: the larger one, and of equal ones that of more requests, then by name. */
function before(a: Ranked, b: Ranked): boolean {
  if (a.key !== b.key) return a.key > b.key;
  const [one, other] = [a.row.counts.requests, b.row.counts.requests];
  return one !== other ? one > other : String(a.row.name ?? '') < String(b.row.name ?? '');
}

/** The rows that are shown, in their order: of thousands some twenty, so that not all of them are sorted. */
function rowsOf(rows: readonly LiveRow[], { sort, rows: most }: TopSource, seconds: number): TopRow[] {
  const keyOf = KEYS[sort];
  const shown: Ranked[] = [];
  if (most === 0) return [];
  for (const row of rows) {
    const one = { row, key: keyOf(row.counts) };
    if (shown.length >= most && !before(one, shown[most - 1]!)) continue;
    let low = 0;
    let high = shown.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (before(one, shown[middle]!)) high = middle;
      else low = middle + 1;
    }
    if (shown.length >= most) shown.pop();
    shown.splice(low, 0, one);
  }
  return shown.map(({ row: { name, counts } }) => ({
    name: name === null ? null : String(name),
    ...numbersOf(counts, seconds),
  }));
}

function findingOf(finding: Finding, clock: Clock): TopFinding {
  const { rule, severity, confidence, title, message, client, server, path } = finding;
  return {
    rule,
    severity,
    confidence,
    title,
    message,
    ...(client === undefined ? {} : { client }),
    ...(server === undefined ? {} : { server }),
    ...(path === undefined ? {} : { path }),
    from: clock.format(finding.from),
    to: clock.format(finding.to),
    frame: finding.evidence[0]?.frame ?? null,
  };
}
