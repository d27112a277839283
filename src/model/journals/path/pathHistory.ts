import { ErrorCode, errorName } from '../../../protocols/zookeeper/format/errors.js';
import { EventType, isEphemeral } from '../../../protocols/zookeeper/format/enums.js';
import { OpCode } from '../../../protocols/zookeeper/format/opcodes.js';
import type { Stat } from '../../../protocols/zookeeper/format/stat.js';
import type { ZooKeeperMessage, ZooKeeperRequest } from '../../../protocols/zookeeper/message.js';
import type { DataRead, ListAnswer, RefusedAnswer, Seen, ZnodeChange } from '../../events.js';
import type { ClientConnection } from '../../knowledge/clientConnection.js';
import { nameBytes, namesBytes, Room } from '../../knowledge/room.js';
import type { Session } from '../../knowledge/session.js';
import type { View } from '../../knowledge/view.js';
import { parentOf, type Znode } from '../../knowledge/znode.js';
import type { ModelListener } from '../../listener.js';
import type { Model } from '../../model.js';
import { childName, childPrefix, sameNames } from './childNames.js';
import type { Actor, ListSnapshot, PathChange, PathReading, PathRefusal } from './pathFacts.js';
import { PathSession } from './pathSession.js';

/**
 * Changes of a path that are kept, and as many of its children: the latest.
 * @bound changes
 */
const CHANGES = 50_000;
/**
 * Lists of its children that differ.
 * @bound lists
 */
const SNAPSHOTS = 5000;
/**
 * Sessions that read it or were told of it.
 * @bound sessions
 */
const SESSIONS = 20_000;
/**
 * Requests in a row that were refused alike count once.
 * @bound of them
 */
const REFUSALS = 500;
/**
 * Children whose owner is known.
 * @bound children
 */
const OWNERS = 200_000;
/**
 * What all this takes: changes, lists with their names, what each session read and was told.
 * @bound bytes
 */
const BYTES = 40 * 1024 * 1024;
const NO_STAT = -1;
/** Bytes that one takes, names apart; a session that has ended keeps what the model knows of it. */
const CHANGE_BYTES = 240;
const LIST_BYTES = 160;
const SESSION_BYTES = 1500;
const OWNER_BYTES = 64;

/**
 * Records all that the capture says of one path: changes of the znode and of its children, every list and Stat that was
 * read, and what each session read and was told. Listens to a Model. Bounded: what is too much is counted in `forgotten`.
 */
export class PathHistory implements ModelListener {
  /** Changes that an answer proves, in the order of the capture. */
  readonly childChanges: PathChange[] = [];
  readonly ownChanges: PathChange[] = [];
  /** Distinct lists, in the order in which they were first read. */
  readonly snapshots: ListSnapshot[] = [];
  /** First reads of each version of the data: mzxid → place. */
  readonly versions = new Map<number, { version: number; czxid: number; frame: number; time: number; owner: string }>();
  readonly refusals: PathRefusal[] = [];
  readonly sessions = new Map<Session, PathSession>();
  /** Session that owns an ephemeral child, by name; of one that is gone, the last owner. */
  readonly owners = new Map<string, string>();
  /** Answered closeSessions by zxid: what vanished in that transaction was theirs. */
  readonly closings = new Map<number, { by: Actor; frame: number; time: number }>();
  /** When a session was told that the path was deleted, without a zxid. */
  deletedSeen: { frame: number; time: number } | null = null;
  /** First message of any kind about the path; null if there was none. */
  first: { frame: number; time: number } | null = null;
  forgotten = 0;
  private readonly prefix: string;
  private readonly byPzxid = new Map<number, ListSnapshot>();
  private latestStatless: ListSnapshot | null = null;
  private readonly room: Room;

  constructor(
    private readonly model: Model,
    readonly path: string,
    bytes = BYTES,
  ) {
    this.room = new Room(bytes);
    this.prefix = childPrefix(path);
  }

  request(m: ZooKeeperMessage, connection: ClientConnection): void {
    if (m.path === null || connection.session === null) return;
    if (m.path === this.path) this.first ??= { frame: m.frame, time: m.time };
    if (m.opcode !== OpCode.getData && m.opcode !== OpCode.exists && m.opcode !== OpCode.getChildren2) return;
    const child = childName(m.path, this.prefix);
    if (child !== null) this.sessions.get(connection.session)?.fetches(child);
  }

