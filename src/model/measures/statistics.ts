import type { ConnectionFacts } from '../../observations/connectionFacts.js';
import { TO_CLIENT } from '../../observations/connectionFacts.js';
import type { Gap } from '../../protocols/protocol.js';
import { errorName } from '../../protocols/zookeeper/format/errors.js';
import { NOTHING_WAITS, type WaitingRequests } from '../../protocols/zookeeper/connection/waitingRequests.js';
import type { MultiOp } from '../../protocols/zookeeper/format/records.js';
import type { ZooKeeperMessage, ZooKeeperRequest } from '../../protocols/zookeeper/message.js';
import { afterForgetting } from '../bounds.js';
import { bucketOf } from './histogram.js';
import { Counts, PartCounts, type CountedEvent, type Group, type Grouping } from './grouping.js';
import type { LivePlace, LiveTables } from './liveTables.js';
import { errorOf, errorsByPath } from '../knowledge/outcome.js';

/**
 * Requests of one connection that are remembered until their answer; beyond that the oldest is no longer waited for.
 * @bound requests
 */
const MAX_WAITING = 4096;
const WORD_LENGTH = 4;
const PREFIX_LENGTH = 4;

/**
 * `counted`: in its groups already. `deferred`: belongs to groups that only its answer shows. `tentative`: counts only if
 * the answer passes the filters.
 */
type Waiting = 'counted' | 'deferred' | 'tentative';

/** One connection: its requests that wait for an answer. */
interface Conversation {
  readonly connection: ConnectionFacts;
  session: string | null;
  /**
   * Where it matters what becomes of a request. Where nothing is left out: four-letter words, which are in no book; `book`
   * has the others that wait then.
   */
  waiting: Map<ZooKeeperRequest, Waiting> | null;
  book: WaitingRequests;
  /** Where its latest message was counted, by grouping: the next one often counts there too. */
  readonly latest: (LatestGroup | undefined)[];
  /** The same in live tables. */
  live: LivePlace | null;
}

/** A group, and what it was found by. */
interface LatestGroup {
  op: string | null;
  path: string | null;
  group: Group | null;
}

/** Where a count belongs; filled anew for each message. */
interface MutablePlace {
  op: string | null;
  path: string | null;
  connection: ConnectionFacts;
  session: string | null;
  error: string | null;
  time: number;
}

/**
 * Counts ZooKeeper's messages by groupings. An answer counts where its request does, a notification under its own path as
 * operation `notification`; the path of a create is the one that was asked for. Where paths are told apart a multi counts
 * once under each different path among its operations, with the result of those operations and an equal share of its
 * bytes; setWatches, whose lists may be long, counts under no path. Retransmitted messages come once.
 */
export class Statistics {
  readonly total = new Counts();
  private firstTime = Infinity;
  private lastTime = -Infinity;
  private readonly conversations = new Map<number, Conversation>();
  /** That of the latest message. */
  private current: Conversation | null = null;
  /** One for all messages: this is done for each of them. */
  private place: MutablePlace | null = null;
  private readonly defers: boolean;
  private readonly defersConnect: boolean;
  /** Every message passes, so that those requests wait that the connection itself waits for. */
  private everything = false;

  /**
   * @param withTotal whether `total` is counted beside the groups
   * @param live what is counted in the same way, interval by interval
   */
  constructor(
    private readonly groupings: readonly Grouping[],
    private readonly withTotal = true,
    private readonly live: LiveTables | null = null,
  ) {
    this.defers = groupings.some(({ by }) => by.includes('error'));
    this.defersConnect = groupings.some(({ by }) => by.includes('session'));
  }

  /** Time of the first message that was counted; null while there is none. */
  get first(): number | null {
    return this.firstTime === Infinity ? null : this.firstTime;
  }

  /** Time of the latest. */
  get last(): number | null {
    return this.lastTime === -Infinity ? null : this.lastTime;
  }

  /** Every message that comes will pass; to be said before the first. */
  countEverything(): void {
    this.everything = !this.defers && !this.defersConnect;
  }

