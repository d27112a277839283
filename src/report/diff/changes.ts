import { plural } from '../../observations/words.js';
import type { NotNegative } from '../../observations/values.js';
import { Counts } from '../../model/measures/grouping.js';
import type { SessionCounts } from '../../model/journals/sessionEvents.js';
import type { FindingEntry } from '../analyze/document.js';
import { compareCounts, compareLatency, type Difference, type Trend, weight } from './compare.js';
import { countsByName, type Side } from './side.js';
import { countChange, latencyChange, ratesOf } from './words.js';

export type DiffKind =
  'finding' | 'requests' | 'operation' | 'errors' | 'latency' | 'sessions' | 'path' | 'client' | 'server';

/** One difference between the sides. `before` and `after` are counts, or seconds for latency. */
export interface DiffChange {
  readonly kind: DiffKind;
  /** operation, path, address, rule … that it is about */
  readonly subject: string;
  readonly direction: Trend;
  /** a count; of latency seconds */
  readonly before: number | null;
  /** a count; of latency seconds */
  readonly after: number | null;
  /** null where the side has no length */
  readonly beforePerSecond?: NotNegative | null;
  /** null where the side has no length */
  readonly afterPerSecond?: NotNegative | null;
  /** after divided by before, of rates where there are such; null for what is new or gone */
  readonly factor: number | null;
  readonly text: string;
  /** Not printed: changes come in its order, the largest first. */
  readonly score: number;
}

export type Sides = readonly [before: Side, after: Side];

const NONE = new Counts();
const PER_SIDE = { p50: 20, p99: 100 } as const;
const FACTORS: Record<DiffKind, number> = {
  finding: 1,
  requests: 1.2,
  operation: 1,
  errors: 1.5,
  latency: 1.5,
  sessions: 2,
  path: 0.7,
  client: 0.8,
  server: 1,
};
/** Paths and clients that are named where more changed the same way; the tables have them all. */
const NAMED = 3;

function perSecond(
  [first, second]: Sides,
  before: number,
  after: number,
): Pick<DiffChange, 'beforePerSecond' | 'afterPerSecond'> {
  return { beforePerSecond: rounded(first.rate(before)), afterPerSecond: rounded(second.rate(after)) };
}

export const rounded = (rate: number | null): number | null => (rate === null ? null : Number(rate.toPrecision(6)));

function counted(
  kind: DiffKind,
  subject: string,
  sides: Sides,
  counts: readonly [number, number],
  what: string,
  expected?: number,
): DiffChange | null {
  const difference = compareCounts(counts[0], counts[1], sides, expected);
  if (difference === null) return null;
  const [before, after] = counts;
  return {
    kind,
    subject,
    ...difference,
    before,
    after,
    ...perSecond(sides, before, after),
    text: countChange(difference, sides, counts, what),
    score: weight(difference.factor, Math.max(before, after)) * FACTORS[kind],
  };
}

/** Pairs what both sides have under the same name. */
export function* pairs(
  a: ReadonlyMap<string, Counts>,
  b: ReadonlyMap<string, Counts>,
): Generator<[string, Counts, Counts]> {
  for (const [name, counts] of a) yield [name, counts, b.get(name) ?? NONE];
  for (const [name, counts] of b) if (!a.has(name)) yield [name, NONE, counts];
}

const text = (value: string | number | null | undefined): string | null => (typeof value === 'string' ? value : null);

/** Groups of both sides by one dimension. */
export function pairsBy(
  sides: Sides,
  dimension: 'byOp' | 'byPath' | 'byClient' | 'byServer',
): [string, Counts, Counts][] {
  const [a, b] = sides.map((side) => countsByName(side[dimension], ([value]) => text(value)));
  return [...pairs(a!, b!)];
}

/** Answers with an error by `operation error`. */
export function errorPairs(sides: Sides): [string, Counts, Counts][] {
  const [a, b] = sides.map((side) =>
    countsByName(side.byError, ([op, error]) =>
      error === null || error === 'Ok' ? null : `${text(op) ?? 'unknown'} ${text(error) ?? ''}`,
    ),
  );
  return [...pairs(a!, b!)];
}

function latencyChanges(subject: string, before: Counts, after: Counts): DiffChange[] {
  const changes: DiffChange[] = [];
  for (const [name, fraction] of [
    ['p99', 0.99],
    ['p50', 0.5],
  ] as const) {
    const least = Math.min(before.latency.count, after.latency.count);
    if (least < PER_SIDE[name]) continue;
    const [from, to] = [before.latency.percentile(fraction), after.latency.percentile(fraction)];
    const difference: Difference | null = compareLatency(from, to);
    if (difference === null) continue;
    changes.push({
      kind: 'latency',
      subject,
      ...difference,
      before: Math.round(from) / 1e9,
      after: Math.round(to) / 1e9,
      text: latencyChange(difference, name, from, to),
      score: weight(difference.factor, least) * FACTORS.latency,
    });
  }
  return changes;
}

