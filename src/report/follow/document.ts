import type { TcpEventKind } from '../../observations/connectionFacts.js';
import type { Address, Count, Hex64, Integer, Seconds, Time, Tool } from '../../observations/values.js';
import type { CaptureInfo, Clock } from '../../observations/inputs.js';
import { captureEntry, type CaptureEntry } from '../analyze/document.js';
import { bothEndsFields } from '../../observations/journal/factsFields.js';
import type { BothEndsEntry } from '../analyze/bothEnds.js';
import { endOf, type LadderEvent } from '../../model/journals/conversation/events.js';
import type { LadderRecorder } from '../../model/journals/conversation/recorder.js';
import type { LeftOut } from '../../model/journals/conversation/store.js';
import type { LadderTarget } from '../../model/journals/conversation/target.js';
import type { MessageRecord } from '../../observations/record.js';

export interface LadderConnectionEntry {
  connection: Count;
  client: Address;
  server: Address;
  from: Time;
  to: Time;
  end: 'open' | 'fin' | 'rst' | 'replaced' | 'forgotten';
  /** its beginning was not captured */
  midStream: boolean;
  retransmissions: BothWays;
  zeroWindows: BothWays;
  gapBytes: BothWays;
  /** of a connection that was captured at both ends */
  bothEnds?: BothEndsEntry;
}

/** Counted for each direction. */
export interface BothWays {
  toServer: Count;
  toClient: Count;
}

interface LadderPlace {
  frame: Count;
  /** where that frame was captured, if captures are of several hosts */
  host?: string;
  time: Time;
  connection: Count;
  client: Address;
  server: Address;
}

/** a message with the fields of `zkscope decode --json`; of long lists the first 20, and `…InAll`
 * @additionalProperties true */
export interface LadderRequestEntry extends LadderPlace {
  type: 'request';
  answerFrame: Count | null;
  /** of an unanswered one: whether the server TCP has it */
  acknowledged?: boolean;
}

/** a message with the fields of `zkscope decode --json`; of long lists the first 20, and `…InAll`
 * @additionalProperties true */
export interface LadderResponseEntry extends LadderPlace {
  type: 'response';
  requestFrame: Count | null;
}

/** a message with the fields of `zkscope decode --json`; of long lists the first 20, and `…InAll`
 * @additionalProperties true */
export interface LadderNotificationEntry extends LadderPlace {
  type: 'notification';
  /** whether the client TCP has it */
  acknowledged: boolean;
}

/** Pings in a row with nothing else between them. */
export interface LadderPingsEntry extends LadderPlace {
  type: 'pings';
  lastFrame: Count;
  lastTime: Time;
  count: Count;
  answered: Count;
  shortestInterval?: Seconds;
  longestInterval?: Seconds;
  /** slowest answer, in seconds */
  slowest?: Seconds;
}

/** TCP's own: one segment, or several of the kind in a row. */
export interface LadderTcpEntry extends LadderPlace {
  type: 'tcp';
  kind: TcpEventKind;
  direction: 'toServer' | 'toClient';
  /** of the kind in a row */
  count: Count;
  lastFrame: Count;
  lastTime: Time;
}

/** connections of the same host, perhaps of another client, while the session had none */
export interface LadderAttemptsEntry {
  type: 'attempts';
  frame: Count;
  /** where that frame was captured, if captures are of several hosts */
  host?: string;
  time: Time;
  firstConnection: Count;
  ip: string;
  outcome: 'refused' | 'noSynAck' | 'noAnswer' | 'nothingSaid';
  count: Count;
  lastFrame: Count;
  /** where that frame was captured, if captures are of several hosts and it is not `host` */
  lastHost?: string;
  lastTime: Time;
  servers: Address[];
}

/** Bytes that are not in the capture.
 * @additionalProperties true */
