import type { MessageFilter } from '../../observations/filter.js';
import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import type { ClientConnection } from '../knowledge/clientConnection.js';
import { Intervals } from '../measures/intervals.js';
import type { ModelListener } from '../listener.js';
import type { Model } from '../model.js';
import type { Session, SessionEnd } from '../knowledge/session.js';

/** A session when it was judged. Times are nanoseconds since the base of the Clock, timeouts milliseconds. */
export interface SessionSummary {
  readonly id: string | null;
  /** Of its latest connection, `ip:port`. */
  readonly client: string;
  readonly clients: readonly string[];
  /** In the order in which it first used them. */
  readonly servers: readonly string[];
  readonly connections: number;
  readonly timeoutAsked: number | null;
  readonly timeout: number | null;
  readonly from: number;
  /** Its latest message. */
  readonly to: number;
  readonly startCaptured: boolean;
  readonly end: SessionEnd;
  /** When it was closed, or found to be expired or lost; null while it is open, or where that is not known. */
  readonly endTime: number | null;
  readonly endFrame: number | null;
  readonly requests: number;
  readonly responses: number;
  readonly pings: number;
  readonly notifications: number;
  /** Watches that the servers held for it at its end, or at that of the capture: as far as the capture shows them. */
  readonly watches: number;
  /** Ephemeral znodes that it owned before it was closed, or at the end of the capture. */
  readonly ephemerals: number;
  /** Median time from one ping to the next with no other request between, nanoseconds; null where there were none. */
  readonly pingInterval: number | null;
  /** How many intervals that is the median of. */
  readonly pingIntervals: number;
  /** Longest time in which the servers heard nothing of it. Nanoseconds. */
  readonly longestSilence: number;
  /** Places where bytes of it are missing from the capture. */
  readonly gaps: number;
  readonly predecessor: string | null;
  readonly successor: string | null;
}

/** What is counted of a session beside the model's own books. */
interface Notes {
  /** The latest request, if that was a ping: its time, and the connection. */
  lastPing: number;
  connection: ClientConnection | null;
  readonly pings: Intervals;
  /** Ephemerals when it asked to be closed: the answer takes them away. */
  ephemerals: number | null;
}

/**
 * Sessions of which a summary is kept.
 * @bound sessions
 */
const MAX_SUMMARIES = 100_000;
const EXACT_INTERVALS = 32;

/** Listens to a model and keeps one summary a session, in order of their start once the capture is over. */
export class SessionTable implements ModelListener {
  readonly summaries: SessionSummary[] = [];
  /** Sessions that were too many to keep. */
  notKept = 0;
  private readonly notes = new WeakMap<Session, Notes>();
  private readonly wanted = new WeakSet<Session>();

  /**
   * @param filter chooses sessions: those of which at least one message passes; null takes all
   */
  constructor(
    private readonly model: Model,
    private readonly filter: MessageFilter | null = null,
    private readonly limit = MAX_SUMMARIES,
  ) {
    model.addListener(this);
  }

  request(message: ZooKeeperMessage, connection: ClientConnection): void {
    this.look(message, connection);
    const { session } = connection;
    if (session === null) return;
    if (message.opcode !== OpCode.ping) {
      const notes = this.notes.get(session);
      if (notes !== undefined) notes.lastPing = -1;
      if (message.opcode === OpCode.closeSession) this.notesOf(session).ephemerals = session.ephemerals.size;
      return;
    }
    const notes = this.notesOf(session);
    if (notes.lastPing >= 0 && notes.connection === connection) notes.pings.add(message.time - notes.lastPing);
    notes.lastPing = message.time;
    notes.connection = connection;
  }

  response(message: ZooKeeperMessage, connection: ClientConnection): void {
    this.look(message, connection);
  }

  notification(message: ZooKeeperMessage, connection: ClientConnection): void {
    this.look(message, connection);
  }

  sessionEnded(session: Session): void {
    if (this.filter !== null && !this.wanted.has(session)) return;
    if (this.summaries.length < this.limit) this.summaries.push(this.summary(session));
    else this.notKept++;
  }

  end(): void {
    this.summaries.sort((a, b) => a.from - b.from);
  }

  private look(message: ZooKeeperMessage, { session, tcp }: ClientConnection): void {
    if (this.filter === null || session === null || this.wanted.has(session)) return;
    if (this.filter.message(message, tcp)) this.wanted.add(session);
  }

  private notesOf(session: Session): Notes {
    let notes = this.notes.get(session);
    if (notes === undefined) {
      notes = { lastPing: -1, connection: null, pings: new Intervals(EXACT_INTERVALS), ephemerals: null };
      this.notes.set(session, notes);
    }
    return notes;
  }

  private summary(session: Session): SessionSummary {
    const notes = this.notes.get(session);
    return {
      id: session.id,
      client: session.client,
      clients: [...new Set(session.attachments.map(({ client }) => client))],
      servers: [...session.servers],
      connections: session.connectionCount,
      timeoutAsked: session.timeoutAsked,
      timeout: session.timeout,
      from: session.start.time,
      to: session.lastTime,
      startCaptured: session.startKnown,
      end: session.end,
      endTime: session.endMoment?.time ?? null,
      endFrame: session.endMoment?.frame ?? null,
      requests: session.requests,
      responses: session.responses,
      pings: session.pings,
      notifications: session.notifications,
      watches: watchesHeld(session),
      ephemerals: Math.max(session.ephemerals.size, notes?.ephemerals ?? 0),
      pingInterval: notes?.pings.median() ?? null,
      pingIntervals: notes?.pings.count ?? 0,
      longestSilence: session.silence(this.model.lastTime),
      gaps: session.holes,
      predecessor: session.predecessor,
      successor: session.followedBy?.id ?? null,
    };
  }
}

/** Watches on the session's present connection. */
function watchesHeld(session: Session): number {
  const { current } = session;
  if (current === null) return 0;
  let count = 0;
  for (const { dataWatch, childWatch, persistentWatch } of session.views.values()) {
    for (const watch of [dataWatch, childWatch, persistentWatch]) if (watch?.connection === current.id) count++;
  }
  return count;
}
