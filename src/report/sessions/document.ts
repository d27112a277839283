import type { CaptureInfo, Clock } from '../../observations/inputs.js';
import type { SessionSummary, SessionTable } from '../../model/journals/sessionTable.js';
import { seconds } from '../../observations/seconds.js';
import { captureEntry, type CaptureEntry } from '../analyze/document.js';

/** `sessions[]` of `zkscope sessions --json`. Timeouts are milliseconds, everything else seconds. */
export interface SessionRow {
  session: string | null;
  client: string;
  clients: string[];
  servers: string[];
  connections: number;
  timeoutAsked: number | null;
  timeout: number | null;
  from: string;
  to: string;
  startCaptured: boolean;
  end: 'closed' | 'expired' | 'lost' | 'open';
  endTime: string | null;
  endFrame: number | null;
  requests: number;
  responses: number;
  pings: number;
  notifications: number;
  watches: number;
  ephemerals: number;
  /** Median from ping to ping with no other request between; null where there were none. */
  pingInterval: number | null;
  /** A third of the timeout, which is when clients ping; null where the timeout is not known. */
  pingExpected: number | null;
  longestSilence: number;
  gaps: number;
  predecessor: string | null;
  successor: string | null;
}

/** What `zkscope sessions --json` prints. */
export interface SessionsDocument {
  schemaVersion: 1;
  tool: { name: 'zkscope'; version: string };
  captures: CaptureEntry[];
  /** Sessions that the filters chose. */
  count: number;
  ends: { closed: number; expired: number; lost: number; open: number };
  sessions: SessionRow[];
  /** Sessions that `top` left out, or that were too many to keep. */
  sessionsNotShown: number;
}

/** What rows can be sorted by. Numbers come largest first, names and `from` in ascending order. */
export const sessionColumns = [
  'from',
  'to',
  'duration',
  'session',
  'client',
  'timeout',
  'requests',
  'pings',
  'notifications',
  'connections',
  'watches',
  'ephemerals',
  'ping',
  'silence',
] as const;
export type SessionColumn = (typeof sessionColumns)[number];

function compare(column: SessionColumn): (a: SessionSummary, b: SessionSummary) => number {
  const largest =
    (of: (summary: SessionSummary) => number) =>
    (a: SessionSummary, b: SessionSummary): number =>
      of(b) - of(a);
  switch (column) {
    case 'from':
      return (a, b) => a.from - b.from;
    case 'session':
    case 'client': {
      const key = (summary: SessionSummary): string => (column === 'client' ? summary.client : (summary.id ?? '~'));
      return (a, b) => (key(a) < key(b) ? -1 : Number(key(a) > key(b)));
    }
    case 'to':
      return largest((s) => s.to);
    case 'duration':
      return largest((s) => s.to - s.from);
    case 'timeout':
      return largest((s) => s.timeout ?? -1);
    case 'ping':
      return largest((s) => s.pingInterval ?? -1);
    case 'silence':
      return largest((s) => s.longestSilence);
    default:
      return largest((s) => s[column]);
  }
}

const SECOND = 1e9;
/** To the microsecond: no digits that no capture has. */

function row(summary: SessionSummary, clock: Clock): SessionRow {
  const { id, timeout, endTime, pingInterval, longestSilence } = summary;
  return {
    session: id,
    client: summary.client,
    clients: [...summary.clients],
    servers: [...summary.servers],
    connections: summary.connections,
    timeoutAsked: summary.timeoutAsked,
    timeout,
    from: clock.format(summary.from),
    to: clock.format(summary.to),
    startCaptured: summary.startCaptured,
    end: summary.end,
    endTime: endTime === null ? null : clock.format(endTime),
    endFrame: summary.endFrame,
    requests: summary.requests,
    responses: summary.responses,
    pings: summary.pings,
    notifications: summary.notifications,
    watches: summary.watches,
    ephemerals: summary.ephemerals,
    pingInterval: pingInterval === null ? null : seconds(pingInterval),
    pingExpected: timeout === null || timeout <= 0 ? null : seconds((timeout / 3000) * SECOND),
    longestSilence: seconds(longestSilence),
    gaps: summary.gaps,
    predecessor: summary.predecessor,
    successor: summary.successor,
  };
}

export interface SessionsSource {
  readonly table: SessionTable;
  readonly captures: readonly CaptureInfo[];
  readonly clock: Clock;
  readonly version: string;
  readonly sort: SessionColumn;
  readonly top: number;
}

export function sessionsDocument({ table, captures, clock, version, sort, top }: SessionsSource): SessionsDocument {
  const ends = { closed: 0, expired: 0, lost: 0, open: 0 };
  for (const { end } of table.summaries) ends[end]++;
  const order = compare(sort);
  const sorted = [...table.summaries].sort((a, b) => order(a, b) || a.from - b.from);
  const shown = Number.isFinite(top) ? sorted.slice(0, top) : sorted;
  return {
    schemaVersion: 1,
    tool: { name: 'zkscope', version },
    captures: captures.map((info) => captureEntry(info, clock)),
    count: sorted.length + table.notKept,
    ends,
    sessions: shown.map((summary) => row(summary, clock)),
    sessionsNotShown: sorted.length - shown.length + table.notKept,
  };
}
