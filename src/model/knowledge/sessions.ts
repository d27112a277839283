import type { Moment } from '../../observations/connectionFacts.js';
import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import { afterForgetting } from '../bounds.js';
import type { ClientConnection } from './clientConnection.js';
import type { Model } from '../model.js';
import { nameBytes, Room } from './room.js';
import { Session } from './session.js';

/**
 * Ended sessions of which a summary is kept.
 * @bound sessions
 */
const SUMMARIES = 5000;
/**
 * What they keep together.
 * @bound bytes
 */
const SUMMARY_BYTES = 8 * 1024 * 1024;
/** Sessions of one host among which the one is sought that a new one replaces: among more, any guess is worth nothing. */
const LOOKED_AT = 256;
/**
 * Owners of ephemerals that were not seen themselves; and of the ephemerals of each.
 * @bound owners
 */
const STRANGERS = 4096;
/**
 * All of these together.
 * @bound bytes
 */
const STRANGER_BYTES = 4 * 1024 * 1024;
/** Silent for this long (nanoseconds), and for three session timeouts, a session without a connection can go if there are many. */
const LONG_GONE = 300e9;

/**
 * Sessions that are alive, with a known id and without one.
 * @bound sessions
 */
const MAX_SESSIONS = 20_000;
/**
 * What sessions that are alive keep beside their views: connections, ephemerals, creates. Beyond seven eighths of it
 * the oldest go as soon as another begins; what does not fit at all is not kept.
 * @bound bytes
 */
const MAX_BYTES = 12 * 1024 * 1024;
/**
 * First requests of theirs, by which they are compared.
 * @bound bytes
 */
const MAX_BEGINNINGS = 24 * 1024 * 1024;
/**
 * Sessions without a connection that are kept, however long they are silent.
 * @bound sessions
 */
const MAX_ADRIFT = 1024;
/**
 * Sessions that have ended and that all hosts together keep for those that follow them.
 * @bound sessions
 */
const MAX_FOLLOWED = 2048;
/**
 * What these keep together.
 * @bound bytes
 */
const MAX_FOLLOWED_BYTES = 4 * 1024 * 1024;

/**
 * All sessions by id, and those whose id the capture does not show. A closed session is told to the listeners and shrinks
 * at once; one that was lost or has expired is kept for whoever follows it: until the end, or, of many, until it is long
 * gone.
 */
export class Sessions {
  private readonly byId = new Map<string, Session>();
  /** Sessions without a known id, open or not. */
  private readonly nameless = new Set<Session>();
  /** Sessions whose connection has ended, in that order. */
  private readonly adrift = new Set<Session>();
  /** Paths of ephemerals whose owner was named before anything was seen of it. */
  private readonly strangers = new Map<string, Set<string>>();
  private readonly strangerRoom = new Room(STRANGER_BYTES);
  /** Ephemerals of sessions that were not seen, too many to keep. */
  ownersNotKept = 0;
  /** Sessions that have ended and that their hosts keep, in the order of their ends. */
  private readonly followed = new Set<Session>();
  private followedBytes = 0;
  private endedBytes = 0;
  private sweepAbove: number;
  /** Summaries of sessions that ended and were judged, in order of their end; bounded. */
  readonly ended: Session[] = [];
  /** Every session that was seen, also those of which nothing is kept. */
  count = 0;
  /** Sessions that were judged before they had ended, to bound memory, and sessions that have ended and are not in `ended`. */
  forgotten = 0;
  notListed = 0;

  constructor(
    private readonly model: Model,
    private readonly limit = MAX_SESSIONS,
    private readonly maxAdrift = MAX_ADRIFT,
    /** What those that are alive have taken. */
    readonly room = new Room(MAX_BYTES),
    readonly beginnings = new Room(MAX_BEGINNINGS),
  ) {
    this.sweepAbove = maxAdrift;
  }

  find(id: string): Session | undefined {
    return this.byId.get(id);
  }

  /** Sessions that have not been told as ended. */
  *alive(): Generator<Session> {
    yield* this.byId.values();
    yield* this.nameless;
  }

  /** How many have a connection. */
  get connected(): number {
    let count = 0;
    for (const connection of this.model.connections.values())
      if (connection.session?.current === connection && !connection.closed) count++;
    return count;
  }

  /** Every session of which at least a summary is kept. */
  *all(): Generator<Session> {
    yield* this.ended;
    yield* this.alive();
  }

  /** The session of a connection whose handshake was not captured. */
  unknown(connection: ClientConnection, m: ZooKeeperMessage): Session {
    const id = m.session;
    let session = id === null ? undefined : this.byId.get(id);
    session ??= this.make(id, connection, { frame: m.firstFrame, time: m.firstTime });
    if (connection.gaps > 0 && connection.lastGap !== null) session.addHole(connection.lastGap);
    this.attach(session, connection, m, false);
    return session;
  }

