import type { CaptureInfo, Clock } from '../../observations/inputs.js';
import type { Session } from '../../model/index.js';
import {
  concerns,
  isOwnWrite,
  type Judgement,
  type ListAt,
  type PathChange,
  type PathKnowledge,
  type PathReading,
  type StaleInterval,
  type Status,
  wasDelivered,
} from '../../model/journals/path/index.js';
import { errorName } from '../../protocols/zookeeper/format/errors.js';
import { eventTypeName } from '../../protocols/zookeeper/format/enums.js';
import { zxidText } from '../../protocols/zookeeper/format/stat.js';
import { captureEntry } from '../analyze/document.js';
import { pathEvidence, pathMessage } from './evidence.js';
import type {
  PathChangeEntry,
  PathReadEntry,
  PathIntervalEntry,
  PathLogEntry,
  PathSessionEntry,
  PathDocument,
} from './document.js';

export interface PathDocumentOptions {
  readonly clock: Clock;
  readonly captures: readonly CaptureInfo[];
  readonly version: string;
  /** What the filters let through. */
  readonly shows: {
    change(change: PathChange): boolean;
    session(session: Session): boolean;
    frames(frames: readonly number[]): boolean;
  };
  readonly at: ListAt | null;
  readonly near: readonly string[];
}

const SECOND = 1e9;
const ORDER: readonly Status[] = [
  'outOfDate',
  'possiblyOutOfDate',
  'unknown',
  'pending',
  'upToDate',
  'notFollowing',
  'ended',
];

