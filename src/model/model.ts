import { type Acknowledgement, type ConnectionFacts, type TcpEvent } from '../observations/connectionFacts.js';
import type { ObservationSink } from '../observations/observation.js';
import type { Gap } from '../protocols/protocol.js';
import type { Message } from '../protocols/registry.js';
import type { ZooKeeperMessage, ZooKeeperRequest } from '../protocols/zookeeper/message.js';
import { isWrite, OpCode } from '../protocols/zookeeper/format/opcodes.js';
import { afterForgetting, type Forgotten } from './bounds.js';
import type { AnsweredRequest } from './events.js';
import { ClientConnection } from './knowledge/clientConnection.js';
import { ConnectionChurn } from './neighbours/connectionChurn.js';
import { zooKeeperUse } from './neighbours/connectionUse.js';
import { connectRequest, connectResponse } from './knowledge/handshake.js';
import { EtcdLeaders } from './neighbours/etcdLeaders.js';
import { Host } from './knowledge/host.js';
import { LeaseTable } from './neighbours/leases.js';
import { Listeners, type ModelListener } from './listener.js';
import { notificationSeen } from './knowledge/notifications.js';
import { CapturedPairSums } from './measures/capturedPairs.js';
import { Operations } from './measures/operations.js';
import { OtherProtocols } from './neighbours/otherProtocols.js';
import { errorOf } from './knowledge/outcome.js';
import { QuorumModel } from './neighbours/quorum/index.js';
import { readAnswered } from './knowledge/reads.js';
import { Room } from './knowledge/room.js';
import { Server } from './knowledge/server.js';
import { Session } from './knowledge/session.js';
import { Sessions } from './knowledge/sessions.js';
import { TlsHandshakes } from './neighbours/tlsHandshakes.js';
import { View } from './knowledge/view.js';
import { Views } from './knowledge/views.js';
import { addWatchAnswered, removeWatchesAnswered, setWatchesAnswered } from './knowledge/watches.js';
import { closeSessionAnswered, refused, sessionTimedOut, writeAnswered } from './knowledge/writes.js';
import type { Znode } from './knowledge/znode.js';
import { Znodes } from './knowledge/znodes.js';

export interface ModelOptions {
  /** Ports on which a TCP connection that says nothing is taken for one to ZooKeeper. */
  readonly ports?: readonly number[];
  /** Bounds on what is kept; what goes beyond is forgotten, oldest first, and counted. */
  readonly maxZnodes?: number;
  readonly maxSessions?: number;
  /** Sessions without a connection that are kept however long they are silent. */
  readonly maxAdrift?: number;
  readonly maxViewsPerSession?: number;
  /** Of all sessions together. */
  readonly maxViews?: number;
  readonly maxHosts?: number;
}

/** Nanoseconds: servers look for expired sessions about as often. */
const TICK = 2e9;
/** Nanoseconds: nobody sends pings so close to each other, but TCP what it could not send before. */
const PILED_UP = 0.5e9;
/**
 * Addresses of servers.
 * @bound servers
 */
const MAX_SERVERS = 1024;

/**
 * Views of one session.
 * @bound views
 */
const MAX_VIEWS_OF_SESSION = 20_000;
/**
 * Client hosts.
 * @bound hosts
 */
const MAX_HOSTS = 8192;

/** So many of the connections are found at a glance, a power of two: one of each remainder of their numbers. */
const RECENT = 8192;

/**
 * Names of children that sessions are expected to ask for: those that came between two reads of a list.
 * @bound bytes
 */
const MAX_AWAITED = 4 * 1024 * 1024;

/** A longer path of a connection's latest request is not remembered. */
const LONG_PATH = 256;

/** What the whole capture holds, in numbers. */
export class Totals {
  connections = 0;
  messages = 0;
  requests = 0;
  responses = 0;
  notifications = 0;
  pings = 0;
  /** Requests whose connection ended (or the capture) without an answer. */
  unanswered = 0;
  gaps = 0;
  gapBytes = 0;
  /** `gapBytes` by kind. */
  readonly gapBytesBy = { missing: 0, unaligned: 0, foreign: 0, encrypted: 0 };

