import type { Clock } from '../../../observations/inputs.js';
import type { ObservationSink } from '../../../observations/observation.js';
import type { MessageFilter } from '../../../observations/filter.js';
import { TO_SERVER, type ConnectionFacts, type Moment, type TcpEvent } from '../../../observations/connectionFacts.js';
import type { Gap } from '../../../protocols/protocol.js';
import type { Message } from '../../../protocols/registry.js';
import type { ZooKeeperMessage } from '../../../protocols/zookeeper/message.js';
import {
  type AttemptsEvent,
  endOf,
  type LadderEvent,
  type PingsEvent,
  type RequestEvent,
  type ResponseEvent,
} from './events.js';
import { LadderStore } from './store.js';
import { isTarget, type LadderTarget } from './target.js';
import { gapRecord, messageRecord, type MessageRecord } from '../../../observations/record.js';

/**
 * Events of a connection that are kept until it is known whose it is.
 * @bound events
 */
const EARLY = 64;
/**
 * Sessions that are told of where nothing was found.
 * @bound sessions
 */
const SEEN = 2000;
/**
 * Requests of a conversation whose events wait for their answer.
 * @bound requests
 */
const OUTSTANDING = 4096;
const NAMES = 20;
/**
 * Attempts of clients whose connections came to nothing, which are kept until it is known whose they are.
 * @bound connections
 */
const STRANGERS = 2000;
const UNKNOWN_SILENCE = 10e9;

interface Counts {
  requests: number;
  responses: number;
  notifications: number;
  pings: number;
}

const noCounts = (): Counts => ({ requests: 0, responses: 0, notifications: 0, pings: 0 });

/** What is known of one connection while it is looked at. */
interface Followed {
  readonly connection: ConnectionFacts;
  /** Null while it may still turn out to be of the wanted session. */
  wanted: boolean | null;
  early: LadderEvent[];
  readonly waiting: Map<object, RequestEvent>;
  pings: PingsEvent | null;
  /** What was told of it while nobody knew whose it is. */
  readonly counts: Counts;
  /** Session id, once shown; `asked`: of the connect request. */
  session: string | null;
  asked: string | null;
}

export interface LadderOptions {
  readonly clock: Clock;
  /** Every ping on its own. */
  readonly pings: boolean;
  /** Most events that are kept. */
  readonly limit: number;
  /** Nanoseconds without an event that are told as silence; null: 2/3 of the session timeout. */
  readonly silence: number | null;
  /** Which messages are wanted; null for all, with TCP's own events among them. */
  readonly filter: MessageFilter | null;
  /** Which places of the capture are wanted for TCP's events; null for all. */
  readonly place: ((connection: ConnectionFacts, frame: number, time: number) => boolean) | null;
}

/** A session that was seen, for whoever asked for one that was not. */
export interface SeenSession {
  readonly session: string | null;
  readonly connection: number;
  readonly client: string;
  readonly server: string;
}

/** Records the conversation of one session, connection or client. */
export class LadderRecorder implements ObservationSink {
  readonly store: LadderStore;
  /** The connections that it went over, in order. */
  readonly connections: ConnectionFacts[] = [];
  readonly sessions = new Set<string>();
  /** Sessions of the capture, bounded; and how many connections there were. */
  readonly seen = new Map<number, SeenSession>();
  readonly servers = new Set<string>();
  timeout: number | null = null;
  /** Requests, pings among them, answers and notifications, whether kept or not. */
  readonly counts = noCounts();
  /** Connections of the same client address that gave no session; kept until the end. */
  private strangers: Followed[] = [];
  /** Addresses (without ports) of its connections. */
  private readonly clients = new Set<string>();
  private readonly open = new Map<ConnectionFacts, Followed>();
  private closing: Followed | null = null;
  private order = 0;

  constructor(
    readonly target: LadderTarget,
    private readonly options: LadderOptions,
  ) {
    this.store = new LadderStore(options.limit);
  }

