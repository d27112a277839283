import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import { eventTypeName } from '../../protocols/zookeeper/format/enums.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import type { Gap } from '../../protocols/protocol.js';
import type { ClientConnection } from '../knowledge/clientConnection.js';
import type { ModelListener } from '../listener.js';
import type { Session } from '../knowledge/session.js';
import { SessionLane, type LaneWeight } from './sessionLane.js';
import { type Fired, listOf, type Read, type View, type WatchKind } from '../knowledge/view.js';

/**
 * Lanes that are kept, those of sessions that have not ended apart.
 * @bound lanes
 */
const LANES = 8192;
const NAMES = 20;
/** Where the timeout is not in the capture: twice this is longer than any usual session timeout. */
const UNKNOWN_TIMEOUT = 60e9;
/** A client that is heard of less often than this share of its timeout has missed a ping; libraries ping at a third. */
const SILENT_AFTER = 2 / 3;
/** Pings in a row, at least, that make a session one which only pings; and it lasts a timeout. */
const PINGS_IN_A_ROW = 3;

/** Keeps a SessionLane for each session: connected where, silent, pinging only, events and blind windows. */
export class SessionLanes implements ModelListener {
  private readonly lanes = new Map<Session, SessionLane>();
  /** Those that ended with a connection: where the capture goes on, they were forgotten to bound memory. */
  private ending: Session[] = [];
  private readonly weight: LaneWeight = { things: 0 };
  private lastTime = 0;
  private lastFrame = 0;

  constructor(private readonly limit = LANES) {}

  get size(): number {
    return this.lanes.size;
  }

  /** The lane of a session; undefined where it was too much to keep. */
  of(session: Session): SessionLane | undefined {
    return this.lanes.get(session);
  }

  request(m: ZooKeeperMessage, connection: ClientConnection): void {
    this.now(m);
    const session = connection.session;
    if (session === null || m.op === 'connect') return;
    const lane = this.lane(session);
    this.attach(lane, connection, m.firstFrame, m.firstTime);
    if (lane.lastRequest >= 0) this.silence(lane, session, m.time);
    lane.lastRequest = m.time;
    lane.lastRequestFrame = m.frame;
    if (m.opcode !== OpCode.ping) this.working(lane, session, m.time);
    else {
      if (lane.pings++ === 0) {
        lane.firstPing = m.time;
        lane.firstPingFrame = m.frame;
      }
    }
  }

  response(m: ZooKeeperMessage, connection: ClientConnection): void {
    this.now(m);
    const { session } = connection;
    if (session === null || m.op === 'connect') return;
    const lane = this.lane(session);
    this.attach(lane, connection, m.firstFrame, m.firstTime);
    if (m.request !== null) waited(lane, m.request, m.time);
  }

  notification(m: ZooKeeperMessage, connection: ClientConnection): void {
    this.now(m);
    const session = connection.session;
    if (session === null || m.path === null) return;
    const lane = this.lane(session);
    this.attach(lane, connection, m.firstFrame, m.firstTime);
    lane.addEvent({ time: m.time, frame: m.frame, type: eventTypeName(m.eventType), path: m.path, count: 1 });
  }

  sessionAttached(session: Session, connection: ClientConnection): void {
    const attachment = session.attachments.at(-1);
    if (attachment === undefined) return;
    const lane = this.lane(session);
    // What was silent before ended with the connection before.
    lane.lastRequest = attachment.time;
    lane.lastRequestFrame = attachment.frame;
    this.attach(lane, connection, attachment.frame, attachment.time);
  }

  sessionExpired(session: Session | null, connection: ClientConnection): void {
    if (session === null) return;
    const answer = connection.handshake?.response ?? { frame: this.lastFrame, time: this.lastTime };
    this.lane(session).expired ??= answer;
  }

  connectionClosed(connection: ClientConnection): void {
    const session = connection.session;
    if (session === null) return;
    const lane = this.lanes.get(session);
    const { tcp } = connection;
    if (lane === undefined || tcp.end === 'open') return;
    const time = tcp.endMoment?.time ?? this.lastTime;
    lane.disconnected(tcp.id, time, tcp.end);
    if (connection.outstanding.oldest !== null) waited(lane, connection.outstanding.oldest, time);
    if (session.current === connection) this.settle(lane, session, time);
    // Nobody tells of the end of one that was forgotten.
    if (session.judged && this.lanes.size > this.limit) this.drop(session);
  }

  sessionEnded(session: Session): void {
    const lane = this.lanes.get(session);
    if (lane === undefined) return;
    // One that still has a connection is settled by `end`, which knows when the capture ends.
    if (!session.connected) {
      this.settle(lane, session, session.endMoment?.time ?? session.lastTime);
      if (this.lanes.size > this.limit) this.drop(session);
    } else if (this.lanes.size > this.limit) this.ending.push(session);
  }

