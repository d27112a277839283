import { durationText, plural } from '../../observations/words.js';
import type { Count, Time } from '../../observations/values.js';
import type { Clock } from '../../observations/inputs.js';
import {
  type Judgement,
  type PathChange,
  type PathKnowledge,
  type PathReading,
  type StaleInterval,
  type Told,
  wasDelivered,
} from '../../model/journals/path/index.js';
import { eventTypeName } from '../../protocols/zookeeper/format/enums.js';
import { zxidText } from '../../protocols/zookeeper/format/stat.js';

/** One frame that proves what is said of a session. */
export interface PathEvidence {
  frame: Count;
  /** where that frame was captured, if captures are of several hosts */
  host?: string;
  time: Time;
  text: string;
}

const CHANGES = 4;
/** Nanoseconds: longer than a notification and the read that follows it usually take. */
const LATE = 500e6;
const seconds = (nanoseconds: number): string => durationText(Math.max(0, nanoseconds) / 1e9);

/** What a read was answered: `33 children, cversion 55`. */
export function answerText(reading: PathReading): string {
  if (reading.err !== 0) return 'no such znode';
  const { list, version, mzxid } = reading;
  if (list !== null) {
    const counted = plural(list.names.length, 'child', 'children');
    return list.cversion >= 0
      ? `${counted}, cversion ${list.cversion}`
      : `${counted}, reply zxid ${zxidText(reading.zxid)}`;
  }
  return mzxid >= 0 ? `version ${version}, mzxid ${zxidText(mzxid)}` : 'answered';
}

/** What a change was, and by whom. */
export function changeText(change: PathChange): string {
  const { kind, child, by, cause, exact, zxid, version, knownFrom } = change;
  const subject = child ?? 'the znode';
  const verb =
    kind === 'create'
      ? child === null
        ? 'is created'
        : 'comes'
      : kind === 'delete'
        ? child === null
          ? 'is deleted'
          : 'goes'
        : kind === 'setData'
          ? `gets new data${version === null ? '' : ` (version ${version})`}`
          : 'gets a new ACL';
  const who =
    by === null
      ? knownFrom === 'answer'
        ? ''
        : ', by whom was not captured'
      : cause === 'closeSession'
        ? ` as ${by.client} closes its session`
        : cause === 'expired'
          ? ` with the session of ${by.client}, which was heard of no more`
          : ` by ${by.client}`;
  return `${subject} ${verb}${who}${exact ? `, zxid ${zxidText(zxid)}` : ''}`;
}

function toldText(told: Told): string {
  const sent = `notification ${eventTypeName(told.eventType)}`;
  return wasDelivered(told) ? `${sent}, acknowledged by its TCP` : `${sent}, never acknowledged: not received`;
}

function readText(reading: PathReading): string {
  const often = reading.count > 1 ? `, ${reading.count} times the same` : '';
  return `${reading.op} ${reading.watch ? 'with' : 'without'} a watch: ${answerText(reading)}${often}`;
}

/** The frames that prove what is said of a session's knowledge, in their order. */
export function pathEvidence(judgement: Judgement, knowledge: PathKnowledge, clock: Clock): PathEvidence[] {
  const { current, own, status } = judgement;
  if (current === null || (status !== 'outOfDate' && status !== 'possiblyOutOfDate' && status !== 'pending')) return [];
  const found = new Map<number, PathEvidence>();
  const add = (frame: number, time: number, text: string): void => {
    if (!found.has(frame)) found.set(frame, { frame, time: clock.format(time), text });
  };
  const { believed, told, unused } = current;
  if (believed !== null) {
    const before = own.told.findLast((event) => event.time < believed.requestTime);
    if (unused !== null && before !== undefined) add(before.frame, before.time, toldText(before));
    const fetched =
      believed.fetched === null
        ? ''
        : `; then asks for ${plural(believed.fetched.size, 'of the children', 'of the children')}`;
    add(believed.frame, believed.time, `${readText(believed)}${unused === null ? '' : fetched}`);
  }
  const timeline = judgement.kind === 'child' ? knowledge.children : knowledge.data;
  const first = timeline.changes.indexOf(current.change);
  const changes = timeline.changes.slice(first, first + current.changes);
  for (const change of changes.slice(0, CHANGES)) add(change.frame, change.time, changeText(change));
  const final = changes.at(-1);
  if (final !== undefined && changes.length > CHANGES)
    add(final.frame, final.time, `${changeText(final)} (the last of ${plural(changes.length, 'change')})`);
  if (told !== null) add(told.frame, told.time, toldText(told));
  if (unused !== null) {
    const ignored = judgement.reason === 'secondListUnused' ? ', and asks for none of the children: not used' : '';
    add(unused.frame, unused.time, `${readText(unused)}${ignored}`);
  }
  const reconnect = reconnection(judgement, current);
  if (reconnect !== null)
    add(
      reconnect.frame,
      reconnect.time,
      `the session is taken up on ${reconnect.server}, without setWatches for this path`,
    );
  const next = judgement.reason === 'newSessionNeverRead' ? own.session.successor : null;
  if (next !== null)
    add(
      next.start.frame,
      next.start.time,
      `the client has a new session, ${next.id ?? 'of unknown id'}, which never reads the path`,
    );
  return [...found.values()].sort((a, b) => a.frame - b.frame);
}

/** The handshake since which a watch that was lost with the connection has not been set again. */
function reconnection(
  { own, reason }: Judgement,
  { believed }: StaleInterval,
): { frame: number; time: number; server: string } | null {
  if (reason !== 'noWatch' || believed?.watch !== true) return null;
  return own.session.attachments.find((attachment) => attachment.resumed && attachment.time > believed.time) ?? null;
}