  /** A handshake was answered: `id` is made anew or taken up. */
  granted(id: string, connection: ClientConnection, m: ZooKeeperMessage, asked: string | null): Session {
    let session = this.byId.get(id);
    const fresh = session === undefined;
    if (session === undefined) {
      session = this.make(id, connection, { frame: m.frame, time: m.time });
      session.startKnown = asked === '0x0';
    }
    if (connection.gaps > 0 && connection.lastGap !== null) session.addHole(connection.lastGap);
    if (session.end === 'lost') {
      session.end = 'open';
      session.endMoment = null;
    }
    this.attach(session, connection, m, asked === id);
    if (fresh && asked !== id) this.findPredecessor(session);
    return session;
  }

  /** A Stat names the owner of a znode. */
  owns(id: string, path: string): void {
    const session = this.byId.get(id);
    if (session !== undefined) session.addOwned(path);
    else this.ownsUnseen(id, path);
  }

  private ownsUnseen(id: string, path: string): void {
    let paths = this.strangers.get(id);
    if (paths?.has(path) === true) return;
    const room = paths === undefined ? this.strangers.size < STRANGERS : paths.size < STRANGERS;
    if (!room || !this.strangerRoom.take(nameBytes(path))) {
      this.ownersNotKept++;
      return;
    }
    if (paths === undefined) this.strangers.set(id, (paths = new Set()));
    paths.add(path);
  }

  /** Session 0 was answered on `connection` to whoever asked for this one. */
  expired(session: Session, moment: Moment, connection: ClientConnection): void {
    if (session.end === 'closed') return;
    session.end = 'expired';
    session.endMoment = moment;
    for (const path of session.ephemerals.keys()) {
      const znode = this.model.znodes.find(path);
      if (znode?.owner !== session.id || znode.exists !== true) continue;
      this.model.znodes.deleted(path, 'expired', -1, moment.time, moment.frame, session.id);
      const change = { path, session, connection, ...moment, zxid: -1, kind: 'delete', cause: 'expired' } as const;
      for (const listen of this.model.listeners.changed) listen({ ...change, request: null, flags: 0, stat: null });
    }
  }

  closed(session: Session, moment: Moment): void {
    if (session.end === 'open') {
      session.end = 'closed';
      session.endMoment = moment;
    }
    this.finish(session);
  }

  connectionClosed(connection: ClientConnection): void {
    const session = connection.session;
    if (session?.current !== connection) return;
    // What follows on it cannot be told from another session's.
    if (connection.tcp.end === 'forgotten') session.addHole(connection.tcp.endMoment ?? session.start);
    if (session.closing !== null && session.closing === connection.closeSession) {
      this.closed(session, connection.tcp.endMoment ?? session.closing);
    } else if (
      session.id === null &&
      (session.holes === 0 || connection.tcp.end === 'forgotten') &&
      session.views.size === 0 &&
      session.ephemerals.size === 0
    ) {
      // Nobody can take it up again as far as the capture could tell.
      if (connection.tcp.end === 'forgotten') this.giveUp(session);
      else {
        session.end = 'lost';
        session.endMoment = connection.tcp.endMoment;
        this.finish(session);
      }
    } else {
      this.adrift.add(session);
      if (this.adrift.size > this.sweepAbove) this.sweep();
    }
  }

  /** The capture is over: whoever is left is told as ended, in order of appearance. */
  endAll(): void {
    const now = this.model.lastTime;
    const left = [...this.alive()].sort((a, b) => a.start.time - b.start.time || a.start.frame - b.start.frame);
    for (const session of left) if (silence(session, now) > session.timeoutNs(30e9)) lose(session);
    for (const session of left) session.forgetAbandoned();
    for (const session of left) for (const listen of this.model.listeners.sessionEnded) listen(session);
  }

  private make(id: string | null, connection: ClientConnection, start: Moment): Session {
    const session = new Session(id, connection.host, start, this.count++, this.room, this.beginnings);
    connection.host.add(session);
    if (id === null) this.nameless.add(session);
    else {
      this.byId.set(id, session);
      this.introduce(id, session);
    }
    const { byId, nameless } = this;
    if (byId.size + nameless.size > this.limit)
      this.forgetOldest(byId.size >= nameless.size ? byId : nameless, session);
    else if (this.room.used > (this.room.limit / 8) * 7) this.makeRoom(session);
    return session;
  }

  /** What was said to be its own before it was seen. */
  private introduce(id: string, session: Session): void {
    const paths = this.strangers.get(id);
    if (paths === undefined) return;
    this.strangers.delete(id);
    for (const path of paths) this.strangerRoom.give(nameBytes(path));
    for (const path of paths) if (this.model.znodes.find(path)?.owner === id) session.addOwned(path);
  }

