import type { Session } from '../../knowledge/session.js';
import type { WatchKind } from '../../knowledge/view.js';
import { EventType } from '../../../protocols/zookeeper/format/enums.js';
import type { PathChange, PathReading, Told } from './pathFacts.js';
import { isOwnWrite, wasDelivered } from './pathFacts.js';
import type { PathSession } from './pathSession.js';
import { listUse, type ListUse } from './usedLists.js';

/**
 * What a session knows of a path at its end (or the capture's), compared with the server.
 * `pending`: a change that it will be told of, or was just told of. `notFollowing`: it never set a watch, so nobody owes it
 * news. `ended`: the session is over. `unknown`: the capture does not show what it last read.
 */
export type Status = 'outOfDate' | 'possiblyOutOfDate' | 'unknown' | 'pending' | 'upToDate' | 'notFollowing' | 'ended';

/** Why a session is out of date, or why that cannot be said. */
export type Reason =
  | 'secondListUnused'
  | 'secondListUnclear'
  | 'notReadAgain'
  | 'noWatch'
  | 'notDelivered'
  | 'newSessionNeverRead'
  | 'notToldYet'
  | 'justTold'
  | 'justChanged'
  | 'toldDeleted'
  | 'gap'
  | 'neverRead';

/** Server's order of one kind of change: the children, or the data. */
export interface ServerOrder {
  readonly changes: readonly PathChange[];
  firstAfter(zxid: number): number;
  position(reading: PathReading): number;
  /** Children only: net difference of a list to the server's after some changes. */
  difference?(names: readonly string[], from: number, to: number): { missing: string[]; extra: string[] };
}