  /** The numbers as a plain object. */
  copy(): Pick<Totals, Exclude<keyof Totals, 'copy'>> {
    const { connections, messages, requests, responses, notifications, pings, unanswered, gaps, gapBytes } = this;
    const gapBytesBy = { ...this.gapBytesBy };
    return { connections, messages, requests, responses, notifications, pings, unanswered, gaps, gapBytes, gapBytesBy };
  }
}

/**
 * Who knew what, and when: connections, sessions, watches and znodes, built from the messages in the order of the capture.
 * It takes in observations and tells its listeners. What the
 * capture does not show is null (or a `holes` count), never a guess. Memory is bounded by what is alive.
 */
export class Model implements ObservationSink {
  readonly totals = new Totals();
  readonly operations = new Operations();
  /** What the servers say among themselves, where the capture has it. */
  readonly quorum = new QuorumModel();
  readonly others = new OtherProtocols();
  readonly leases = new LeaseTable();
  readonly handshakes = new TlsHandshakes();
  readonly churn = new ConnectionChurn();
  readonly etcdLeaders = new EtcdLeaders();
  readonly pairs = new CapturedPairSums();
  readonly listeners = new Listeners();
  readonly znodes: Znodes;
  readonly sessions: Sessions;
  readonly hosts = new Map<string, Host>();
  readonly servers = new Map<string, Server>();
  /** Open connections (and those the capture ends with) by number. */
  readonly connections = new Map<number, ClientConnection>();
  /** Time of the first and the latest thing that the model was told. */
  startTime: number | null = null;
  lastTime = 0;
  lastFrame = 0;
  ended = false;
  private readonly ports: ReadonlySet<number>;
  private readonly maxViews: number;
  private readonly maxHosts: number;
  private hostLimit: number;
  private readonly views: Views;
  private readonly recent = new Array<ClientConnection | null>(RECENT).fill(null);
  /** What `apply` hands on: one object for all answers. */
  private answer: { -readonly [K in keyof AnsweredRequest]: AnsweredRequest[K] } | null = null;

  /** Connections with data of the client, of the server, and with any packet of either. */
  private readonly heardOf = { client: 0, server: 0, clientPackets: 0, serverPackets: 0 };

  readonly awaited = new Room(MAX_AWAITED);
  /** Lists of children that were too long to keep. */
  listsTooLong = 0;
  private forgottenConnections = 0;
  private forgottenRequests = 0;
  /** What rules had no room for (see RuleContext.notKept). */
  casesNotKept = 0;

  /** Of totals.gaps, those that are no loss: bytes of strangers on the port (HTTP), and of TLS without a key: captured but not read. */
  foreignGaps = 0;

  constructor(options: ModelOptions = {}) {
    this.ports = new Set(options.ports ?? [2181, 2281]);
    this.znodes = new Znodes(options.maxZnodes);
    this.sessions = new Sessions(this, options.maxSessions, options.maxAdrift);
    this.maxViews = options.maxViewsPerSession ?? MAX_VIEWS_OF_SESSION;
    this.maxHosts = options.maxHosts ?? MAX_HOSTS;
    this.hostLimit = this.maxHosts;
    this.views = new Views(options.maxViews);
    this.quorum.onClosing = (id, closing) => {
      const session = this.sessions.find(id);
      if (session !== undefined) sessionTimedOut(this, session, closing);
    };
  }

  /** The one direction that the capture holds, where it holds data of no other; null where it holds both, or none. */
  get direction(): 'toServer' | 'toClient' | null {
    const heard = { ...this.heardOf };
    for (const { tcp } of this.connections.values()) hear(heard, tcp);
    if (heard.client > 0 && heard.serverPackets === 0) return 'toServer';
    return heard.server > 0 && heard.clientPackets === 0 ? 'toClient' : null;
  }

  addListener(listener: ModelListener): void {
    this.listeners.add(listener);
  }

  /** A TCP connection was seen for the first time. Those to other services are ignored, unless ZooKeeper is found on them. */
  opened(tcp: ConnectionFacts): void {
    this.now(tcp.start.time, tcp.start.frame);
    if (this.isZooKeeper(tcp)) this.open(tcp);
  }