export interface LadderGapEntry {
  type: 'gap';
  frame: Count;
  /** where that frame was captured, if captures are of several hosts */
  host?: string;
  time: Time;
  connection: Count;
  client?: Address;
  server?: Address;
  bytes: Count;
}

export interface LadderSilenceEntry {
  type: 'silence';
  frame: Count;
  /** where that frame was captured, if captures are of several hosts */
  host?: string;
  from: Time;
  to: Time;
  duration: Seconds;
}

/** Events that were too many to keep. */
export interface LadderLeftOutEntry {
  type: 'leftOut';
  frame: Count;
  /** where that frame was captured, if captures are of several hosts */
  host?: string;
  lastFrame: Count;
  /** where that frame was captured, if captures are of several hosts and it is not `host` */
  lastHost?: string;
  from: Time;
  to: Time;
  events: Count;
  byOp: Record<string, Count>;
}

export type LadderEventEntry =
  | LadderRequestEntry
  | LadderResponseEntry
  | LadderNotificationEntry
  | LadderPingsEntry
  | LadderTcpEntry
  | LadderAttemptsEntry
  | LadderGapEntry
  | LadderSilenceEntry
  | LadderLeftOutEntry;

/** An event with whatever else it carries: messages have the fields that `decode` prints. */
export type LadderEntry = LadderEventEntry & MessageRecord;

/** `LadderDocument` with what is promised of each event. */
export type FollowDocument = LadderDocument<LadderEventEntry>;

/** What `zkscope follow --json` prints: one conversation. */
export interface LadderDocument<Event = LadderEntry> {
  schemaVersion: 1;
  tool: Tool;
  captures: CaptureEntry[];
  target: { kind: LadderTarget['kind']; value: string };
  found: boolean;
  /** session ids that it showed, in order */
  sessions: Hex64[];
  /** milliseconds, as granted; null if not captured */
  timeout: Integer | null;
  /** pings among them */
  requests: Count;
  responses: Count;
  notifications: Count;
  pings: Count;
  connections: LadderConnectionEntry[];
  /** in the order of the capture; an answer that came next stands right behind its request */
  events: Event[];
}

export interface LadderDocumentOptions {
  readonly clock: Clock;
  readonly captures: readonly CaptureInfo[];
  readonly version: string;
}

/** Where the times of frames run backwards, a duration is none. */
const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds) / 1e9;

export function targetText(target: LadderTarget): string {
  if (target.kind === 'session') return target.id;
  return target.kind === 'connection' ? String(target.number) : target.address;
}

/** What `zkscope follow --json` prints. */
export function ladderDocument(recorder: LadderRecorder, options: LadderDocumentOptions): LadderDocument {
  const { clock, captures, version } = options;
  const { silence } = recorder;
  const { head, tail } = recorder.store.parts();
  const events: LadderEntry[] = [];
  append(events, head, silence, clock, null);
  const { leftOut } = recorder.store;
  if (leftOut !== null) events.push(leftOutEntry(leftOut, clock));
  append(events, tail, silence, clock, leftOut === null ? (head.at(-1) ?? null) : null);
  return {
    schemaVersion: 1,
    tool: { name: 'zkscope', version },
    captures: captures.map((info) => captureEntry(info, clock)),
    target: { kind: recorder.target.kind, value: targetText(recorder.target) },
    found: recorder.connections.length > 0,
    sessions: [...recorder.sessions],
    timeout: recorder.timeout,
    ...recorder.counts,
    connections: recorder.connections.map(
      ({ id, client, server, start, end, endMoment, midStream, toServer, toClient, bothEnds }) => {
        const last = Math.max(toServer.last?.time ?? 0, toClient.last?.time ?? 0, endMoment?.time ?? 0);
        return {
          connection: id,
          client: client.text,
          server: server.text,
          from: clock.format(start.time),
          to: clock.format(end === 'open' ? Math.max(toServer.last?.time ?? 0, toClient.last?.time ?? 0) : last),
          end,
          midStream,
          retransmissions: { toServer: toServer.retransmissions, toClient: toClient.retransmissions },
          zeroWindows: { toServer: toServer.zeroWindows, toClient: toClient.zeroWindows },
          gapBytes: { toServer: toServer.gapBytes, toClient: toClient.gapBytes },
          ...(bothEnds === null ? {} : { bothEnds: bothEndsFields(bothEnds) }),
        };
      },
    ),
    events,
  };
}