/** Many of a kind that changed the same way are one change. */
function crowd(kind: 'path' | 'client', sides: Sides, direction: Trend, changes: readonly DiffChange[]): DiffChange[] {
  const alike = changes.filter((change) => change.direction === direction);
  if (alike.length <= NAMED) return alike;
  const sorted = [...alike].sort((a, b) => b.score - a.score);
  const sum = (of: 'before' | 'after'): number => alike.reduce((total, change) => total + (change[of] ?? 0), 0);
  const counts = [sum('before'), sum('after')] as const;
  const first = sorted.slice(0, NAMED).map((change) => `${change.subject} (${ratesOf(sides, change)})`);
  const factor = direction === 'new' || direction === 'gone' ? null : factorOf(sides, counts);
  const said = countChange({ direction, factor }, sides, counts, 'requests');
  return [
    {
      kind,
      subject: plural(alike.length, kind),
      direction,
      before: counts[0],
      after: counts[1],
      ...perSecond(sides, counts[0], counts[1]),
      factor,
      text: `${said}; ${direction === 'new' || direction === 'gone' ? 'the busiest' : 'most of all'}: ${first.join(', ')}`,
      score: weight(factor, Math.max(...counts)) * FACTORS[kind],
    },
  ];
}

function factorOf([first, second]: Sides, [before, after]: readonly [number, number]): number {
  const [from, to] = [first.rate(before), second.rate(after)];
  return from === null || to === null ? after / before : to / from;
}

function several(kind: 'path' | 'client', sides: Sides, dimension: 'byPath' | 'byClient'): DiffChange[] {
  const changes: DiffChange[] = [];
  for (const [name, before, after] of pairsBy(sides, dimension)) {
    const change = counted(kind, name, sides, [before.requests, after.requests], 'requests');
    if (change !== null) changes.push(change);
  }
  return (['new', 'gone', 'up', 'down'] as const).flatMap((direction) => crowd(kind, sides, direction, changes));
}

const SESSION_WORDS: readonly [keyof SessionCounts, string, number][] = [
  ['expired', 'sessions that expired', 1],
  ['opened', 'new sessions', 5],
  ['resumed', 'sessions taken up again on another connection', 3],
  ['closed', 'sessions closed', 5],
  ['connections', 'connections begun', 5],
];

const SEVERITY_SCORE = { error: 1000, warning: 500, info: 4 } as const;

export interface FindingDifference {
  readonly new: readonly FindingEntry[];
  readonly gone: readonly FindingEntry[];
  readonly both: readonly FindingEntry[];
}

function findingChanges(findings: FindingDifference): DiffChange[] {
  const change = (direction: 'new' | 'gone', finding: FindingEntry): DiffChange => ({
    kind: 'finding',
    subject: finding.rule,
    direction,
    before: direction === 'new' ? 0 : 1,
    after: direction === 'new' ? 1 : 0,
    factor: null,
    text: `${direction}: ${finding.severity}: ${finding.title} [${finding.rule}, ${finding.confidence}]: ${finding.message}`,
    score: SEVERITY_SCORE[finding.severity] / (direction === 'new' ? 1 : 4),
  });
  return [
    ...findings.new.map((finding) => change('new', finding)),
    ...findings.gone.map((finding) => change('gone', finding)),
  ];
}

/** All that differs by more than chance, the biggest change first. */
export function changesBetween(sides: Sides, findings: FindingDifference): DiffChange[] {
  const [first, second] = sides;
  const changes: (DiffChange | null)[] = findingChanges(findings);
  const [a, b] = [first.statistics.total, second.statistics.total];
  changes.push(counted('requests', 'all requests', sides, [a.requests, b.requests], 'requests'));
  changes.push(counted('requests', 'all notifications', sides, [a.notifications, b.notifications], 'notifications'));
  changes.push(counted('requests', 'unanswered requests', sides, [a.unanswered, b.unanswered], 'requests'));
  changes.push(...latencyChanges('all requests', a, b));
  for (const [op, before, after] of pairsBy(sides, 'byOp')) {
    if (op === 'notification') continue;
    changes.push(counted('operation', op, sides, [before.requests, after.requests], 'requests'));
    changes.push(...latencyChanges(op, before, after));
  }
  for (const [name, before, after] of errorPairs(sides))
    changes.push(counted('errors', name, sides, [before.errors, after.errors], 'answers', 3));
  for (const [server, before, after] of pairsBy(sides, 'byServer'))
    changes.push(counted('server', server, sides, [before.requests, after.requests], 'requests'));
  for (const [name, words, expected] of SESSION_WORDS)
    changes.push(counted('sessions', words, sides, [first.sessions[name], second.sessions[name]], 'in all', expected));
  changes.push(...several('path', sides, 'byPath'), ...several('client', sides, 'byClient'));
  return changes.filter((change) => change !== null).sort((x, y) => y.score - x.score);
}
