import { ErrorCode, errorName } from '../../../protocols/zookeeper/format/errors.js';
import type { ZooKeeperMessage, ZooKeeperRequest } from '../../../protocols/zookeeper/message.js';
import { EventType, isEphemeral, isSequential, OpCode } from '../../../protocols/zookeeper/format/opcodes.js';
import type { ClientConnection } from '../../knowledge/clientConnection.js';
import type { ModelListener } from '../../listener.js';
import type { Model } from '../../model.js';
import type { Session } from '../../knowledge/session.js';
import type { View } from '../../knowledge/view.js';
import type { Cause, Znode } from '../../knowledge/znode.js';
import { childName, childPrefix, sameNames } from './childNames.js';
import type { Actor, ListSnapshot, PathChange, PathReading, Refusal } from './pathFacts.js';
import { PathSession } from './pathSession.js';

const CHANGES = 50_000;
const SNAPSHOTS = 5000;
const SESSIONS = 20_000;
const REFUSALS = 500;
const OWNERS = 200_000;
const NO_STAT = -1;

interface NewChange {
  readonly kind: PathChange['kind'];
  readonly path: string;
  readonly cause: Cause;
  readonly version?: number;
  readonly ephemeral?: boolean;
}

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
  readonly refusals: Refusal[] = [];
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
  private readonly ownedBy = new Map<string, Set<string>>();

  constructor(
    private readonly model: Model,
    readonly path: string,
  ) {
    this.prefix = childPrefix(path);
  }

  request(m: ZooKeeperMessage, connection: ClientConnection): void {
    if (m.path === null || connection.session === null) return;
    if (m.path === this.path) this.first ??= { frame: m.frame, time: m.time };
    if (m.opcode !== OpCode.getData && m.opcode !== OpCode.exists && m.opcode !== OpCode.getChildren2) return;
    const child = childName(m.path, this.prefix);
    if (child !== null) this.sessions.get(connection.session)?.fetches(child);
  }

  response(m: ZooKeeperMessage, connection: ClientConnection): void {
    const { request } = m;
    const session = connection.session;
    if (request === null || session === null) return;
    switch (request.opcode) {
      case OpCode.exists:
      case OpCode.getData:
        if (request.path === this.path) this.noteData(m, request, session, connection);
        else if (request.path !== null && m.err === 0) this.childStat(m, request.path);
        return;
      case OpCode.getChildren:
      case OpCode.getChildren2:
        if (request.path === this.path) this.noteList(m, request, session, connection);
        return;
      case OpCode.multi:
        this.multi(m, request, session, connection);
        return;
      case OpCode.closeSession:
        this.sessionClosed(m, session);
        return;
      default:
        if (request.path !== null) this.write(m, request, session, connection);
    }
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
    const view = session.views.get(this.path);
    if (own === undefined || view === undefined) return;
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
      if (this.sessions.size >= SESSIONS) {
        this.forgotten++;
        return null;
      }
      own = new PathSession(session);
      this.sessions.set(session, own);
    }
    return own;
  }

  private noteData(
    m: ZooKeeperMessage,
    request: ZooKeeperRequest,
    session: Session,
    connection: ClientConnection,
  ): void {
    if (m.err !== 0 && m.err !== ErrorCode.NoNode) {
      this.refused(m, request.op, session, connection);
      return;
    }
    const stat = m.stat();
    if (stat !== null) this.version(stat.mzxid, stat.version, stat.czxid, stat.ephemeralOwner, m);
    this.of(session)?.addData({
      ...reading(m, request, connection),
      list: null,
      mzxid: stat?.mzxid ?? NO_STAT,
      version: stat?.version ?? NO_STAT,
    });
  }

  private noteList(
    m: ZooKeeperMessage,
    request: ZooKeeperRequest,
    session: Session,
    connection: ClientConnection,
  ): void {
    if (m.err !== 0) {
      this.refused(m, request.op, session, connection);
      return;
    }
    const stat = request.opcode === OpCode.getChildren2 ? m.stat() : null;
    if (stat !== null) this.version(stat.mzxid, stat.version, stat.czxid, stat.ephemeralOwner, m);
    const names = m.childNames()?.names ?? null;
    const list = names === null ? null : this.snapshot(m, names, stat?.pzxid ?? NO_STAT, stat?.cversion ?? NO_STAT);
    this.of(session)?.addList({
      ...reading(m, request, connection),
      list,
      mzxid: stat?.mzxid ?? NO_STAT,
      version: stat?.version ?? NO_STAT,
    });
  }

  private snapshot(
    m: ZooKeeperMessage,
    names: readonly string[],
    pzxid: number,
    cversion: number,
  ): ListSnapshot | null {
    const { zxid, frame, time } = m;
    const known = pzxid >= 0 ? this.byPzxid.get(pzxid) : this.latestStatless;
    if (known !== null && known !== undefined && (pzxid >= 0 || sameNames(known.names, names))) {
      if (zxid > known.lastZxid) known.lastZxid = zxid;
      return known;
    }
    if (this.snapshots.length >= SNAPSHOTS) {
      this.forgotten++;
      const oldest = this.snapshots.shift();
      if (oldest !== undefined && oldest.pzxid >= 0) this.byPzxid.delete(oldest.pzxid);
    }
    const snapshot: ListSnapshot = { names, zxid, lastZxid: zxid, pzxid, cversion, frame, time, position: -1 };
    this.snapshots.push(snapshot);
    if (pzxid >= 0) this.byPzxid.set(pzxid, snapshot);
    else this.latestStatless = snapshot;
    return snapshot;
  }

  private version(mzxid: number, version: number, czxid: number, owner: string, m: ZooKeeperMessage): void {
    if (this.versions.has(mzxid)) return;
    if (this.versions.size >= CHANGES) this.forgotten++;
    else this.versions.set(mzxid, { version, czxid, owner, frame: m.frame, time: m.time });
  }

  /** Whose the child is. */
  private childStat(m: ZooKeeperMessage, path: string): void {
    const child = childName(path, this.prefix);
    if (child === null) return;
    const owner = m.stat()?.ephemeralOwner;
    if (owner !== undefined && owner !== '0x0') this.owned(child, owner);
  }

  private owned(child: string, session: string): void {
    const before = this.owners.get(child);
    if (before === session || (before === undefined && this.owners.size >= OWNERS)) return;
    if (before !== undefined) this.ownedBy.get(before)?.delete(child);
    this.owners.set(child, session);
    let children = this.ownedBy.get(session);
    if (children === undefined) this.ownedBy.set(session, (children = new Set()));
    children.add(child);
  }

  /** Who has read the data knows what it wrote itself as well. */
  private wrote(m: ZooKeeperMessage, request: ZooKeeperRequest, session: Session, connection: ClientConnection): void {
    const version = m.stat()?.version ?? (request.opcode === OpCode.setData ? NO_STAT : 0);
    const mzxid = m.stat()?.mzxid ?? m.zxid;
    const read = { ...reading(m, request, connection), list: null, mzxid, version };
    this.sessions.get(session)?.addData(read);
  }

  private write(m: ZooKeeperMessage, request: ZooKeeperRequest, session: Session, connection: ClientConnection): void {
    const asked = request.path!;
    // A sequential znode's path is in the answer only.
    const path = m.path ?? asked;
    if (path !== this.path && childName(path, this.prefix) === null) return;
    const by = { session: session.id, client: connection.client };
    if (m.err !== 0) {
      if (asked === this.path) this.refused(m, request.op, session, connection);
      return;
    }
    switch (request.opcode) {
      case OpCode.create:
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL: {
        if (m.path === null && isSequential(request.flags)) return;
        if (path === this.path) this.wrote(m, request, session, connection);
        this.changed(m, by, {
          kind: 'create',
          path,
          cause: 'request',
          version: 0,
          ephemeral: isEphemeral(request.flags),
        });
        return;
      }
      case OpCode.delete:
      case OpCode.deleteContainer:
        this.changed(m, by, { kind: 'delete', path, cause: 'request' });
        return;
      case OpCode.setData: {
        const version = m.stat()?.version;
        if (path === this.path) this.wrote(m, request, session, connection);
        this.changed(m, by, { kind: 'setData', path, cause: 'request', ...(version === undefined ? {} : { version }) });
        return;
      }
      case OpCode.setACL:
        this.changed(m, by, { kind: 'setACL', path, cause: 'request' });
        return;
      default:
    }
  }

  private multi(m: ZooKeeperMessage, request: ZooKeeperRequest, session: Session, connection: ClientConnection): void {
    const asked = request.body?.ops ?? [];
    if (!asked.some(({ path }) => path !== undefined && (path === this.path || path.startsWith(this.prefix)))) return;
    const by = { session: session.id, client: connection.client };
    const results = m.responseBody()?.ops ?? [];
    const failed = m.err !== 0 || results.some((result) => (result.err ?? 0) !== 0);
    if (failed) {
      if (asked.some(({ path }) => path === this.path)) this.refused(m, 'multi', session, connection);
      return;
    }
    for (const [i, op] of asked.entries()) {
      const path = results[i]?.path ?? op.path;
      if (path === undefined) continue;
      const flags = op.flags ?? 0;
      if (op.op.startsWith('create')) {
        if (results[i]?.path === undefined && isSequential(flags)) continue;
        this.changed(m, by, { kind: 'create', path, cause: 'request', version: 0, ephemeral: isEphemeral(flags) });
      } else if (op.op === 'delete') this.changed(m, by, { kind: 'delete', path, cause: 'request' });
      else if (op.op === 'setData') {
        const version = results[i]?.stat?.version;
        this.changed(m, by, { kind: 'setData', path, cause: 'request', ...(version === undefined ? {} : { version }) });
      }
    }
  }

  /** The session's ephemerals go with it, in one transaction. */
  private sessionClosed(m: ZooKeeperMessage, session: Session): void {
    if (m.err !== 0) return;
    const by = { session: session.id, client: session.client };
    if (this.closings.size < CHANGES) this.closings.set(m.zxid, { by, frame: m.frame, time: m.time });
    else this.forgotten++;
    if (session.id === null) return;
    for (const child of this.ownedBy.get(session.id) ?? []) {
      this.changed(m, by, { kind: 'delete', path: this.prefix + child, cause: 'closeSession' });
    }
    this.ownedBy.delete(session.id);
    if (this.model.znodes.find(this.path)?.deletion?.frame === m.frame) {
      this.changed(m, by, { kind: 'delete', path: this.path, cause: 'closeSession' });
    }
  }

  private changed(m: ZooKeeperMessage, by: Actor, change: NewChange): void {
    const child = childName(change.path, this.prefix);
    if (child === null && change.path !== this.path) return;
    const { kind, cause, version, ephemeral } = change;
    const { zxid, frame, time } = m;
    const changes = child === null ? this.ownChanges : this.childChanges;
    if (child !== null) {
      // Data and ACL of a child do not concern the list.
      if (kind !== 'create' && kind !== 'delete') return;
      if (ephemeral === true && by.session !== null) this.owned(child, by.session);
      if (kind === 'delete') this.ownedBy.get(this.owners.get(child) ?? '')?.delete(child);
    } else this.first ??= { frame, time };
    changes.push({
      kind,
      child,
      cause,
      knownFrom: 'answer',
      zxid,
      exact: true,
      after: -1,
      frame,
      time,
      by,
      version: version ?? null,
      ephemeral: ephemeral ?? null,
    });
    if (changes.length > CHANGES) {
      this.forgotten += CHANGES / 4;
      changes.splice(0, CHANGES / 4);
    }
  }

  private refused(m: ZooKeeperMessage, op: string, session: Session, connection: ClientConnection): void {
    const error = errorName(m.err);
    const last = this.refusals.at(-1);
    if (last?.op === op && last.error === error && last.by.client === connection.client) {
      last.count++;
      return;
    }
    if (this.refusals.length >= REFUSALS) {
      this.forgotten++;
      return;
    }
    const { frame, time, zxid } = m;
    this.refusals.push({
      op,
      error,
      frame,
      time,
      zxid,
      by: { session: session.id, client: connection.client },
      count: 1,
    });
  }
}

function reading(
  m: ZooKeeperMessage,
  request: ZooKeeperRequest,
  connection: ClientConnection,
): Omit<PathReading, 'list' | 'mzxid' | 'version'> {
  const { frame, time, zxid, err } = m;
  return {
    op: request.op,
    watch: request.watch,
    requestFrame: request.frame,
    requestTime: request.time,
    frame,
    time,
    zxid,
    err,
    server: connection.server.address,
    count: 1,
    lastFrame: frame,
    lastTime: time,
    fetched: null,
  };
}