  /**
   * Counts a message.
   * @param passes it is one of those that are wanted; an answer that is not still ends the waiting for it
   * @param tentative of a request: it counts if its answer passes
   */
  message(m: ZooKeeperMessage, connection: ConnectionFacts, passes = true, tentative = false): void {
    if (m.kind === 'request') {
      if (passes || tentative) this.request(m, connection, passes ? null : 'tentative');
    } else if (m.kind === 'response') this.response(m, connection, passes);
    else if (passes) this.notification(m, connection);
  }

  /** Answers may have been in the gap: whether those requests were answered is unknown. */
  gap(gap: Gap, connection: ConnectionFacts): void {
    if (gap.direction !== TO_CLIENT) return;
    const conversation = this.conversations.get(connection.id);
    if (conversation !== undefined) this.release(conversation, false);
  }

  closed(connection: ConnectionFacts): void {
    const conversation = this.conversations.get(connection.id);
    if (conversation === undefined) return;
    this.release(conversation, true);
    this.conversations.delete(connection.id);
    if (this.current === conversation) this.current = null;
  }

  /** The capture is over. */
  end(): void {
    for (const conversation of this.conversations.values()) this.release(conversation, true);
    this.conversations.clear();
    this.current = null;
  }

  private request(m: ZooKeeperMessage, connection: ConnectionFacts, as: 'tentative' | null): void {
    const { request } = m;
    const conversation = this.conversation(connection);
    conversation.session = m.session ?? conversation.session;
    if (this.everything) {
      conversation.book = m.waiting;
      if (m.opcode === null && request !== null) this.wait(conversation, request, 'counted');
      this.at(m.op, m.path, connection, m.session, m.time);
      this.count(conversation, 'request', request, null, request === null ? wireLength(m) : requestLength(request));
      return;
    }
    const deferred = this.defers || (this.defersConnect && m.op === 'connect');
    const waiting: Waiting = as ?? (deferred && request !== null ? 'deferred' : 'counted');
    if (request !== null) this.wait(conversation, request, waiting);
    if (waiting !== 'counted') return;
    this.at(m.op, m.path, connection, m.session, m.time);
    this.count(conversation, 'request', request, null, request === null ? wireLength(m) : requestLength(request));
  }

  private response(m: ZooKeeperMessage, connection: ConnectionFacts, passes: boolean): void {
    const { request } = m;
    const conversation = this.conversation(connection);
    conversation.session = m.session ?? conversation.session;
    conversation.book = m.waiting;
    const waiting =
      request === null || (this.everything && m.opcode !== null) ? undefined : conversation.waiting?.get(request);
    if (waiting !== undefined) conversation.waiting?.delete(request!);
    if (!passes && waiting !== 'deferred') return;
    const op = request?.op ?? m.op;
    const path = request === null ? m.path : request.path;
    if (request !== null && waiting !== undefined && waiting !== 'counted') {
      this.at(op, path, connection, m.session, request.time);
      this.count(conversation, 'request', request, passes ? m : null, requestLength(request));
    }
    if (!passes) return;
    this.at(op, path, connection, m.session, m.time);
    this.count(conversation, 'response', request, m, wireLength(m));
  }

  private notification(m: ZooKeeperMessage, connection: ConnectionFacts): void {
    const conversation = this.conversation(connection);
    this.at('notification', m.path, connection, m.session, m.time);
    this.count(conversation, 'notification', null, null, wireLength(m));
  }

  /** What is counted next belongs here. */
  private at(
    op: string | null,
    path: string | null,
    connection: ConnectionFacts,
    session: string | null,
    time: number,
  ): void {
    const { place } = this;
    if (place === null) this.place = { op, path, connection, session, error: null, time };
    else {
      place.op = op;
      place.path = path;
      place.connection = connection;
      place.session = session;
      place.time = time;
    }
    if (time < this.firstTime) this.firstTime = time;
    if (time > this.lastTime) this.lastTime = time;
  }