  private drop(session: Session): void {
    this.lanes.get(session)?.drop();
    this.lanes.delete(session);
  }

  watchSetAgain(view: View, kind: WatchKind, fired: Fired, read: Read | null): void {
    const plain = fired.lastPlain;
    if (read === null || plain === null || read.err !== 0 || !fired.delivered) return;
    const { added, removed } = difference(plain, read);
    const states =
      kind === 'data'
        ? plain.mzxid >= 0 && read.mzxid >= 0 && plain.mzxid !== read.mzxid
        : (plain.list?.cversion ?? -1) >= 0 &&
          (read.list?.cversion ?? -1) >= 0 &&
          plain.list?.cversion !== read.list?.cversion;
    this.lane(view.session).addWindow({
      path: view.znode.path,
      kind,
      fired: { frame: fired.frame, time: fired.time },
      plain: { frame: plain.frame, time: plain.time },
      watched: { frame: read.frame, time: read.time },
      changed: states || added.length + removed.length > 0,
      added: added.slice(0, NAMES),
      removed: removed.slice(0, NAMES),
      addedCount: added.length,
      removedCount: removed.length,
      until: null,
    });
  }

  listRead(view: View, read: Read): void {
    if (!read.watch) this.lanes.get(view.session)?.readAgain(view.znode.path, { frame: read.frame, time: read.time });
  }

  gap(gap: Gap, connection: ClientConnection): void {
    if (connection.session !== null) this.lane(connection.session).addHole({ frame: gap.frame, time: gap.time });
  }

  end(time: number): void {
    for (const [session, lane] of this.lanes) {
      for (const span of lane.connections) if (span.end === 'open') span.to = time;
      const oldest = session.connected ? (session.current?.outstanding.oldest ?? null) : null;
      if (oldest !== null) waited(lane, oldest, time);
      if (session.connected) this.settle(lane, session, time);
    }
  }

  private now({ time, frame }: ZooKeeperMessage): void {
    this.lastTime = time;
    this.lastFrame = frame;
  }

  private lane(session: Session): SessionLane {
    let lane = this.lanes.get(session);
    if (lane === undefined) {
      for (const gone of this.ending) this.drop(gone);
      this.ending = [];
      lane = new SessionLane(this.weight);
      this.lanes.set(session, lane);
    }
    return lane;
  }

  private attach(lane: SessionLane, connection: ClientConnection, frame: number, time: number): void {
    if (lane.connections.at(-1)?.connection === connection.id) return;
    if (lane.connections.some((span) => span.connection === connection.id)) return;
    const { client, server } = connection;
    const [id, address] = [connection.id, server.address];
    lane.connected({ connection: id, client, server: address, from: time, to: time, frame, end: 'open' });
  }

  /** Nothing may come from the client for so long; then it is silent. */
  private silence(lane: SessionLane, session: Session, now: number): void {
    // What is missing from the capture may have been a ping.
    if (session.uncertainSince(lane.lastRequest)) return;
    if (now - lane.lastRequest <= session.timeoutNs(UNKNOWN_TIMEOUT) * SILENT_AFTER) return;
    lane.addQuiet({ kind: 'silent', from: lane.lastRequest, to: now, frame: lane.lastRequestFrame });
  }

  /** Pings alone end here. */
  private working(lane: SessionLane, session: Session, now: number): void {
    if (lane.pings >= PINGS_IN_A_ROW && now - lane.firstPing >= session.timeoutNs(UNKNOWN_TIMEOUT / 2))
      lane.addQuiet({ kind: 'pinging', from: lane.firstPing, to: now, frame: lane.firstPingFrame });
    lane.pings = 0;
  }

  private settle(lane: SessionLane, session: Session, now: number): void {
    if (lane.lastRequest >= 0) {
      this.silence(lane, session, now);
      this.working(lane, session, lane.lastRequest);
    }
    lane.lastRequest = -1;
  }
}

/** A request that waited so long (nanoseconds) is to be seen. */
const LONG_WAIT = 0.3e9;

/** Waits that overlap are one. */
function waited(
  lane: SessionLane,
  { time: from, frame }: { readonly time: number; readonly frame: number },
  to: number,
): void {
  if (to - from < LONG_WAIT) return;
  const last = lane.quiet.findLast(({ kind }) => kind === 'waiting');
  if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
  else lane.addQuiet({ kind: 'waiting', from, to, frame });
}

function difference(plain: Read, read: Read): { added: string[]; removed: string[] } {
  const first = listOf(plain);
  const second = listOf(read);
  if (first === null || second === null || first === second) return { added: [], removed: [] };
  const before = new Set(first.names);
  const after = new Set(second.names);
  return {
    added: second.names.filter((name) => !before.has(name)),
    removed: first.names.filter((name) => !after.has(name)),
  };
}