  /** TCP tells of the connection what messages do not. */
  tcp(event: TcpEvent, tcp: ConnectionFacts): void {
    if (this.listeners.tcp.length === 0) return;
    const connection = this.connections.get(tcp.id);
    if (connection === undefined) return;
    for (const listen of this.listeners.tcp) listen(event, connection);
  }

  acknowledged(acknowledgement: Acknowledgement, tcp: ConnectionFacts): void {
    if (this.listeners.acknowledged.length === 0) return;
    const connection = this.connections.get(tcp.id);
    if (connection === undefined) return;
    for (const listen of this.listeners.acknowledged) listen(acknowledgement, connection);
  }

  closed(tcp: ConnectionFacts): void {
    this.quorum.closed(tcp);
    this.others.closed(tcp);
    this.etcdLeaders.closed(tcp);
    this.pairs.closed(tcp);
    const connection = this.connections.get(tcp.id) ?? this.neverReached(tcp);
    this.churn.closed(tcp, connection === undefined ? undefined : zooKeeperUse(connection));
    // With 'open' it is the capture that ends.
    if (tcp.end === 'open') return;
    if (connection !== undefined) {
      this.now(tcp.endMoment?.time ?? this.lastTime, tcp.endMoment?.frame ?? this.lastFrame);
      this.close(connection);
    }
    this.handshakes.closed(tcp);
  }

  message(message: Message, tcp: ConnectionFacts): void {
    if (message.protocol !== 'zookeeper') {
      this.now(message.time, message.frame);
      this.others.message(message);
      this.quorum.message(message, tcp);
      this.leases.message(message, tcp);
      this.etcdLeaders.message(message, tcp);
      this.handshakes.message(message, tcp);
      this.churn.message(message, tcp);
      return;
    }
    const connection = this.heard(message, tcp);
    if (message.kind === 'request') this.request(message, connection);
    else if (message.kind === 'response') this.response(message, connection);
    else this.notified(message, connection);
  }

  ping(m: ZooKeeperMessage, tcp: ConnectionFacts): void {
    this.request(m, this.heard(m, tcp));
  }

  pingAnswer(m: ZooKeeperMessage, tcp: ConnectionFacts): void {
    this.response(m, this.heard(m, tcp));
  }

  private heard(m: ZooKeeperMessage, tcp: ConnectionFacts): ClientConnection {
    const connection = this.of(tcp);
    this.now(m.time, m.frame);
    this.totals.messages++;
    connection.outstanding = m.waiting;
    return connection;
  }

  gap(gap: Gap, tcp: ConnectionFacts): void {
    this.now(gap.time, gap.frame);
    this.quorum.gap(tcp);
    this.etcdLeaders.gap(tcp, gap);
    if (tcp.protocol !== 'zookeeper' && !this.connections.has(tcp.id)) return;
    const connection = this.of(tcp);
    this.totals.gaps++;
    if (gap.reason === 'foreign' || gap.reason === 'encrypted') this.foreignGaps++;
    this.totals.gapBytes += gap.bytes;
    this.totals.gapBytesBy[gap.reason === 'skipped' ? 'unaligned' : gap.reason] += gap.bytes;
    connection.gaps++;
    connection.gapBytes += gap.bytes;
    // The gap's frame is the one before it: what is missing was sent between that and now.
    connection.lastGap = { frame: this.lastFrame, time: this.lastTime };
    connection.session?.addHole(connection.lastGap);
    for (const listen of this.listeners.gap) listen(gap, connection);
  }

  /** The capture is over. `time` and `frame` are those of its last frame. */
  end(time: number, frame = this.lastFrame): void {
    if (this.ended) return;
    this.ended = true;
    this.now(time, frame);
    this.quorum.end();
    for (const connection of this.connections.values()) this.totals.unanswered += connection.outstanding.size;
    this.leases.end();
    this.churn.end();
    this.sessions.endAll();
    for (const listen of this.listeners.end) listen(this.lastTime);
  }

  /** What the session knows of a path; made if it is new. */
  view(session: Session, path: string): View {
    let view = session.view(path);
    if (view !== undefined) {
      if (!view.znode.abandoned) return view;
      session.forgetView(view);
    }
    if (this.znodes.viewsLost > this.views.size >>> 3) {
      this.views.forgetAbandoned();
      this.znodes.viewsLost = 0;
    }
    const znode = this.znodes.get(path);
    view = new View(session, znode);
    if (session.addView(view, this.maxViews)) this.views.add(view);
    return view;
  }