function append(
  entries: LadderEntry[],
  events: readonly LadderEvent[],
  silence: number,
  clock: Clock,
  before: LadderEvent | null,
): void {
  let last: { frame: number; time: number } | null =
    before === null ? null : { frame: before.frame, time: endOf(before) };
  for (const event of events) {
    if (last !== null && event.time - last.time > silence) {
      entries.push({
        type: 'silence',
        frame: event.frame,
        from: clock.format(last.time),
        to: clock.format(event.time),
        duration: seconds(event.time - last.time),
      });
    }
    entries.push(entry(event, clock));
    if (event.type === 'request' && event.adjacent && event.answer !== null) entries.push(entry(event.answer, clock));
    const time = event.type === 'request' && event.adjacent ? (event.answer?.time ?? event.time) : endOf(event);
    if (last === null || time > last.time) last = { frame: event.frame, time };
  }
}

/** A recorded message has the fields that `decode` prints, its place among them. */
function recorded(record: MessageRecord): LadderPlace & MessageRecord {
  return record as LadderPlace & MessageRecord;
}

function entry(event: LadderEvent, clock: Clock): LadderEntry {
  const { connection, frame } = event;
  const where = {
    frame,
    time: clock.format(event.time),
    connection: connection.id,
    client: connection.client.text,
    server: connection.server.text,
  };
  switch (event.type) {
    case 'request':
      return {
        type: 'request',
        ...recorded(event.record),
        answerFrame: event.answer?.frame ?? null,
        ...(event.answer === null ? { acknowledged: connection.toServer.acked >= event.streamEnd } : {}),
      };
    case 'response':
      return { type: 'response', ...recorded(event.record), requestFrame: event.request?.frame ?? null };
    case 'notification':
      return {
        type: 'notification',
        ...recorded(event.record),
        acknowledged: connection.toClient.acked >= event.streamEnd,
      };
    case 'gap':
      return { type: 'gap', ...(recorded(event.record) as LadderPlace & MessageRecord & { bytes: number }) };
    case 'pings': {
      const { count, answered, lastFrame, lastTime, shortest, longest, slowest } = event;
      return {
        type: 'pings',
        ...where,
        lastFrame,
        lastTime: clock.format(lastTime),
        count,
        answered,
        ...(count > 1 ? { shortestInterval: seconds(shortest), longestInterval: seconds(longest) } : {}),
        ...(answered > 0 ? { slowest: seconds(slowest) } : {}),
      };
    }
    case 'attempts': {
      const { outcome, count, lastFrame, lastTime, servers } = event;
      return {
        type: 'attempts',
        frame,
        time: where.time,
        firstConnection: connection.id,
        ip: connection.client.ip,
        outcome,
        count,
        lastFrame,
        lastTime: clock.format(lastTime),
        servers: [...servers],
      };
    }
    case 'tcp':
      return {
        type: 'tcp',
        ...where,
        kind: event.kind,
        direction: event.toServer ? 'toServer' : 'toClient',
        count: event.count,
        lastFrame: event.lastFrame,
        lastTime: clock.format(event.lastTime),
      };
  }
}

function leftOutEntry({ events, byOp, fromFrame, toFrame, fromTime, toTime }: LeftOut, clock: Clock): LadderEntry {
  return {
    type: 'leftOut',
    events,
    byOp: Object.fromEntries(byOp),
    frame: fromFrame,
    lastFrame: toFrame,
    from: clock.format(fromTime),
    to: clock.format(toTime),
  };
}