  /**
   * Counts in the total and in each grouping.
   * @param request the request that it is, or that it answers
   * @param answer where it shows how the operations turned out
   */
  private count(
    conversation: Conversation,
    event: CountedEvent,
    request: ZooKeeperRequest | null,
    answer: ZooKeeperMessage | null,
    bytes: number,
  ): void {
    const place = this.place!;
    const { path } = place;
    const code = answer === null ? 0 : errorOf(answer);
    const answered = event === 'response' ? answer : null;
    const operations = request?.body?.ops;
    if (this.live !== null) this.countLive(this.live, conversation, event, operations, answer, bytes);
    const { groupings } = this;
    if (groupings.length === 0 && !this.withTotal) return;
    const bucket = answered === null ? 0 : bucketOf(Math.max(0, answered.latency ?? 0));
    if (this.withTotal) change(this.total, event, bytes, code !== 0, answered, bucket);
    for (let which = 0; which < groupings.length; which++) {
      const grouping = groupings[which]!;
      if (operations === undefined || !grouping.hasPath) {
        if (path === null && grouping.onlyWithPath) continue;
        place.path = path === null || !grouping.hasPath ? null : grouping.path(path);
        place.error = answer === null || !grouping.hasError ? null : errorName(code);
        change(groupOf(conversation, grouping, which, place), event, bytes, code !== 0, answered, bucket);
        continue;
      }
      const cut = (name: string): string => grouping.path(name);
      for (const share of shares(operations, answer, bytes, code, cut, !grouping.onlyWithPath)) {
        place.path = share.path;
        place.error = answer === null ? null : errorName(share.error);
        change(grouping.at(place), event, share.bytes, share.error !== 0, answered, bucket);
      }
    }
  }

  private countLive(
    live: LiveTables,
    conversation: Conversation,
    event: CountedEvent,
    operations: readonly MultiOp[] | undefined,
    answer: ZooKeeperMessage | null,
    bytes: number,
  ): void {
    const { op, path, connection } = this.place!;
    const failed = answer !== null && errorOf(answer) !== 0;
    const latency = event === 'response' ? answer!.latency : null;
    const place = (conversation.live ??= live.place());
    live.count(place, connection, op, event, bytes, failed, latency);
    if (operations === undefined) {
      if (path !== null) live.countPath(place, live.path(path), event, bytes, failed);
    } else
      for (const share of shares(operations, answer, bytes, 0, (name) => live.path(name), false))
        live.countShare(place, share.path!, event, share.bytes, share.error !== 0);
  }

  private conversation(connection: ConnectionFacts): Conversation {
    if (this.current?.connection === connection) return this.current;
    let conversation = this.conversations.get(connection.id);
    if (conversation === undefined) {
      conversation = { connection, session: null, waiting: null, book: NOTHING_WAITS, latest: [], live: null };
      this.conversations.set(connection.id, conversation);
    }
    this.current = conversation;
    return conversation;
  }

  /** Requests that will not be seen answered. */
  private release(conversation: Conversation, unanswered: boolean): void {
    for (const [request, waiting] of conversation.waiting ?? [])
      this.unanswered(conversation, request, waiting, unanswered);
    conversation.waiting = null;
    if (this.everything && unanswered)
      for (const request of conversation.book) this.unanswered(conversation, request, 'counted', true);
  }

  private wait(conversation: Conversation, request: ZooKeeperRequest, as: Waiting): void {
    const known = (conversation.waiting ??= new Map<ZooKeeperRequest, Waiting>());
    known.set(request, as);
    if (known.size > MAX_WAITING) this.forgetOldest(conversation, known);
  }

  private forgetOldest(conversation: Conversation, known: Map<ZooKeeperRequest, Waiting>): void {
    const wanted = afterForgetting(MAX_WAITING);
    for (const [request, waiting] of known) {
      if (known.size <= wanted) return;
      this.unanswered(conversation, request, waiting, false);
      known.delete(request);
    }
  }