/** What `zkscope path --json` prints. */
export function pathDocument(knowledge: PathKnowledge, options: PathDocumentOptions): PathDocument {
  const { history, children, data } = knowledge;
  const { clock, shows } = options;
  const sessions = knowledge.judgements
    .filter((judgement) => shows.session(judgement.own.session))
    .map((judgement) => sessionEntry(judgement, knowledge, clock))
    .filter((entry) => shows.frames(framesOf(entry)))
    .sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || compare(a.since ?? '', b.since ?? ''));
  const summary = Object.fromEntries(ORDER.map((status) => [status, 0])) as Record<Status, number>;
  for (const { status } of sessions) summary[status]++;
  const last = children.listAfter(children.changes.length);
  const znode = history.znode;
  return {
    schemaVersion: 1,
    tool: { name: 'zkscope', version: options.version },
    captures: options.captures.map((info) => captureEntry(info, clock)),
    path: history.path,
    seen: history.seen,
    ...(history.seen ? {} : { near: [...options.near] }),
    summary,
    node: {
      exists: znode?.exists ?? (last !== null ? true : null),
      ephemeral: znode?.ephemeral ?? null,
      changes: data.events.filter((change) => shows.change(change)).map((change) => changeEntry(change, clock)),
      refusals: history.refusals
        .filter(({ frame }) => shows.frames([frame]))
        .map(({ op, error, frame, time, by, count }) => ({ op, error, frame, time: clock.format(time), ...by, count })),
    },
    children: {
      first: children.base === null ? null : [...children.base].sort(),
      last: last === null ? null : [...last].sort(),
      changes: children.changes.filter((change) => shows.change(change)).map((change) => changeEntry(change, clock)),
      changesNotShown: children.changes.filter((change) => !shows.change(change)).length,
      unseenChanges: children.unseen,
    },
    sessions,
    ...(options.at === null ? {} : { at: atEntry(options.at, options) }),
    forgotten: history.forgotten + knowledge.judgements.reduce((sum, { own }) => sum + own.forgotten, 0),
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function framesOf(entry: PathSessionEntry): number[] {
  const frames = entry.evidence.map(({ frame }) => frame);
  if (entry.believed !== null) frames.push(entry.believed.requestFrame, entry.believed.frame);
  for (const interval of entry.intervals)
    frames.push(interval.changeFrame, interval.readAgainFrame ?? interval.changeFrame);
  return frames;
}

function changeEntry(change: PathChange, clock: Clock): PathChangeEntry {
  const { kind, child, cause, knownFrom, frame, by, version, ephemeral, exact, zxid, after } = change;
  const entry: PathChangeEntry = {
    kind,
    ...(child === null ? {} : { child }),
    cause,
    knownFrom,
    zxid: exact ? zxidText(zxid) : null,
    frame,
    time: clock.format(change.time),
    session: by?.session ?? null,
    client: by?.client ?? null,
  };
  if (!exact && after >= 0) entry.zxidAfter = zxidText(after);
  if (!exact && Number.isInteger(zxid)) entry.zxidUpTo = zxidText(zxid);
  if (version !== null && child === null) entry.version = version;
  if (ephemeral !== null) entry.ephemeral = ephemeral;
  return entry;
}

function readEntry(reading: PathReading, clock: Clock): PathReadEntry {
  const { op, watch, requestFrame, frame, time, server, zxid, list, version, mzxid } = reading;
  const entry: PathReadEntry = {
    op,
    watch,
    requestFrame,
    frame,
    time: clock.format(time),
    server,
    zxid: zxidText(zxid),
  };
  if (list !== null) {
    entry.children = [...list.names].sort();
    if (list.cversion >= 0) entry.cversion = list.cversion;
    if (list.pzxid >= 0) entry.pzxid = zxidText(list.pzxid);
  } else if (mzxid >= 0) {
    entry.version = version;
    entry.mzxid = zxidText(mzxid);
  }
  return entry;
}

function intervalEntry(interval: StaleInterval, stop: number, clock: Clock): PathIntervalEntry {
  const { from, to, change, believed, told, ended, blind, changes, missing, extra } = interval;
  return {
    from: clock.format(from),
    to: to === null ? null : clock.format(to),
    duration: Math.max(0, (to ?? stop) - from) / SECOND,
    changeFrame: change.frame,
    believedFrame: believed?.frame ?? null,
    toldFrame: told !== null && wasDelivered(told) ? told.frame : null,
    readAgainFrame: ended?.frame ?? null,
    blind,
    changes,
    missing: [...missing],
    extra: [...extra],
  };
}

function sessionEntry(judgement: Judgement, knowledge: PathKnowledge, clock: Clock): PathSessionEntry {
  const { own, kind, status, reason, confidence, believed, current, reactions, intervals, unused } = judgement;
  const { session } = own;
  const readings = (kind === 'child' ? own.lists : own.data).filter((reading) => !isOwnWrite(reading));
  const sum = (items: readonly PathReading[]): number => items.reduce((total, { count }) => total + count, 0);
  const stop = session.end === 'open' ? knowledge.end : (session.endMoment?.time ?? session.lastTime);
  const doubtful = status === 'outOfDate' || status === 'possiblyOutOfDate' || status === 'pending';
  return {
    session: session.id,
    client: session.client,
    servers: [...session.servers],
    end: session.end,
    about: kind === 'child' ? 'children' : 'data',
    status,
    reason,
    confidence,
    message: pathMessage(judgement, knowledge),
    ...(current !== null && doubtful ? { since: clock.format(current.from), sinceFrame: current.change.frame } : {}),
    missing: doubtful ? [...(current?.missing ?? [])] : [],
    extra: doubtful ? [...(current?.extra ?? [])] : [],
    watching: kind === 'child' ? own.holdsChildWatch : own.holdsDataWatch,
    believed: believed === null ? null : readEntry(believed, clock),
    reads: sum(readings),
    readsWithWatch: sum(readings.filter(({ watch }) => watch)),
    notifications: reactions.told,
    undelivered: reactions.undelivered,
    readAgain: reactions.readAgain,
    readAgainWithWatch: reactions.withWatch,
    ...(reactions.readAgain === 0
      ? {}
      : { fastest: Math.max(0, reactions.shortest) / SECOND, slowest: Math.max(0, reactions.longest) / SECOND }),
    ignoredLists: unused.size,
    gaps: session.holes,
    log: logOf(judgement, clock),
    intervals: intervals.map((interval) => intervalEntry(interval, stop, clock)),
    evidence: pathEvidence(judgement, knowledge, clock),
  };
}

function logOf({ own, kind, unused }: Judgement, clock: Clock): PathLogEntry[] {
  const entries: PathLogEntry[] = own.told
    .filter((event) => concerns(event, kind))
    .map((event) => {
      const { frame, time, eventType } = event;
      const acknowledged = wasDelivered(event);
      return { type: 'told', frame, time: clock.format(time), eventType: eventTypeName(eventType), acknowledged };
    });
  for (const reading of kind === 'child' ? own.lists : own.data) {
    const { op, watch, requestFrame, frame, time, count, lastFrame, zxid, list, err, version } = reading;
    entries.push({
      type: isOwnWrite(reading) ? 'write' : 'read',
      ...{ op, watch, requestFrame, frame, time: clock.format(time), count, lastFrame, zxid: zxidText(zxid) },
      ...(list === null ? {} : { children: list.names.length }),
      ...(list === null || list.cversion < 0 ? {} : { cversion: list.cversion }),
      ...(list !== null || version < 0 ? {} : { version }),
      ...(err === 0 ? {} : { error: errorName(err) }),
      used: !unused.has(reading),
    });
  }
  return entries.sort((a, b) => a.frame - b.frame);
}

function atEntry(at: ListAt, { clock, shows }: PathDocumentOptions): NonNullable<PathDocument['at']> {
  return {
    time: clock.format(at.time),
    server: at.server === null ? null : [...at.server].sort(),
    beliefs: at.beliefs
      .filter(({ own }) => shows.session(own.session))
      .map(({ own, reading, missing, extra }) => ({
        session: own.session.id,
        client: own.session.client,
        frame: reading.frame,
        time: clock.format(reading.time),
        children: reading.list?.names.length ?? 0,
        missing: [...missing].sort(),
        extra: [...extra].sort(),
      })),
    unknown: at.unknown
      .filter(({ session }) => shows.session(session))
      .map(({ session }) => ({ session: session.id, client: session.client })),
  };
}