  host(ip: string): Host {
    let host = this.hosts.get(ip);
    if (host === undefined) {
      host = new Host(ip);
      this.hosts.set(ip, host);
      if (this.hosts.size > this.hostLimit) this.forgetHosts();
    }
    return host;
  }

  /** The znode of a path if anything is known of it. */
  znode(path: string): Znode | undefined {
    return this.znodes.find(path);
  }

  /** What was forgotten until now. */
  forgotten(): Forgotten {
    let requests = this.forgottenRequests;
    for (const { outstanding } of this.connections.values()) requests += outstanding.forgotten;
    return {
      connections: this.forgottenConnections,
      sessions: this.sessions.forgotten,
      sessionsNotListed: this.sessions.notListed,
      znodes: this.znodes.forgotten,
      views: this.views.forgotten,
      details:
        this.sessions.room.refused +
        this.sessions.beginnings.refused +
        this.sessions.ownersNotKept +
        this.awaited.refused,
      childLists: this.listsTooLong + this.znodes.forgottenLists,
      requests,
      cases: this.casesNotKept,
    };
  }

  private forgetHosts(): void {
    const wanted = afterForgetting(this.maxHosts);
    for (const [ip, host] of this.hosts) {
      if (this.hosts.size <= wanted) break;
      if (!host.inUse) this.hosts.delete(ip);
    }
    // Where nearly all are in use, the next look comes only when there is enough to look at.
    this.hostLimit = Math.max(this.maxHosts, this.hosts.size + (this.maxHosts >>> 3));
  }

  private now(time: number, frame: number): void {
    this.startTime ??= time;
    if (time > this.lastTime) this.lastTime = time;
    if (frame > this.lastFrame) this.lastFrame = frame;
  }

  private isZooKeeper(tcp: ConnectionFacts): boolean {
    if (tcp.protocol === 'zookeeper') return true;
    return tcp.protocol === null && this.isServer(tcp);
  }

  /** A port of ZooKeeper's over TLS that accepted nothing: nobody spoke, but it is known who was meant. */
  private neverReached(tcp: ConnectionFacts): ClientConnection | undefined {
    if (tcp.protocol !== 'tls' || tcp.syn === null || tcp.synAck !== null || tcp.midStream) return undefined;
    return this.isServer(tcp) ? this.open(tcp) : undefined;
  }

  private isServer({ server }: ConnectionFacts): boolean {
    return this.ports.has(server.port) || this.servers.has(server.text);
  }

  private of(tcp: ConnectionFacts): ClientConnection {
    const place = tcp.id & (RECENT - 1);
    const recent = this.recent[place];
    if (recent?.tcp === tcp) return recent;
    return (this.recent[place] = this.connections.get(tcp.id) ?? this.open(tcp));
  }

  private open(tcp: ConnectionFacts): ClientConnection {
    const host = this.host(tcp.client.ip);
    let server = this.servers.get(tcp.server.text);
    if (server === undefined) {
      server = new Server(tcp.server.text);
      // A sweep over many addresses: their facts are kept for as long as the connection only.
      if (this.servers.size < MAX_SERVERS) this.servers.set(tcp.server.text, server);
    }
    const connection = new ClientConnection(tcp, host, server);
    this.connections.set(tcp.id, connection);
    this.totals.connections++;
    host.connections++;
    host.openConnections++;
    server.connections++;
    server.openConnections++;
    for (const listen of this.listeners.connectionOpened) listen(connection);
    return connection;
  }

  private close(connection: ClientConnection): void {
    connection.closed = true;
    hear(this.heardOf, connection.tcp);
    connection.host.openConnections--;
    connection.server.openConnections--;
    this.totals.unanswered += connection.outstanding.size;
    this.forgottenRequests += connection.outstanding.forgotten;
    if (connection.tcp.end === 'forgotten') this.forgottenConnections++;
    if (connection.session !== null && connection.session.silences.length > 0) gaveUp(connection, connection.session);
    for (const listen of this.listeners.connectionClosed) listen(connection);
    this.connections.delete(connection.tcp.id);
    const place = connection.id & (RECENT - 1);
    if (this.recent[place] === connection) this.recent[place] = null;
    this.sessions.connectionClosed(connection);
  }