  /** Nanoseconds without an event that count as silence: a living client pings every third of its timeout. */
  get silence(): number {
    return this.options.silence ?? (this.timeout === null ? UNKNOWN_SILENCE : (this.timeout * 1e6 * 2) / 3);
  }

  opened(connection: ConnectionFacts): void {
    if (connection.protocol === 'zookeeper') this.of(connection);
  }

  closed(connection: ConnectionFacts): void {
    const followed = this.open.get(connection);
    // With 'open' it is the capture that ends; after a FIN, packets may still come.
    if (followed === undefined || connection.end === 'open') return;
    if (followed.wanted === null && this.target.kind === 'session') this.keepStranger(followed);
    if (followed.wanted === true) return;
    // What TCP tells after the end (a FIN sent again) still belongs to it.
    this.closing = followed;
    this.open.delete(connection);
  }

  message(m: Message, connection: ConnectionFacts): void {
    if (m.protocol !== 'zookeeper') return;
    const followed = this.of(connection);
    if (followed.wanted !== true || followed.session === null) this.identify(m, followed);
    if (this.refused(followed)) return;
    const { filter } = this.options;
    const passes = filter?.message(m, connection) !== false;
    this.count(m, followed.wanted === true ? this.counts : followed.counts);
    if (m.kind === 'request') this.request(m, followed, passes);
    else if (m.kind === 'response') this.response(m, followed, passes);
    else if (passes) {
      const record = this.record(m, followed);
      this.add(followed, {
        type: 'notification',
        ...this.place(m, followed.connection),
        record,
        streamEnd: m.streamEnd,
      });
    }
  }

  ping(message: ZooKeeperMessage, connection: ConnectionFacts): void {
    this.message(message, connection);
  }

  pingAnswer(message: ZooKeeperMessage, connection: ConnectionFacts): void {
    this.message(message, connection);
  }

  acknowledged(): void {
    // Which of its events were received is asked of the connection at the end.
  }

  gap(gap: Gap, connection: ConnectionFacts): void {
    const followed = this.open.get(connection);
    if (followed === undefined || followed.wanted === false || this.options.filter?.gap(gap, connection) === false)
      return;
    this.add(followed, {
      type: 'gap',
      ...this.place(gap, connection),
      record: gapRecord(gap, connection, this.options.clock),
    });
  }

  tcp({ kind, direction, frame, time }: TcpEvent, connection: ConnectionFacts): void {
    const followed = this.open.get(connection) ?? (this.closing?.connection === connection ? this.closing : undefined);
    if (followed === undefined || followed.wanted === false) return;
    if (this.options.place?.(connection, frame, time) === false) return;
    const toServer = direction === TO_SERVER;
    const last = followed.wanted === true ? this.store.last : followed.early.at(-1);
    if (last?.type === 'tcp' && last.connection === connection && last.kind === kind && last.toServer === toServer) {
      if (time - last.lastTime <= this.silence) {
        last.count++;
        last.lastFrame = frame;
        last.lastTime = time;
        return;
      }
    }
    this.add(followed, {
      type: 'tcp',
      ...this.place({ frame, time }, connection),
      kind,
      toServer,
      count: 1,
      lastFrame: frame,
      lastTime: time,
    });
  }

  /** The capture is over: connections of the same host that gave no session take their places. */
  end(): void {
    if (this.target.kind !== 'session') return;
    for (const followed of this.open.values()) if (followed.wanted === null) this.keepStranger(followed);
    const spans = this.connections.map(({ start, endMoment }) => [start.time, endMoment?.time ?? Infinity] as const);
    let run: AttemptsEvent | null = null;
    for (const { connection, early } of this.strangers) {
      const { time } = connection.start;
      if (early.length === 0) continue;
      // Only what happened while the session had no connection may be its own attempts.
      if (spans.some(([from, to]) => time >= from && time <= to)) continue;
      const attempt = this.attempt(connection, early);
      if (run?.outcome === attempt.outcome) {
        run.count++;
        run.lastFrame = attempt.lastFrame;
        run.lastTime = attempt.lastTime;
        run.servers.add(connection.server.text);
        continue;
      }
      run = attempt;
      this.store.add(attempt);
    }
    this.strangers = [];
  }