/** What is to be said of a session's knowledge, in a sentence or two. */
export function pathMessage(judgement: Judgement, knowledge: PathKnowledge): string {
  const { status, reason, current, believed, own, kind } = judgement;
  const what = kind === 'child' ? 'list' : 'data';
  switch (status) {
    case 'outOfDate':
      return outOfDate(judgement, what);
    case 'possiblyOutOfDate':
      return `After its event it read the list twice: frame ${current?.believed?.frame ?? 0} without a watch, frame ${current?.unused?.frame ?? 0} with one. The list changed in between and no event announces that. If it works with the first list, it is out of date; the capture cannot tell which one it uses.`;
    case 'pending':
      return pending(judgement, knowledge, what);
    case 'unknown':
      return reason === 'gap'
        ? `Bytes of this session are missing from the capture after its last read (frame ${believed?.frame ?? own.session.lastHole?.frame ?? 0}): it may have read the ${what} again.`
        : `What it last read, it read before the capture began.`;
    case 'notFollowing':
      if (reason === 'toldDeleted')
        return `Was told (frame ${own.told.at(-1)?.frame ?? 0}) that it was deleted, and has not asked for it since; it was created again.`;
      return `Never set a watch: it has the ${what} of frame ${believed?.lastFrame ?? 0} and is not told of changes.${current === null ? '' : ` The ${what} changed since then.`}`;
    case 'ended':
      return ended(judgement, what);
    case 'upToDate':
      return upToDate(judgement, what);
  }
}

function outOfDate(judgement: Judgement, what: string): string {
  const { reason, current, unused: ignored } = judgement;
  const { told, believed, unused } = current ?? { told: null, believed: null, unused: null };
  switch (reason) {
    case 'secondListUnused':
      return `It works with the list of frame ${believed?.frame ?? 0}, read without a watch; frame ${unused?.frame ?? 0} gave it a newer one, with a watch, which it does not use: ${plural(ignored.size, 'such second list')} it read, and when new children were in one, it asked for none of them. What changes between the two reads, no event announces (a blind window).`;
    case 'notReadAgain':
      return `It was told of a change (frame ${told?.frame ?? 0}) and has not read the ${what} since.${believed === null ? ' What it had read before was not captured.' : ''}`;
    case 'notDelivered':
      return `It was sent a notification (frame ${told?.frame ?? 0}) that its TCP never acknowledged.`;
    case 'newSessionNeverRead':
      return `Its session ended (${judgement.own.session.end}); the client goes on with a new one, which never read the ${what}.`;
    default: {
      const lost = current === null ? null : reconnection(judgement, current);
      if (lost !== null)
        return `Its watch went with the old connection, and after the reconnect (frame ${lost.frame}) it has set none: nothing told it of the change.`;
      return believed?.watch === false
        ? `Its last read (frame ${believed.lastFrame}) set no watch, so nothing told it of the change.`
        : `It holds no watch any more, so nothing told it of the change.`;
    }
  }
}

function pending({ reason, current, believed, own }: Judgement, { end }: PathKnowledge, what: string): string {
  if (reason === 'justTold')
    return `It was told ${seconds(end - (own.told.at(-1)?.time ?? end))} before the end of the capture: it may still read the ${what} again.`;
  if (reason === 'justChanged')
    return `The ${what} changed ${seconds(end - (current?.change.time ?? end))} before the end of the capture.`;
  return `It holds a watch on ${believed?.server ?? 'its server'} and has not been told yet: that server may lag behind.`;
}

function ended({ own, current }: Judgement, what: string): string {
  const { end, lastFrame } = own.session;
  const how =
    end === 'closed'
      ? 'Closed its session'
      : end === 'expired'
        ? 'Its session expired'
        : `Nothing was heard of it after frame ${lastFrame}`;
  return current === null
    ? `${how}; until then it had the newest ${what}.`
    : `${how}; at that time it did not have the newest ${what}.`;
}

function upToDate(judgement: Judgement, what: string): string {
  if (judgement.reason === 'toldDeleted')
    return `Was told (frame ${judgement.own.told.at(-1)?.frame ?? 0}) that it was deleted.`;
  const { reactions, own, kind, believed } = judgement;
  const holds = kind === 'child' ? own.holdsChildWatch : own.holdsDataWatch;
  const parts: string[] = [];
  if (reactions.told > 0) {
    const pace =
      reactions.readAgain === 0
        ? ''
        : reactions.readAgain === 1
          ? ` (${seconds(reactions.shortest)} later)`
          : ` (${seconds(reactions.shortest)} to ${seconds(reactions.longest)} later)`;
    const plain = reactions.readAgain - reactions.withWatch;
    parts.push(
      `${plural(reactions.told, 'notification')}, ${reactions.readAgain === reactions.told ? (reactions.told === 1 ? 'followed by a read' : 'each followed by a read') : `${reactions.readAgain} followed by a read`}${pace}`,
    );
    if (plain > 0) parts.push(`${plain} of the reads without a watch`);
  } else parts.push(`read in frame ${believed?.frame ?? 0}; no change since that it did not read`);
  const late = judgement.intervals.filter(({ from, to, blind }) => blind || (to ?? from) - from > LATE);
  if (late.length > 0) {
    const longest = Math.max(...late.map(({ from, to }) => (to ?? from) - from));
    const blind = late.filter((interval) => interval.blind).length;
    parts.push(
      `it was out of date ${late.length === 1 ? 'once' : plural(late.length, 'time')} in between, for ${late.length === 1 ? '' : 'at most '}${seconds(longest)}${blind > 0 ? ` (a read without a watch, then one with a watch: what changes in between is not announced)` : ''}`,
    );
  }
  if (!holds) parts.push(`holds no watch at the end: the next change of the ${what} will not be announced to it`);
  return `${parts.join('; ')}.`;
}