  private request(m: ZooKeeperMessage, connection: ClientConnection): void {
    this.totals.requests++;
    connection.server.requests++;
    connection.requests++;
    const known = connection.session;
    if (known !== null && m.time - connection.lastRequestTime > known.timeoutNs() / 2) silent(m, connection, known);
    connection.lastRequestTime = m.time;
    connection.lastRequestFrame = m.frame;
    const opcode = m.opcode ?? 0;
    this.operations.get(opcode, m.op ?? 'unknown').requests++;
    if (m.op === 'fourLetterWord') {
      this.listeners.request.tell(m, connection, null);
      return;
    }
    const session = m.op === 'connect' ? null : (connection.session ?? this.sessions.unknown(connection, m));
    if (session !== null) {
      session.requests++;
      if (session.lastRequestTime >= 0) {
        session.longestSilence = Math.max(session.longestSilence, m.time - session.lastRequestTime);
      }
      session.lastRequestTime = m.time;
      session.lastRequestFrame = m.frame;
      session.lastTime = m.time;
      session.lastFrame = m.frame;
    }
    if (opcode === OpCode.ping) {
      this.totals.pings++;
      connection.pinged(m.time, m.frame);
      if (session !== null) {
        session.pings++;
        if (connection.pingInterval < PILED_UP) session.livedUntil(m.time - PILED_UP);
      }
      this.listeners.request.tellPing(m, connection);
      return;
    }
    connection.server.work++;
    connection.lastWorkTime = m.time;
    connection.lastWorkFrame = m.frame;
    connection.lastOp = m.op;
    connection.lastPath = m.path !== null && m.path.length <= LONG_PATH ? m.path : null;
    if (session !== null) {
      session.work++;
      if (opcode !== OpCode.closeSession) {
        session.lastWorkTime = m.time;
        session.lastWorkFrame = m.frame;
        session.begin(m.op ?? '', m.path);
      }
    }
    if (m.op === 'connect') connectRequest(m, connection);
    else if (opcode === OpCode.closeSession) {
      connection.closeSession = { frame: m.frame, time: m.time };
      if (session !== null) session.closing = connection.closeSession;
    }
    this.listeners.request.tell(m, connection, m.opcode);
  }

  private response(m: ZooKeeperMessage, connection: ClientConnection): void {
    this.totals.responses++;
    this.answered(m, connection);
    connection.responses++;
    connection.lastResponseTime = m.time;
    connection.lastResponseFrame = m.frame;
    connection.lastResponseLength = m.length;
    const request = m.request;
    if (request !== null) {
      connection.lastTakenTime = request.time;
      connection.lastTakenFrame = request.frame;
      const stats = this.operations.get(request.opcode, request.op);
      if (m.latency !== null) stats.latency.record(m.latency);
      const error = errorOf(m);
      if (error !== 0) stats.failed(error);
    }
    if (m.op === 'connect') {
      connectResponse(this, m, connection);
    } else if (m.op !== 'fourLetterWord') {
      const session = connection.session ?? this.sessions.unknown(connection, m);
      session.responses++;
      session.lastResponseTime = m.time;
      session.lastResponseFrame = m.frame;
      session.lastTime = m.time;
      session.lastFrame = m.frame;
      if (m.zxid > connection.server.zxid) connection.server.zxid = m.zxid;
      if (request !== null) this.apply(m, request, session, connection);
    }
    if (m.opcode === OpCode.ping && m.err === 0) this.listeners.response.tellPing(m, connection);
    else this.listeners.response.tell(m, connection, m.op === 'fourLetterWord' ? null : m.opcode);
    // Only now: whoever listens to the answer still finds the session alive.
    if (m.opcode === OpCode.closeSession && connection.session !== null) {
      this.sessions.closed(connection.session, { frame: m.frame, time: m.time });
    }
  }