  /** A connection that gave no session, as one event. */
  private attempt(connection: ConnectionFacts, early: readonly LadderEvent[]): AttemptsEvent {
    const last = early.at(-1)!;
    const said = early.some((event) => event.type === 'request');
    const outcome =
      connection.refused !== null
        ? 'refused'
        : said
          ? 'noAnswer'
          : connection.synAck === null
            ? 'noSynAck'
            : 'nothingSaid';
    return {
      type: 'attempts',
      ...this.place(connection.start, connection),
      outcome,
      count: 1,
      lastFrame: last.frame,
      lastTime: endOf(last),
      servers: new Set([connection.server.text]),
    };
  }

  private of(connection: ConnectionFacts): Followed {
    let followed = this.open.get(connection);
    if (followed !== undefined) return followed;
    const wanted = this.target.kind === 'session' ? null : isTarget(this.target, connection);
    followed = {
      connection,
      wanted: null,
      early: [],
      waiting: new Map(),
      pings: null,
      counts: noCounts(),
      session: null,
      asked: null,
    };
    this.open.set(connection, followed);
    if (wanted === true) this.want(followed);
    else if (wanted === false) followed.wanted = false;
    if (this.servers.size < SEEN) this.servers.add(connection.server.text);
    if (this.seen.size < SEEN) this.noteSeen(followed);
    return followed;
  }

  private noteSeen({ connection, session }: Followed): void {
    const { id, client, server } = connection;
    this.seen.set(id, { session, connection: id, client: client.text, server: server.text });
  }

  private refused({ wanted }: Followed): boolean {
    return wanted === false;
  }

  /** Learns from a message whose connection it is. */
  private identify(m: ZooKeeperMessage, followed: Followed): void {
    if (followed.wanted !== false && m.op === 'connect' && m.kind === 'request') {
      followed.asked = m.requestBody()?.sessionId ?? null;
      if (this.target.kind === 'session' && followed.asked === this.target.id) this.want(followed);
    }
    if (m.session !== null && m.session !== followed.session) {
      followed.session = m.session;
      if (this.seen.has(followed.connection.id) || this.seen.size < SEEN) this.noteSeen(followed);
      if (followed.wanted === true) this.sessions.add(m.session);
    }
    if (followed.wanted !== null || followed.session === null || this.target.kind !== 'session') return;
    if (followed.session === this.target.id) this.want(followed);
    else {
      followed.wanted = false;
      followed.early = [];
    }
  }

  private want(followed: Followed): void {
    if (followed.wanted === true) return;
    followed.wanted = true;
    this.connections.push(followed.connection);
    this.clients.add(followed.connection.client.ip);
    if (followed.session !== null) this.sessions.add(followed.session);
    for (const event of followed.early) this.store.add(event);
    followed.early = [];
    for (const name of ['requests', 'responses', 'notifications', 'pings'] as const)
      this.counts[name] += followed.counts[name];
  }

  private keepStranger(followed: Followed): void {
    // Before the session has a connection nothing can be an attempt to come back to it.
    if (followed.session !== null || !this.clients.has(followed.connection.client.ip)) return;
    if (this.strangers.length >= STRANGERS) return;
    this.strangers.push(followed);
  }

  private count(m: ZooKeeperMessage, counts: Counts): void {
    if (m.kind === 'request') {
      counts.requests++;
      if (m.op === 'ping') counts.pings++;
    } else if (m.kind === 'response') counts.responses++;
    else counts.notifications++;
    if (counts === this.counts && m.op === 'connect' && m.kind === 'response') {
      const timeout = m.responseBody()?.timeout;
      if (timeout !== undefined && timeout > 0) this.timeout = timeout;
    }
  }