  dataRead(read: DataRead): void {
    const { path, there, stat, session, request } = read;
    if (path !== this.path) {
      const child = there ? childName(path, this.prefix) : null;
      if (child !== null && stat !== null && stat.ephemeralOwner !== '0x0') this.owned(child, stat.ephemeralOwner);
      return;
    }
    // Nobody takes a znode's data from its ACL.
    if (request.opcode === OpCode.getACL) {
      if (!there) this.refusal(read, ErrorCode.NoNode);
      return;
    }
    if (stat !== null) this.version(stat, read);
    this.of(session)?.addData(dataReading(read, request, there, stat));
  }

  listAnswered(answer: ListAnswer): void {
    const { path, there, stat, names, session, request } = answer;
    if (path !== this.path) return;
    if (!there) {
      this.refusal(answer, ErrorCode.NoNode);
      return;
    }
    if (stat !== null) this.version(stat, answer);
    const list =
      names === null ? null : this.snapshot(answer, names, stat?.pzxid ?? NO_STAT, stat?.cversion ?? NO_STAT);
    this.of(session)?.addList({ ...dataReading(answer, request, there, stat), list });
  }

  refused(answer: RefusedAnswer): void {
    if (answer.path === this.path) this.refusal(answer, answer.err);
  }

  changed(change: ZnodeChange): void {
    const { kind, path, cause, stat, request, session, connection, frame, time, zxid } = change;
    const child = childName(path, this.prefix);
    if (child === null && path !== this.path) return;
    if (zxid < 0) {
      // Without a transaction it has no place among the changes; that of the znode itself is known to come last.
      if (child === null) this.deletedSeen = { frame, time };
      return;
    }
    const created = kind === 'create';
    const ephemeral = created ? isEphemeral(change.flags) : null;
    const by = { session: session.id, client: cause === 'request' ? connection.client : session.client };
    if (child !== null) {
      // Data and ACL of a child do not concern the list.
      if (!created && kind !== 'delete') return;
      if (ephemeral === true && by.session !== null) this.owned(child, by.session);
    } else {
      this.first ??= { frame, time };
      // Who has read the data knows what it wrote itself as well.
      if (request !== null && request.opcode !== OpCode.multi && (created || kind === 'setData')) {
        this.sessions.get(session)?.addData({
          ...dataReading(change, request, true, stat),
          mzxid: stat?.mzxid ?? zxid,
          version: stat?.version ?? (created ? 0 : NO_STAT),
        });
      }
    }
    const version = created ? 0 : kind === 'setData' ? (stat?.version ?? null) : null;
    const fact = { kind, child, cause, knownFrom: 'answer', zxid, exact: true, after: -1 } as const;
    const changes = child === null ? this.ownChanges : this.childChanges;
    if (changes.length >= CHANGES || !this.room.take(changeBytes(child))) {
      const oldest = changes.splice(0, Math.max(1, changes.length >>> 2));
      for (const change of oldest) this.room.give(changeBytes(change.child));
      this.forgotten += Math.max(1, oldest.length);
      if (!this.room.take(changeBytes(child))) return;
    }
    changes.push({ ...fact, frame, time, by, version, ephemeral });
  }

  sessionClosed(session: Session, { zxid, frame, time }: Seen): void {
    const by = { session: session.id, client: session.client };
    if (this.closings.size < CHANGES && this.room.take(CHANGE_BYTES)) this.closings.set(zxid, { by, frame, time });
    else this.forgotten++;
  }

  notification(m: ZooKeeperMessage, connection: ClientConnection, view: View | null): void {
    if (m.path !== this.path || view === null) return;
    this.first ??= { frame: m.frame, time: m.time };
    const { eventType, frame, time, streamEnd } = m;
    this.of(view.session)?.addTold({ eventType, frame, time, streamEnd, connection: connection.tcp });
    if (eventType === EventType.NodeDeleted) this.deletedSeen = { frame, time };
  }

  sessionEnded(session: Session): void {
    const own = this.sessions.get(session);
    if (own === undefined) return;
    own.namedSince = recursiveSince(session, this.path);
    const view = session.views.get(this.path);
    if (view === undefined) return;
    own.holdsChildWatch = view.holds('child');
    own.holdsDataWatch = view.holds('data');
    own.everChildWatch = view.everChild || view.persistentWatch !== null;
    own.everDataWatch = view.everData || view.persistentWatch !== null;
  }

  /** Whether anything at all was seen of the path itself. */
  get seen(): boolean {
    return this.first !== null || this.ownChanges.length > 0 || this.childChanges.length > 0;
  }

  /** What the model knows of the znode at the end. */
  get znode(): Znode | undefined {
    return this.model.znodes.find(this.path);
  }

  /** The owner of a child, if that session was over (but not closed) or unheard of at `time`. */
  expiredOwner(child: string, time: number): Actor | null {
    const id = this.owners.get(child);
    const session = id === undefined ? undefined : this.model.sessions.find(id);
    if (session === undefined || (session.end !== 'expired' && session.end !== 'lost')) return null;
    return session.lastRequestTime < time ? { session: session.id, client: session.client } : null;
  }

