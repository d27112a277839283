import type { Count, NotNegative, Seconds, Time } from '../../observations/values.js';
import type { Clock } from '../../observations/inputs.js';
import type { LiveCounts } from '../../model/measures/liveCounts.js';
import type { LiveLatency, LiveNumbers, LiveTaken } from '../../model/measures/liveRows.js';
import { liveTables, type LiveInterval, type LiveTable } from '../../model/measures/liveTables.js';
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
    const left = (name: LiveTable): number => Math.max(0, interval.tables[name].rows.length - source.rows);
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

function numbersOf(counts: LiveNumbers, seconds: number): TopNumbers {
  const numbers: TopNumbers = {
    requests: counts.requests,
    requestsPerSecond: perSecond(counts.requests, seconds),
    responses: counts.responses,
    notifications: counts.notifications,
    errors: counts.errors,
    bytesToServer: counts.bytesToServer,
    bytesToClient: counts.bytesToClient,
  };
  if (counts.latency !== null) numbers.latency = latencyOf(counts.latency);
  return numbers;
}

function rowOf(table: LiveTaken, row: number, seconds: number): TopRow {
  const name = table.name(row);
  const requests = table.requests(row);
  const told: TopRow = {
    name: name === null ? null : String(name),
    requests,
    requestsPerSecond: perSecond(requests, seconds),
    responses: table.responses(row),
    notifications: table.notifications(row),
    errors: table.errors(row),
    bytesToServer: table.bytesToServer(row),
    bytesToClient: table.bytesToClient(row),
  };
  const latency = table.latency(row);
  if (latency !== null) told.latency = latencyOf(latency);
  return told;
}

const perSecond = (count: number, seconds: number): number =>
  seconds > 0 ? Math.round((count / seconds) * 1000) / 1000 : 0;

const latencyOf = ({ p50, p90, p99, max }: LiveLatency): TopLatency => ({
  p50: p50 / SECOND,
  p90: p90 / SECOND,
  p99: p99 / SECOND,
  max: max / SECOND,
});

const KEYS: Readonly<Record<TopColumn, (table: LiveTaken, row: number) => number>> = {
  requests: (table, row) => table.requests(row),
  errors: (table, row) => table.errors(row),
  p99: (table, row) => table.latency(row)?.p99 ?? 0,
  bytes: (table, row) => table.bytesToServer(row) + table.bytesToClient(row),
  notifications: (table, row) => table.notifications(row),
};

/** The rows that are shown, in their order: of thousands some twenty, so that not all of them are sorted. */
function rowsOf(table: LiveTaken, { sort, rows: most }: TopSource, seconds: number): TopRow[] {
  const keyOf = KEYS[sort];
  const shown: number[] = [];
  const keys: number[] = [];
  if (most === 0) return [];
  /** Whether a row stands before the one at a place: the larger one, and of equal ones that of more requests, then by name. */
  const before = (row: number, key: number, place: number): boolean => {
    if (key !== keys[place]) return key > keys[place]!;
    const other = shown[place]!;
    const more = table.requests(row) - table.requests(other);
    return more !== 0 ? more > 0 : String(table.name(row) ?? '') < String(table.name(other) ?? '');
  };
  for (const row of table.rows) {
    const key = keyOf(table, row);
    if (shown.length >= most && !before(row, key, most - 1)) continue;
    let low = 0;
    let high = shown.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (before(row, key, middle)) high = middle;
      else low = middle + 1;
    }
    if (shown.length >= most) {
      shown.pop();
      keys.pop();
    }
    shown.splice(low, 0, row);
    keys.splice(low, 0, key);
  }
  return shown.map((row) => rowOf(table, row, seconds));
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
