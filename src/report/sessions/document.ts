import type { Address, Count, Hex64, Integer, Seconds, Time, Tool } from '../../observations/values.js';
import type { CaptureInfo, Clock } from '../../observations/inputs.js';
import type { SessionSummary, SessionTable } from '../../model/journals/sessionTable.js';
import { seconds } from '../../observations/seconds.js';
import { captureEntry, type CaptureEntry } from '../analyze/document.js';

/** `sessions[]` of `zkscope sessions --json`. Timeouts are milliseconds, everything else seconds. */
export interface SessionRow {
  /** null where the handshake was not captured */
  session: Hex64 | null;
  /** of its latest connection */
  client: Address;
  clients: Address[];
  /** in the order in which it first used them */
  servers: Address[];
  connections: Count;
  /** milliseconds; null where it was not captured */
  timeoutAsked: Integer | null;
  /** milliseconds; null where it was not captured */
  timeout: Integer | null;
  from: Time;
  /** its latest message */
  to: Time;
  /** the handshake that made it is in the capture */
  startCaptured: boolean;
  end: 'closed' | 'expired' | 'lost' | 'open';
  endTime: Time | null;
  endFrame: Count | null;
  /** where that frame was captured, if captures are of several hosts */
  endHost?: string;
  requests: Count;
  responses: Count;
  pings: Count;
  notifications: Count;
  /** held at its end or that of the capture, as far as the capture shows */
  watches: Count;
  /** owned before it was closed, or at the end of the capture */
  ephemerals: Count;
  /** seconds, median from ping to ping with no other request between; null where there were none */
  pingInterval: Seconds | null;
  /** seconds, a third of the timeout, which is when clients ping; null where the timeout is not known */
  pingExpected: Seconds | null;
  /** seconds, longest time in which the servers heard nothing of it */
  longestSilence: Seconds;
  /** places where bytes of it are missing from the capture */
  gaps: Count;
  /** the session of the same host that it seems to follow */
  predecessor: Hex64 | null;
  successor: Hex64 | null;
}

/** What `zkscope sessions --json` prints: one entry a session. */
export interface SessionsDocument {
  schemaVersion: 1;
  tool: Tool;
  captures: CaptureEntry[];
  /** sessions that the filters chose */
  count: Count;
  ends: { closed: Count; expired: Count; lost: Count; open: Count };
  sessions: SessionRow[];
  /** sessions that --top left out, or that were too many to keep */
  sessionsNotShown: Count;
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