  private request(m: ZooKeeperMessage, followed: Followed, passes: boolean): void {
    if (!passes) return;
    if (m.op === 'ping' && !this.options.pings) {
      this.pinged(m, followed);
      return;
    }
    const event: RequestEvent = {
      type: 'request',
      ...this.place(m, followed.connection),
      op: m.op,
      record: this.record(m, followed),
      answer: null,
      adjacent: false,
      streamEnd: m.streamEnd,
    };
    if (m.request !== null) {
      followed.waiting.set(m.request, event);
      if (followed.waiting.size > OUTSTANDING)
        for (const first of followed.waiting.keys()) {
          followed.waiting.delete(first);
          break;
        }
    }
    this.add(followed, event);
  }

  private response(m: ZooKeeperMessage, followed: Followed, passes: boolean): void {
    const request = m.request === null ? null : (followed.waiting.get(m.request) ?? null);
    if (m.request !== null) followed.waiting.delete(m.request);
    if (m.op === 'ping' && !this.options.pings) {
      if (passes) this.answered(m, followed);
      return;
    }
    if (!passes && request === null) return;
    const event: ResponseEvent = {
      type: 'response',
      ...this.place(m, followed.connection),
      op: m.op,
      record: this.record(m, followed),
      request,
      latency: m.latency,
    };
    const last = followed.wanted === true ? this.store.last : followed.early.at(-1);
    if (request !== null) {
      request.answer = event;
      request.adjacent = last === request;
      if (request.adjacent) return;
    }
    this.add(followed, event);
  }

  private pinged(m: ZooKeeperMessage, followed: Followed): void {
    const { pings } = followed;
    const last = followed.wanted === true ? this.store.last : followed.early.at(-1);
    const pause = pings === null ? 0 : m.time - pings.lastRequest;
    if (
      pings !== null &&
      pings === last &&
      (pings.answered === pings.count || pings.answered === 0) &&
      pause <= this.silence
    ) {
      pings.count++;
      pings.shortest = Math.min(pings.shortest, pause);
      pings.longest = Math.max(pings.longest, pause);
      pings.lastRequest = m.time;
      pings.lastFrame = m.frame;
      pings.lastTime = m.time;
      return;
    }
    const run: PingsEvent = {
      type: 'pings',
      ...this.place(m, followed.connection),
      count: 1,
      answered: 0,
      lastFrame: m.frame,
      lastTime: m.time,
      lastRequest: m.time,
      shortest: Infinity,
      longest: 0,
      slowest: 0,
    };
    followed.pings = run;
    this.add(followed, run);
  }

  private answered(m: ZooKeeperMessage, followed: Followed): void {
    const { pings } = followed;
    if (pings === null || pings.answered === pings.count) return;
    pings.answered++;
    pings.slowest = Math.max(pings.slowest, m.latency ?? 0);
    pings.lastFrame = m.frame;
    pings.lastTime = m.time;
  }

  /** The message as `decode` prints it, without what may be very long. */
  private record(m: ZooKeeperMessage, followed: Followed): MessageRecord {
    const record = messageRecord(m, followed.connection, this.options.clock, { data: false });
    if (m.op === 'connect' && m.kind === 'request' && followed.asked !== null) record['asked'] = followed.asked;
    for (const [name, value] of Object.entries(record)) {
      if (!Array.isArray(value) || value.length <= NAMES) continue;
      record[name] = value.slice(0, NAMES);
      record[`${name}InAll`] = value.length;
    }
    return record;
  }

  private place(
    { frame, time }: Moment,
    connection: ConnectionFacts,
  ): {
    connection: ConnectionFacts;
    frame: number;
    time: number;
    order: number;
  } {
    return { connection, frame, time, order: this.order++ };
  }

  private add(followed: Followed, event: LadderEvent): void {
    if (followed.wanted === true) this.store.add(event);
    else if (followed.early.length < EARLY) followed.early.push(event);
  }
}