  private of(session: Session): PathSession | null {
    let own = this.sessions.get(session);
    if (own === undefined) {
      if (this.sessions.size >= SESSIONS || !this.room.take(SESSION_BYTES)) {
        this.forgotten++;
        return null;
      }
      own = new PathSession(session, this.room);
      this.sessions.set(session, own);
    }
    return own;
  }

  private snapshot(
    { zxid, frame, time }: Seen,
    names: readonly string[],
    pzxid: number,
    cversion: number,
  ): ListSnapshot | null {
    const known = pzxid >= 0 ? this.byPzxid.get(pzxid) : this.latestStatless;
    if (known !== null && known !== undefined && (pzxid >= 0 || sameNames(known.names, names))) {
      if (zxid > known.lastZxid) known.lastZxid = zxid;
      return known;
    }
    const bytes = listBytes(names);
    if (this.snapshots.length >= SNAPSHOTS || !this.room.take(bytes)) {
      this.forgetSnapshots();
      if (!this.room.take(bytes)) {
        this.forgotten++;
        return null;
      }
    }
    const snapshot: ListSnapshot = { names, zxid, lastZxid: zxid, pzxid, cversion, frame, time, position: -1 };
    this.snapshots.push(snapshot);
    if (pzxid >= 0) this.byPzxid.set(pzxid, snapshot);
    else this.latestStatless = snapshot;
    return snapshot;
  }

  /** The oldest quarter goes, also from what sessions have read. */
  private forgetSnapshots(): void {
    const oldest = this.snapshots.splice(0, Math.max(1, this.snapshots.length >>> 2));
    for (const { names, pzxid } of oldest) {
      this.room.give(listBytes(names));
      if (pzxid >= 0) this.byPzxid.delete(pzxid);
    }
    this.forgotten += oldest.length;
    const gone = new Set(oldest);
    if (this.latestStatless !== null && gone.has(this.latestStatless)) this.latestStatless = null;
    for (const session of this.sessions.values()) session.forgetLists(gone);
  }

  private version({ mzxid, version, czxid, ephemeralOwner: owner }: Stat, { frame, time }: Seen): void {
    if (this.versions.has(mzxid)) return;
    if (this.versions.size >= CHANGES || !this.room.take(CHANGE_BYTES)) this.forgotten++;
    else this.versions.set(mzxid, { version, czxid, owner, frame, time });
  }

  private owned(child: string, session: string): void {
    if (this.owners.has(child)) this.owners.set(child, session);
    else if (this.owners.size < OWNERS && this.room.take(OWNER_BYTES + nameBytes(child)))
      this.owners.set(child, session);
    else this.forgotten++;
  }

  private refusal(answer: RefusedAnswer | DataRead | ListAnswer, err: number): void {
    const { request, session, connection, frame, time, zxid } = answer;
    const { op } = request;
    const error = errorName(err);
    const last = this.refusals.at(-1);
    if (last?.op === op && last.error === error && last.by.client === connection.client) {
      last.count++;
      return;
    }
    if (this.refusals.length >= REFUSALS) {
      this.forgotten++;
      return;
    }
    const by = { session: session.id, client: connection.client };
    this.refusals.push({ op, error, frame, time, zxid, by, count: 1 });
  }
}

const changeBytes = (child: string | null): number => CHANGE_BYTES + (child === null ? 0 : nameBytes(child));
const listBytes = (names: readonly string[]): number => LIST_BYTES + namesBytes(names);

/** When the recursive watch was set that the session holds on the path or above it. */
function recursiveSince(session: Session, path: string): number | null {
  for (let p: string | null = path; p !== null; p = parentOf(p)) {
    const view = session.views.get(p);
    if (view?.recursive === true && view.holdsPersistent(session.current)) return view.persistentWatch?.time ?? null;
  }
  return null;
}

/** What an answer tells of the znode's data. */
function dataReading(
  { frame, time, zxid, connection }: ZnodeChange | DataRead | ListAnswer,
  request: ZooKeeperRequest,
  there: boolean,
  stat: Stat | null,
): PathReading {
  return {
    op: request.op,
    watch: request.watch,
    requestFrame: request.frame,
    requestTime: request.time,
    frame,
    time,
    zxid,
    err: there ? 0 : ErrorCode.NoNode,
    list: null,
    mzxid: stat?.mzxid ?? NO_STAT,
    version: stat?.version ?? NO_STAT,
    server: connection.server.address,
    count: 1,
    lastFrame: frame,
    lastTime: time,
    fetched: null,
  };
}
