import type { Count, Hex64, Seconds, Time, Tool } from '../../observations/values.js';
import type { Clock, CaptureInfo } from '../../observations/inputs.js';
import {
  Counts,
  type Dimension,
  type Group,
  type Grouping,
  type GroupValue,
  MAX_GROUPS,
} from '../../model/measures/grouping.js';
import type { SparseHistogram } from '../../model/measures/sparseHistogram.js';
import type { Statistics } from '../../model/measures/statistics.js';
import { captureEntry, type CaptureEntry } from '../analyze/document.js';

/** seconds from the request to its answer; percentiles are right to 1 % */
export interface LatencyNumbers {
  count: Count;
  sum: Seconds;
  mean: Seconds;
  p50: Seconds;
  p90: Seconds;
  p99: Seconds;
  max: Seconds;
}

/** where the time of answers went whose connections were captured at both ends; percentiles are right to 1 % */
export interface PartsNumbers {
  /** from the client to the server, as far as their clocks are known to agree */
  wayThere: LatencyNumbers;
  /** from the request's arrival to its answer, by the server's clock alone */
  inServer: LatencyNumbers;
  /** from the server to the client */
  wayBack: LatencyNumbers;
}

/** Numbers of one row of `zkscope stats`. */
export interface StatsNumbers {
  requests: Count;
  /** answers to requests */
  responses: Count;
  notifications: Count;
  /** answers with an error, failed multis included */
  errors: Count;
  /** requests whose connection, or the capture, ended without an answer */
  unanswered: Count;
  /** bytes of requests, with their length prefix */
  bytesToServer: Count;
  /** bytes of answers and notifications */
  bytesToClient: Count;
  /** seconds from the request to its answer, percentiles right to 1 %; absent where no answer had its request in the capture */
  latency?: LatencyNumbers;
  /** absent where no connection was captured at both ends */
  parts?: PartsNumbers;
}

/** `groups[]`: the dimensions that were asked for by their names, and the numbers. */
export interface StatsGroup extends StatsNumbers {
  /** start of the time bucket */
  time?: Time;
  op?: string | null;
  /** null for operations without one */
  path?: string | null;
  /** ip; with connection among the dimensions ip:port */
  client?: string;
  server?: string;
  session?: Hex64 | null;
  /** Ok, or the name of the error; null where no answer was seen */
  error?: string | null;
  connection?: Count;
}

/** What `zkscope stats --json` prints: counts, bytes, errors and latency by group. */
export interface StatsDocument {
  schemaVersion: 1;
  tool: Tool;
  captures: CaptureEntry[];
  by: Dimension[];
  /** parts of paths that were kept; null for all */
  depth: Count | null;
  /** seconds of a time bucket; null for none
   * @exclusiveMinimum 0 */
  interval: number | null;
  /** time of the first message that was counted */
  from: Time | null;
  to: Time | null;
  total: StatsNumbers;
  groups: StatsGroup[];
  /** groups that --top left out */
  groupsNotShown: Count;
  /** sum of what would have made more groups than are kept */
  other?: StatsNumbers;
}

const SECOND = 1e9;
const seconds = (nanoseconds: number): number => Math.round(nanoseconds) / SECOND;

export function numbersOf(counts: Counts): StatsNumbers {
  const { requests, responses, notifications, errors, unanswered, bytesToServer, bytesToClient } = counts;
  const { latency, parts } = counts;
  const numbers: StatsNumbers = {
    requests,
    responses,
    notifications,
    errors,
    unanswered,
    bytesToServer,
    bytesToClient,
  };
  if (latency.count > 0) numbers.latency = latencyNumbers(latency);
  if (parts !== null)
    numbers.parts = {
      wayThere: latencyNumbers(parts.wayThere),
      inServer: latencyNumbers(parts.inServer),
      wayBack: latencyNumbers(parts.wayBack),
    };
  return numbers;
}

function latencyNumbers(latency: SparseHistogram): LatencyNumbers {
  return {
    count: latency.count,
    sum: seconds(latency.sum),
    mean: seconds(latency.sum / latency.count),
    p50: seconds(latency.percentile(0.5)),
    p90: seconds(latency.percentile(0.9)),
    p99: seconds(latency.percentile(0.99)),
    max: seconds(latency.max),
  };
}

/** Columns that rows can be sorted by, beside the dimensions: the largest come first. */
export const sortColumns = [
  'requests',
  'responses',
  'notifications',
  'errors',
  'unanswered',
  'bytes',
  'bytesToServer',
  'bytesToClient',
  'mean',
  'p50',
  'p90',
  'p99',
  'max',
] as const;
export type SortColumn = (typeof sortColumns)[number];