  private unanswered(conversation: Conversation, request: ZooKeeperRequest, waiting: Waiting, surely: boolean): void {
    if (waiting === 'tentative' || (waiting === 'counted' && !surely)) return;
    const { op, path, time } = request;
    const { connection, session } = conversation;
    this.at(op, path, connection, op === 'connect' ? null : session, time);
    const event = !surely ? 'request' : waiting === 'deferred' ? 'unansweredRequest' : 'unanswered';
    this.count(conversation, event, request, null, requestLength(request));
  }
}

/** Counts of the group that something belongs to, which mostly is that of the connection's latest message. */
function groupOf({ latest }: Conversation, grouping: Grouping, which: number, place: MutablePlace): Counts {
  if (!grouping.steady) return grouping.at(place);
  const { hasOp, hasPath } = grouping;
  const { op, path } = place;
  const known = latest[which];
  if (known !== undefined && (!hasOp || known.op === op) && (!hasPath || known.path === path))
    return grouping.countsOf(known.group);
  const group = grouping.groupAt(place);
  if (known === undefined) latest[which] = { op, path, group };
  else {
    known.op = op;
    known.path = path;
    known.group = group;
  }
  return grouping.countsOf(group);
}

/** @param bucket that of the answer's latency */
function change(
  counts: Counts,
  event: CountedEvent,
  bytes: number,
  failed: boolean,
  answer: Pick<ZooKeeperMessage, 'latency' | 'parts'> | null,
  bucket: number,
): void {
  switch (event) {
    case 'unanswered':
      counts.unanswered++;
      return;
    case 'unansweredRequest':
      counts.unanswered++;
      counts.requests++;
      counts.bytesToServer += bytes;
      return;
    case 'request':
      counts.requests++;
      counts.bytesToServer += bytes;
      return;
    case 'notification':
      counts.notifications++;
      counts.bytesToClient += bytes;
      return;
    case 'response':
      counts.responses++;
      counts.bytesToClient += bytes;
      if (failed) counts.errors++;
      if (answer === null) return;
      if (answer.latency !== null) counts.latency.record(answer.latency, bucket);
      if (answer.parts != null) (counts.parts ??= new PartCounts()).record(answer.parts);
  }
}

/** What a multi counts under one of its paths. */
interface Share {
  readonly path: string | null;
  /** That of the operations on it; 0 where there was none, or no answer. */
  readonly error: number;
  readonly bytes: number;
}

/**
 * The shares of a multi's paths: equal parts of its bytes, and what is left over with the first.
 * @param code that of the multi, for where none of its operations has a path
 * @param pathless whether it then counts under no path
 */
function shares(
  operations: readonly MultiOp[],
  answer: ZooKeeperMessage | null,
  bytes: number,
  code: number,
  cut: (path: string) => string,
  pathless: boolean,
): Share[] {
  const errors = answer === null ? null : errorsByPath(answer, operations, cut);
  const paths = errors === null ? namesOf(operations, cut) : [...errors.keys()];
  if (paths.length === 0) return pathless ? [{ path: null, error: code, bytes }] : [];
  const share = Math.floor(bytes / paths.length);
  return paths.map((path, place) => ({
    path,
    error: errors?.get(path) ?? 0,
    bytes: place === 0 ? bytes - share * (paths.length - 1) : share,
  }));
}

/** Different paths of a multi's operations. */
function namesOf(operations: readonly MultiOp[], cut: (path: string) => string): string[] {
  const names = new Set<string>();
  for (const { path } of operations) if (path !== undefined) names.add(cut(path));
  return [...names];
}

/** Bytes of a request with its length prefix; a four-letter word has none. */
function requestLength(request: ZooKeeperRequest): number {
  return request.op === 'fourLetterWord' ? WORD_LENGTH : request.length + PREFIX_LENGTH;
}

/** Bytes of a message with its length prefix; those of the answer to a four-letter word are the text's. */
function wireLength(m: ZooKeeperMessage): number {
  if (m.length >= 0) return m.length + PREFIX_LENGTH;
  if (m.kind === 'request') return WORD_LENGTH;
  const length = m.toRecord({ data: false })['dataLength'];
  return typeof length === 'number' ? length : 0;
}