  /** What an answer says about watches and znodes. */
  private apply(m: ZooKeeperMessage, request: ZooKeeperRequest, session: Session, connection: ClientConnection): void {
    if (request.opcode === OpCode.ping) return;
    const answer = (this.answer ??= { m, request, session, connection });
    answer.m = m;
    answer.request = request;
    answer.session = session;
    answer.connection = connection;
    switch (request.opcode) {
      case OpCode.exists:
      case OpCode.getData:
      case OpCode.getACL:
      case OpCode.getChildren:
      case OpCode.getChildren2:
        readAnswered(this, answer);
        return;
      case OpCode.setWatches:
      case OpCode.setWatches2:
        setWatchesAnswered(this, answer);
        return;
      case OpCode.addWatch:
        addWatchAnswered(this, answer);
        break;
      case OpCode.removeWatches:
      case OpCode.checkWatches:
        removeWatchesAnswered(answer);
        break;
      case OpCode.closeSession:
        closeSessionAnswered(this, answer);
        return;
      default:
        if (!isWrite(request.opcode)) break;
        writeAnswered(this, answer);
        return;
    }
    if (m.err !== 0 && request.path !== null) refused(this, answer, request.path, m.err);
  }

  private notified(m: ZooKeeperMessage, connection: ClientConnection): void {
    this.totals.notifications++;
    this.answered(m, connection);
    connection.notifications++;
    const session = connection.session ?? this.sessions.unknown(connection, m);
    session.notifications++;
    session.lastTime = m.time;
    session.lastFrame = m.frame;
    const view = m.path === null ? null : notificationSeen(this, m, m.path, session, connection);
    for (const listen of this.listeners.notification) listen(m, connection, view);
  }

  private answered(m: ZooKeeperMessage, connection: ClientConnection): void {
    connection.server.responses++;
    connection.server.heard(m.time, m.frame);
    connection.lastAnswerTime = m.time;
    connection.lastAnswerFrame = m.frame;
  }
}

/** The client sent nothing for long: since its latest request, or since the answer that it may have waited for. */
function silent(m: ZooKeeperMessage, connection: ClientConnection, session: Session): void {
  const { outstanding, lastRequestTime, lastRequestFrame, lastResponseTime, lastResponseFrame } = connection;
  const owed = outstanding.oldest !== null && outstanding.oldest.time <= lastRequestTime;
  // What the server sends again and again does not arrive: that is the network.
  const { finRepeats, unackedRetransmissions } = connection.tcp.toClient;
  if (lastRequestTime < 0 || lastResponseTime < 0 || owed || finRepeats + unackedRetransmissions > 0) return;
  const answered = lastResponseTime > lastRequestTime;
  const from = answered
    ? { frame: lastResponseFrame, time: lastResponseTime }
    : { frame: lastRequestFrame, time: lastRequestTime };
  const length = m.time - from.time;
  // By then the server would have closed: one that did not was not reached, or has not run either.
  if (connection.tcp.toClient.fin === null && length > session.timeoutNs() + TICK) return;
  if (length > session.timeoutNs() / 2) session.addSilence({ from, to: { frame: m.frame, time: m.time } });
}

/**
 * The request that ended a silence was the last on its connection and came with the client's FIN, or its answer met an RST:
 * the client had closed the connection long before, the network did not carry what it sent. A process that stood still
 * leaves after its request, if it leaves.
 */
function gaveUp({ tcp, lastRequestTime, lastRequestFrame }: ClientConnection, session: Session): void {
  const { fin, rst } = tcp.toServer;
  const theirs = tcp.toClient.fin;
  if (theirs !== null && (fin === null || theirs.time < fin.time)) return;
  if (session.silences.at(-1)!.to.time !== lastRequestTime) return;
  if (fin === null ? rst !== null : fin.frame === lastRequestFrame) session.livedUntil(lastRequestTime);
}

/** Which of its directions a connection was heard in. */
function hear(
  heard: { client: number; server: number; clientPackets: number; serverPackets: number },
  { toServer, toClient }: ConnectionFacts,
): void {
  if (toServer.delivered > 0) heard.client++;
  if (toClient.delivered > 0) heard.server++;
  if (toServer.packets > 0) heard.clientPackets++;
  if (toClient.packets > 0) heard.serverPackets++;
}