/** Percentiles are asked for once a row, not once a comparison. */
function sortKey(column: SortColumn): (counts: Counts) => number {
  switch (column) {
    case 'bytes':
      return (counts) => counts.bytesToServer + counts.bytesToClient;
    case 'mean':
      return ({ latency }) => (latency.count === 0 ? -1 : latency.sum / latency.count);
    case 'p50':
      return ({ latency }) => (latency.count === 0 ? -1 : latency.percentile(0.5));
    case 'p90':
      return ({ latency }) => (latency.count === 0 ? -1 : latency.percentile(0.9));
    case 'p99':
      return ({ latency }) => (latency.count === 0 ? -1 : latency.percentile(0.99));
    case 'max':
      return ({ latency }) => (latency.count === 0 ? -1 : latency.max);
    default:
      return (counts) => counts[column];
  }
}

/** Ascending; what is not known comes last. */
function compareValue(a: GroupValue, b: GroupValue): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return a < b ? -1 : Number(a > b);
}

function compareValues(a: Group, b: Group): number {
  for (const [place, value] of a.values.entries()) {
    const order = compareValue(value, b.values[place] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}

export interface StatsOrder {
  /** A column, a dimension, or null: by time where there are buckets, then by requests (and notifications). */
  readonly sort: SortColumn | Dimension | null;
  /** Rows that are wanted; with time buckets and no `sort`, of each bucket. */
  readonly top: number;
}

interface Keyed {
  readonly group: Group;
  readonly key: number;
}

/** Groups in the order that is wanted, and how many of them `top` leaves out. */
export function orderedGroups(grouping: Grouping, { sort, top }: StatsOrder): { rows: Group[]; notShown: number } {
  const place = sort === null ? -1 : grouping.by.indexOf(sort as Dimension);
  const column = place >= 0 ? 'requests' : ((sort ?? 'requests') as SortColumn);
  const key = sortKey(column);
  const rows: Keyed[] = grouping.groups.map((group) => ({ group, key: key(group.counts) }));
  const byTime = sort === null;
  rows.sort((a, b) => {
    const start = (a.group.start ?? 0) - (b.group.start ?? 0);
    if (byTime && start !== 0) return start;
    if (place >= 0) {
      const order = compareValue(a.group.values[place] ?? null, b.group.values[place] ?? null);
      if (order !== 0) return order;
    }
    const notified = b.group.counts.notifications - a.group.counts.notifications;
    return b.key - a.key || notified || compareValues(a.group, b.group) || start;
  });
  let kept: Keyed[] = rows;
  if (Number.isFinite(top)) {
    if (byTime && rows[0]?.group.start !== null) kept = topOfEach(rows, top);
    else kept = rows.slice(0, top);
  }
  return { rows: kept.map(({ group }) => group), notShown: rows.length - kept.length };
}

/** The first rows of each time bucket. */
function topOfEach(rows: readonly Keyed[], top: number): Keyed[] {
  let start: number | null = null;
  let taken = 0;
  return rows.filter(({ group }) => {
    if (group.start !== start) taken = 0;
    start = group.start;
    return taken++ < top;
  });
}

/** Where time is all that tells rows apart, the buckets without a message stand between the others: silence is seen. */
function withEmptyBuckets(rows: readonly Group[], grouping: Grouping, interval: number | null): readonly Group[] {
  const first = rows[0]?.start;
  const last = rows.at(-1)?.start;
  if (grouping.by.length > 0 || interval === null || typeof first !== 'number' || typeof last !== 'number') return rows;
  const buckets = Math.round((last - first) / interval) + 1;
  if (buckets > MAX_GROUPS || buckets === rows.length) return rows;
  const byPlace = new Map(rows.map((row) => [Math.round((row.start! - first) / interval), row]));
  return Array.from({ length: buckets }, (_, place): Group => {
    return byPlace.get(place) ?? { values: [], start: first + place * interval, counts: new Counts() };
  });
}

export interface StatsSource extends StatsOrder {
  readonly statistics: Statistics;
  readonly grouping: Grouping;
  readonly captures: readonly CaptureInfo[];
  readonly clock: Clock;
  readonly version: string;
  readonly depth: number | null;
  /** Nanoseconds. */
  readonly interval: number | null;
}

export function statsDocument(source: StatsSource): StatsDocument {
  const { statistics, grouping, clock, captures, interval } = source;
  const { rows, notShown } = orderedGroups(grouping, source);
  const shown = source.sort === null ? withEmptyBuckets(rows, grouping, interval) : rows;
  const groups = shown.map(({ values, start, counts }): StatsGroup => {
    const named = Object.fromEntries(grouping.by.map((name, place) => [name, values[place]]));
    return { ...(start === null ? {} : { time: clock.format(start) }), ...named, ...numbersOf(counts) };
  });
  const document: StatsDocument = {
    schemaVersion: 1,
    tool: { name: 'zkscope', version: source.version },
    captures: captures.map((info) => captureEntry(info, clock)),
    by: [...grouping.by],
    depth: source.depth,
    interval: interval === null ? null : interval / SECOND,
    from: statistics.first === null ? null : clock.format(statistics.first),
    to: statistics.last === null ? null : clock.format(statistics.last),
    total: numbersOf(statistics.total),
    groups,
    groupsNotShown: notShown,
  };
  if (grouping.other !== null) document.other = numbersOf(grouping.other);
  return document;
}