/** A time during which what a session worked with was not what the server had. */
export interface StaleInterval {
  /** The first change that it did not know. */
  readonly change: PathChange;
  readonly from: number;
  /** When it read a newer state; null while it did not. */
  readonly to: number | null;
  /** What it worked with; null if that was read before the capture. */
  readonly believed: PathReading | null;
  /** The read that ended it. */
  readonly ended: PathReading | null;
  /** A read that showed the change and that the session does not work with. */
  readonly unused: PathReading | null;
  /** The notification that it got of it, delivered or not. */
  readonly told: Told | null;
  /** The change came after a read without a watch and before the next one with a watch: nothing announces it. */
  readonly blind: boolean;
  readonly changes: number;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

/** What a session made of its notifications. */
export interface Reactions {
  readonly told: number;
  readonly undelivered: number;
  /** Notifications that were followed by a read: how many, how many of those with a watch, shortest and longest time. */
  readonly readAgain: number;
  readonly withWatch: number;
  readonly shortest: number;
  readonly longest: number;
}

export interface Judgement {
  readonly own: PathSession;
  readonly kind: WatchKind;
  readonly status: Status;
  readonly reason: Reason | null;
  readonly confidence: 'proven' | 'likely' | 'possible';
  /** The reading that it works with; null if none was captured. */
  readonly believed: PathReading | null;
  readonly intervals: readonly StaleInterval[];
  /** The interval that lasts to the end, or that a doubtful verdict is about. */
  readonly current: StaleInterval | null;
  readonly reactions: Reactions;
  /** Lists that it read and does not work with. */
  readonly unused: ReadonlySet<PathReading>;
}

/** Nanoseconds before the end of the capture in which an answer may still be under way. */
const UNDER_WAY = 1e9;

/** Judges one session's knowledge of the children or the data of a path. @param end time of the capture's last frame */
export function judge(
  own: PathSession,
  kind: WatchKind,
  timeline: ServerOrder,
  end: number,
  others: ReadonlyMap<Session, PathSession>,
): Judgement {
  const all = kind === 'child' ? own.lists : own.data;
  const use = kind === 'child' ? listUse(all) : null;
  const told = own.told.filter((event) => concerns(event, kind));
  const used = use === null ? all : all.filter((_, i) => use.used[i]);
  const stop = own.session.end === 'open' ? end : Math.min(end, own.session.endMoment?.time ?? own.session.lastTime);
  const named = kind === 'child' ? own.namedSince : null;
  // A recursive watch names each child that comes or goes: nobody has to read the list again.
  const intervals = staleIntervals(used, all, told, timeline, stop, own.session.end !== 'open').filter(
    ({ change }) => named === null || change.time < named,
  );
  const believed = used.at(-1) ?? null;
  const last = intervals.at(-1);
  const informed = toldDeleted({ told, believed }) !== null;
  const current = last?.to === null && !informed ? last : null;
  const base = {
    own,
    kind,
    believed,
    intervals: informed ? intervals.filter(({ to }) => to !== null) : intervals,
    reactions: reactions(
      told,
      all.filter((reading) => !isOwnWrite(reading)),
    ),
    unused: new Set(use === null ? [] : all.filter((_, i) => use.used[i] === false)),
  };
  const verdict = decide({ own, kind, all, told, current, believed, end, timeline, use, others });
  return { ...base, ...verdict, current: verdict.current ?? current };
}

/** Whether a notification is news of the list of children, or of the data. */
export function concerns(event: Told, kind: WatchKind): boolean {
  if (event.eventType === EventType.NodeDeleted) return true;
  return (event.eventType === EventType.NodeChildrenChanged) === (kind === 'child');
}

function staleIntervals(
  used: readonly PathReading[],
  all: readonly PathReading[],
  told: readonly Told[],
  timeline: ServerOrder,
  stop: number,
  over: boolean,
): StaleInterval[] {
  const { changes } = timeline;
  const intervals: StaleInterval[] = [];
  const positions = used.map((reading) => timeline.position(reading));
  let nextAll = 0;
  let nextTold = 0;
  for (let i = 0; i < used.length;) {
    const believed = used[i]!;
    const position = positions[i]!;
    const from = position < 0 ? changes.length : timeline.firstAfter(position);
    const change = changes[from];
    if (change === undefined) {
      i++;
      continue;
    }
    let j = i + 1;
    while (j < used.length && positions[j]! < change.zxid) j++;
    const ended = used[j] ?? null;
    const start = Math.max(change.time, believed.time);
    const finish = ended?.time ?? stop;
    i = j;
    if (start >= finish) continue;
    let to = ended === null ? changes.length : timeline.firstAfter(positions[j]!);
    if (ended === null && over) while (to > from + 1 && changes[to - 1]!.time > stop) to--;
    while (nextAll < all.length && all[nextAll]!.time <= believed.time) nextAll++;
    while (nextTold < told.length && told[nextTold]!.time < believed.requestTime) nextTold++;
    const later = all.slice(nextAll, nextAll + 50);
    const watched = later.find((reading) => reading.watch && reading.time <= finish) ?? null;
    const event = told[nextTold];
    // NodeDeleted says all that there is to know of a znode that is gone.
    const knewFrom = change.child === null && event !== undefined && saysGone(event) ? event.time : finish;
    if (knewFrom <= start) continue;
    intervals.push({
      change,
      from: start,
      to: knewFrom < finish ? knewFrom : (ended?.time ?? null),
      believed,
      ended,
      unused:
        later.find(
          (reading) => reading !== ended && reading.time < finish && timeline.position(reading) >= change.zxid,
        ) ?? null,
      told: event !== undefined && event.time <= finish ? event : null,
      blind:
        !believed.watch &&
        !isOwnWrite(believed) &&
        watched !== null &&
        timeline.position(watched) >= change.zxid &&
        (event === undefined || event.time > watched.requestTime) &&
        told.some(({ time }) => time < believed.time),
      changes: to - from,
      ...(timeline.difference?.(believed.list?.names ?? [], from, to) ?? { missing: [], extra: [] }),
    });
  }
  return intervals;
}

function reactions(told: readonly Told[], all: readonly PathReading[]): Reactions {
  let readAgain = 0;
  let withWatch = 0;
  let undelivered = 0;
  let shortest = Infinity;
  let longest = 0;
  let i = 0;
  for (const event of told) {
    if (!wasDelivered(event)) {
      undelivered++;
      continue;
    }
    while (i < all.length && all[i]!.requestTime < event.time) i++;
    const next = all[i];
    if (next === undefined) continue;
    readAgain++;
    if (next.watch) withWatch++;
    shortest = Math.min(shortest, next.time - event.time);
    longest = Math.max(longest, next.time - event.time);
  }
  return { told: told.length, undelivered, readAgain, withWatch, shortest: readAgain === 0 ? 0 : shortest, longest };
}

interface Case {
  readonly own: PathSession;
  readonly kind: WatchKind;
  readonly all: readonly PathReading[];
  readonly told: readonly Told[];
  readonly current: StaleInterval | null;
  readonly believed: PathReading | null;
  readonly end: number;
  readonly timeline: ServerOrder;
  readonly use: ListUse | null;
  readonly others: ReadonlyMap<Session, PathSession>;
}

type Verdict = Pick<Judgement, 'status' | 'reason' | 'confidence'> & { current?: StaleInterval | null };

const verdict = (
  status: Status,
  reason: Reason | null = null,
  confidence: Judgement['confidence'] = 'proven',
): Verdict => ({
  status,
  reason,
  confidence,
});

function decide(c: Case): Verdict {
  const { own, kind, all, told, current, believed, end } = c;
  const { session } = own;
  const everWatched = kind === 'child' ? own.everChildWatch : own.everDataWatch;
  const holds = kind === 'child' ? own.holdsChildWatch : own.holdsDataWatch;
  const follows = everWatched || told.length > 0 || all.some((reading) => reading.watch);
  if (session.end !== 'open') return over(c, follows);
  const gone = toldDeleted(c);
  if (gone !== null) {
    // Of a znode that is gone nobody owes it news, also when another one is created in its place.
    const again = c.timeline.changes.some(({ kind: what, time }) => what === 'create' && time > gone.time);
    return verdict(again ? 'notFollowing' : 'upToDate', 'toldDeleted');
  }
  if (believed === null) return neverRead(c);
  if (!follows) return verdict('notFollowing');
  if (current === null) return unclear(c) ?? verdict('upToDate');
  if (session.uncertainSince(believed.time)) return verdict('unknown', 'gap');
  if (current.unused !== null) return verdict('outOfDate', 'secondListUnused', 'likely');
  const event = told.findLast((candidate) => candidate.time >= believed.requestTime);
  if (event !== undefined) {
    if (!wasDelivered(event)) {
      return end - event.time < UNDER_WAY
        ? verdict('pending', 'justTold')
        : verdict('outOfDate', 'notDelivered', 'likely');
    }
    return end - event.time < UNDER_WAY ? verdict('pending', 'justTold') : verdict('outOfDate', 'notReadAgain');
  }
  if (holds) return verdict('pending', 'notToldYet');
  if (end - current.change.time < UNDER_WAY) return verdict('pending', 'justChanged');
  return verdict('outOfDate', 'noWatch');
}

const saysGone = (event: Told): boolean => event.eventType === EventType.NodeDeleted && wasDelivered(event);

/** The NodeDeleted that the session received and that says more than what it read before; null if there is none. */
function toldDeleted({ told, believed }: Pick<Case, 'told' | 'believed'>): Told | null {
  const event = told.findLast(({ eventType }) => eventType === EventType.NodeDeleted);
  if (event === undefined || !wasDelivered(event)) return null;
  return believed === null || event.time >= believed.requestTime ? event : null;
}

/** The session is over; its client may live on in another one. */
function over(c: Case, follows: boolean): Verdict {
  const { own, kind, believed, current, end, others } = c;
  const { session } = own;
  const next = session.successor;
  if (toldDeleted(c) !== null) return verdict('ended');
  if (session.end === 'closed' || next === null || !follows || believed === null || current === null)
    return verdict('ended');
  if (next.end !== 'open' || next.lastTime < current.from || end - next.start.time < UNDER_WAY) return verdict('ended');
  const known = others.get(next);
  if (next.holes > 0 || (known !== undefined && (kind === 'child' ? known.lists : known.data).length > 0))
    return verdict('ended');
  return verdict('outOfDate', 'newSessionNeverRead', 'likely');
}

/** It was told, but what it had read was read before the capture. */
function neverRead({ own, told, timeline, end }: Case): Verdict {
  const event = told.findLast(wasDelivered);
  if (event === undefined) return verdict('unknown', 'neverRead');
  if (own.session.uncertainSince(event.time)) return verdict('unknown', 'gap');
  if (end - event.time < UNDER_WAY) return verdict('pending', 'justTold');
  const { changes } = timeline;
  // The change itself is what the notification proves; which one it was, only the times can tell.
  let from = changes.findIndex((change) => change.time >= event.time - UNDER_WAY);
  if (from < 0) from = changes.length;
  const difference = timeline.difference?.([], from, changes.length) ?? { missing: [], extra: [] };
  const change = changes[from];
  const current: StaleInterval | null =
    change === undefined
      ? null
      : {
          change,
          from: event.time,
          to: null,
          believed: null,
          ended: null,
          unused: null,
          told: event,
          blind: false,
          changes: changes.length - from,
          missing: difference.missing,
          extra: [],
        };
  return { ...verdict('outOfDate', 'notReadAgain', 'likely'), current };
}

/** It has the newest list, but read it twice and may work with the first one. */
function unclear({ all, told, timeline, kind, use, end }: Case): Verdict | null {
  const watched = all.at(-1);
  const plain = all.at(-2);
  if (kind !== 'child' || watched === undefined || plain === undefined || !watched.watch || plain.watch) return null;
  if (use !== null && use.followed > 0) return null;
  if (watched.list === null || plain.list === null || watched.fetched !== null) return null;
  if (!told.some((event) => event.time < plain.time && plain.time - event.time < 60e9)) return null;
  const from = timeline.firstAfter(timeline.position(plain));
  const to = timeline.firstAfter(timeline.position(watched));
  const change = timeline.changes[from];
  if (change === undefined || from >= to || end - watched.time < UNDER_WAY) return null;
  const difference = timeline.difference?.(plain.list.names, from, to) ?? { missing: [], extra: [] };
  if (difference.missing.length + difference.extra.length === 0) return null;
  const current: StaleInterval = {
    change,
    from: Math.max(change.time, plain.time),
    to: null,
    believed: plain,
    ended: null,
    unused: watched,
    told: told.findLast((event) => event.time < plain.time) ?? null,
    blind: true,
    changes: to - from,
    ...difference,
  };
  return { ...verdict('possiblyOutOfDate', 'secondListUnclear', 'possible'), current };
}