  private attach(session: Session, connection: ClientConnection, m: ZooKeeperMessage, resumed: boolean): void {
    connection.session = session;
    this.adrift.delete(session);
    const server = connection.server;
    if (!session.servers.includes(server.address)) server.sessions++;
    session.attach({
      connection,
      client: connection.client,
      ip: connection.host.ip,
      server: server.address,
      frame: m.frame,
      time: m.time,
      resumed,
    });
    session.lastTime = m.time;
    session.lastFrame = m.frame;
  }

  /**
   * The session of the same client that came before: one that expired, or whose connection is gone, and that nobody
   * follows yet. Where several processes share an address this is a guess; whoever uses it has to look at the whole host.
   */
  private findPredecessor(session: Session): void {
    let best: Session | null = null;
    for (const other of session.host.latestSessions(LOOKED_AT)) {
      if (other === session || other.followedBy !== null || other.end === 'closed' || other.id === null) continue;
      if (other.end !== 'expired' && other.connected) continue;
      if (other.end === 'expired') {
        // The one that expired first is replaced first.
        if (best?.end !== 'expired') best = other;
      } else if (best === null || (best.end !== 'expired' && other.lastTime > best.lastTime)) best = other;
    }
    if (best === null) return;
    best.follow(session);
  }

  /** Of many sessions without a connection, those end that nobody will take up again. */
  private sweep(): void {
    const now = this.model.lastTime;
    for (const session of this.adrift) {
      if (this.adrift.size <= this.maxAdrift) break;
      if (silence(session, now) <= Math.max(LONG_GONE, 3 * session.timeoutNs(30e9))) break;
      lose(session);
      this.finish(session);
    }
    this.sweepAbove = Math.max(this.maxAdrift, this.adrift.size) + (this.maxAdrift >>> 3);
  }

  /** The oldest go, those first that have no connection; the newest is about to have one. */
  private forgetOldest(sessions: Map<string, Session> | Set<Session>, newest: Session): void {
    const others = this.byId.size + this.nameless.size - sessions.size;
    const wanted = Math.max(0, afterForgetting(this.limit) - others);
    for (const spareConnected of [true, false]) {
      for (const session of sessions.values()) {
        if (sessions.size <= wanted) return;
        if (session !== newest && !(spareConnected && session.connected)) this.giveUp(session);
      }
    }
  }

  /** The oldest go until there is room again, those first that have no connection. */
  private makeRoom(newest: Session): void {
    const wanted = (this.room.limit / 4) * 3;
    for (const spareConnected of [true, false]) {
      for (const session of [...this.alive()].sort((a, b) => a.number - b.number)) {
        if (this.room.used <= wanted) return;
        if (session !== newest && !(spareConnected && session.connected)) this.giveUp(session);
      }
    }
  }

  /** Not lost, as far as anybody knows: judged by what was seen until now. */
  private giveUp(session: Session): void {
    if (session.end === 'open') {
      session.forgotten++;
      this.forgotten++;
    }
    this.finish(session);
  }

  private finish(session: Session): void {
    session.forgetAbandoned();
    for (const listen of this.model.listeners.sessionEnded) listen(session);
    if (session.id === null) this.nameless.delete(session);
    else this.byId.delete(session.id);
    this.adrift.delete(session);
    session.shrink();
    this.keepFollowed(session);
    if (this.ended.length < SUMMARIES && this.endedBytes + session.bytes <= SUMMARY_BYTES) {
      this.ended.push(session);
      this.endedBytes += session.bytes;
    } else this.notListed++;
  }

  /** Its host keeps it for those that follow it, until there are too many. */
  private keepFollowed(session: Session): void {
    const gone = session.host.sessionEnded();
    this.followed.add(session);
    this.followedBytes += session.bytes;
    if (gone !== null) this.unfollow(gone);
    for (const oldest of this.followed) {
      if (this.followed.size <= MAX_FOLLOWED && this.followedBytes <= MAX_FOLLOWED_BYTES) return;
      oldest.host.forgetSession(oldest);
      this.unfollow(oldest);
    }
  }

  private unfollow(session: Session): void {
    if (!this.followed.delete(session)) return;
    this.followedBytes -= session.bytes;
    session.release();
  }
}

/** Nanoseconds since the client was last heard of; -Infinity where the capture goes on without its connection. */
function silence(session: Session, now: number): number {
  if (session.current?.tcp.end === 'forgotten') return -Infinity;
  return now - (session.lastRequestTime >= 0 ? session.lastRequestTime : session.lastTime);
}

function lose(session: Session): void {
  if (session.end !== 'open') return;
  session.end = 'lost';
  session.endMoment = { frame: session.lastFrame, time: session.lastTime };
}
