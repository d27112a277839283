import type { Count, NotNegative, Seconds, Time, Tool } from '../../observations/values.js';
import type { Counts } from '../../model/measures/grouping.js';
import { captureEntry, type CaptureEntry, type FindingEntry } from '../analyze/document.js';
import { type LatencyNumbers, numbersOf, type StatsNumbers } from '../stats/document.js';
import {
  type DiffChange,
  changesBetween,
  errorPairs,
  type FindingDifference,
  pairsBy,
  rounded,
  type Sides,
} from './changes.js';
import type { Side } from './side.js';

/** One side of `zkscope diff --json`. */
export interface SideEntry {
  label: string;
  captures: CaptureEntry[];
  from: Time | null;
  to: Time | null;
  /** length of the time that is compared, in seconds */
  seconds: Seconds;
  total: StatsNumbers;
  sessions: { connections: Count; opened: Count; resumed: Count; closed: Count; expired: Count };
}

export interface CountEntry {
  requests: Count;
  notifications: Count;
  /** requests a second, of what has none notifications; null where the side has no length */
  perSecond: NotNegative | null;
  errors: Count;
  /** seconds from the request to its answer, percentiles right to 1 % */
  latency?: LatencyNumbers;
}

export interface PairEntry {
  name: string;
  before: CountEntry;
  after: CountEntry;
}

export type ChangeEntry = Omit<DiffChange, 'score'>;

/** What `zkscope diff --json` prints: what changed between two captures or two stretches of time. */
export interface DiffDocument {
  schemaVersion: 1;
  tool: Tool;
  before: SideEntry;
  after: SideEntry;
  /** what differs by more than chance, the biggest first */
  changes: ChangeEntry[];
  /** both sides by what has most requests, bounded: `notShown` says how many names were left out */
  operations: PairEntry[];
  /** answers with an error, by operation and name */
  errors: PairEntry[];
  servers: PairEntry[];
  clients: PairEntry[];
  paths: PairEntry[];
  notShown: { clients: Count; paths: Count };
  /** as in zkscope analyze --json */
  findings: { new: FindingEntry[]; gone: FindingEntry[]; both: FindingEntry[] };
}

const MAX_ROWS = 1000;

function sideEntry(side: Side): SideEntry {
  const { clock, from, to, sessions } = side;
  const { connections, opened, resumed, closed, expired } = sessions;
  return {
    label: side.label,
    captures: clock === null ? [] : side.captures.map((info) => captureEntry(info, clock)),
    from: clock === null || from === null ? null : clock.format(from),
    to: clock === null || to === null ? null : clock.format(to),
    seconds: Math.round(side.seconds * 1e6) / 1e6,
    total: numbersOf(side.statistics.total),
    sessions: { connections, opened, resumed, closed, expired },
  };
}

function countEntry(side: Side, counts: Counts): CountEntry {
  const { requests, notifications, errors, latency } = numbersOf(counts);
  const perSecond = rounded(side.rate(requests > 0 ? requests : notifications));
  const entry: CountEntry = { requests, notifications, perSecond, errors };
  return latency === undefined ? entry : { ...entry, latency };
}

/** The busiest first. */
function pairEntries(sides: Sides, pairs: [string, Counts, Counts][]): { rows: PairEntry[]; left: number } {
  const size = ([, before, after]: [string, Counts, Counts]): number =>
    before.requests + before.notifications + after.requests + after.notifications;
  const sorted = pairs.sort((a, b) => size(b) - size(a) || (a[0] < b[0] ? -1 : 1));
  const rows = sorted.slice(0, MAX_ROWS).map(([name, before, after]): PairEntry => {
    return { name, before: countEntry(sides[0], before), after: countEntry(sides[1], after) };
  });
  return { rows, left: sorted.length - rows.length };
}

/** Without what is of use for the order only. */
function printed(change: DiffChange): ChangeEntry {
  const entry: Partial<DiffChange> = { ...change };
  delete (entry as { score?: number }).score;
  return entry as ChangeEntry;
}

export function diffDocument(sides: Sides, findings: FindingDifference, version: string): DiffDocument {
  const clients = pairEntries(sides, pairsBy(sides, 'byClient'));
  const paths = pairEntries(sides, pairsBy(sides, 'byPath'));
  return {
    schemaVersion: 1,
    tool: { name: 'zkscope', version },
    before: sideEntry(sides[0]),
    after: sideEntry(sides[1]),
    changes: changesBetween(sides, findings).map(printed),
    operations: pairEntries(sides, pairsBy(sides, 'byOp')).rows,
    errors: pairEntries(sides, errorPairs(sides)).rows,
    servers: pairEntries(sides, pairsBy(sides, 'byServer')).rows,
    clients: clients.rows,
    paths: paths.rows,
    notShown: { clients: clients.left, paths: paths.left },
    findings: { new: [...findings.new], gone: [...findings.gone], both: [...findings.both] },
  };
}
