import type { Moment } from '../../observations/connectionFacts.js';
import { afterForgetting } from '../bounds.js';
import type { ClientConnection } from './clientConnection.js';
import type { Host } from './host.js';
import { nameBytes, namesBytes, Room } from './room.js';
import type { View } from './view.js';
import type { Creation } from './znode.js';

/** `lost`: its connection is gone or silent, nobody closed it, and nobody took it up again in time. */
export type SessionEnd = 'open' | 'closed' | 'expired' | 'lost';

/** An ephemeral znode that a session owns or owned. */
export interface Ephemeral {
  readonly path: string;
  readonly sequential: boolean;
  /** Its create; null where only a Stat showed the owner. */
  readonly created: Moment | null;
}

/** One connection in a session's life, kept when the connection itself is forgotten. */
export interface Attachment {
  /** Null of all but the latest two, and once the session has ended and was judged. */
  readonly connection: ClientConnection | null;
  readonly client: string;
  readonly ip: string;
  readonly server: string;
  /** Frame and time of the connect response (or of the first message, where the capture starts later). */
  readonly frame: number;
  readonly time: number;
  /** The connect request named this session: it was taken up, not made. */
  readonly resumed: boolean;
}

/** A create of an ephemeral that was answered NodeExists. */
export interface RefusedCreate {
  readonly path: string;
  readonly frame: number;
  readonly time: number;
  /** zxid of the answer. */
  readonly zxid: number;
  /** Who owned the node then, as far as the capture had shown: session id, and its create. */
  readonly owner: string | null;
  readonly creation: Creation | null;
  /** How often it was tried, and when first: `time` is that of the latest. */
  readonly attempts: number;
  readonly firstTime: number;
}

/** A time in which a client that nothing was owed sent nothing, not even pings. */
export interface ClientSilence {
  readonly from: Moment;
  readonly to: Moment;
}

/** A session that came after another, in short. */
export interface Follower {
  readonly id: string | null;
  readonly start: Moment;
}

const NO_SILENCES: readonly ClientSilence[] = [];
const SILENCES = 64;
const ATTACHMENTS = 64;
/** No ensemble has as many. */
const SERVERS_KEPT = 64;
const WATCHED_KEPT = 200;
const EPHEMERALS_KEPT = 10_000;
const REFUSED_KEPT = 1000;
/** Bytes that these take, or so, names apart. */
const ATTACHMENT_BYTES = 96;
const SILENCE_BYTES = 160;
const EPHEMERAL_BYTES = 128;
const REFUSED_BYTES = 200;
/** Room enough for a session by itself. */
const ALONE = 64 * 1024 * 1024;
/** First requests that are kept, and how long (nanoseconds) a session has to live for them to outlive it. */
const BEGINNING = 30;
/** Longer paths are not compared by. */
const LONG = 128;
const WORTH_COMPARING = 5e9;
const NO_VIEWS: ReadonlyMap<string, View> = new Map<string, View>();
const NO_EPHEMERALS: ReadonlyMap<string, Ephemeral> = new Map<string, Ephemeral>();
const NO_BEGINNING: readonly string[] = [];
const NO_PATHS: ReadonlySet<string> = new Set<string>();
const NO_REFUSED: ReadonlyMap<string, RefusedCreate> = new Map<string, RefusedCreate>();

/** A session over all its connections. `id` is null where the capture does not show the handshake. */
export class Session {
  /** Milliseconds as asked for and as granted, null if unknown. */
  timeoutAsked: number | null = null;
  timeout: number | null = null;
  /** Its beginning is in the capture: the handshake that made it. */
  startKnown = false;
  attachments: Attachment[] = [];
  connectionCount = 0;
  /** Addresses, in the order of their first use. */
  servers: readonly string[] = [];
  /** Connection that it lives on; the last one when that has ended. */
  current: ClientConnection | null = null;
  requests = 0;
  pings = 0;
  responses = 0;
  notifications = 0;
  lastTime: number;
  lastFrame: number;
  /** Latest request of any kind, and latest other than ping and closeSession (-1: none). */
  lastRequestTime = -1;
  lastRequestFrame = 0;
  lastWorkTime = -1;
  lastWorkFrame = 0;
  /** Latest response to a request (-1: none). */
  lastResponseTime = -1;
  lastResponseFrame = 0;
  /** Requests other than pings. */
  work = 0;
  /** Longest time between two requests, pings included; `silence` looks at its end as well. */
  longestSilence = 0;
  /** The latest silences of half its timeout and more that ended with a request on the same connection; bounded. */
  silences: readonly ClientSilence[] = NO_SILENCES;
  end: SessionEnd = 'open';
  endMoment: Moment | null = null;
  /** The closeSession request. */
  closing: Moment | null = null;
  /** The session of the same client address that followed this one after it expired or was given up; null once this one was judged. */
  successor: Session | null = null;
  /** What outlives that: sessions that hold each other would never go. */
  followedBy: Follower | null = null;
  /** Id of the session that this one followed. */
  predecessor: string | null = null;
  /** What it watched and read, by path; empty once a closed session was judged. */
  views: ReadonlyMap<string, View> = NO_VIEWS;
  /** One of them, the one that `view` found last. */
  private latestView: View | null = null;
  /** Persistent recursive watches among the views. */
  recursiveWatches = 0;
  /** After it was judged: paths that it had watched at some time, and those below which it had watched all; bounded. */
  watchedPaths: ReadonlySet<string> = NO_PATHS;
  watchedTrees: ReadonlySet<string> = NO_PATHS;
  ephemerals: ReadonlyMap<string, Ephemeral> = NO_EPHEMERALS;
  /** Paths (see likePath) of all ephemerals that it has created, those that it deleted again included. */
  createdEphemerals: ReadonlySet<string> = NO_PATHS;
  /** Creates of ephemerals that were answered NodeExists, the latest by path. */
  refusedCreates: ReadonlyMap<string, RefusedCreate> = NO_REFUSED;
  /** Views or ephemerals that were too many to keep. */
  forgotten = 0;
  /** Places where bytes of this session are missing from the capture: how many, the first and the latest. */
  holes = 0;
  firstHole: Moment | null = null;
  lastHole: Moment | null = null;
  /** Views with an unfinished blind window: the model then looks at reads of children. */
  openWindows = 0;

  constructor(
    readonly id: string | null,
    readonly host: Host,
    readonly start: Moment,
    /** In order of appearance: for whoever has to know it again and must not hold it. */
    readonly number: number,
    /** What all sessions share for what they keep beside their views. */
    private readonly room = new Room(ALONE),
    /** The same for their first requests: what does not fit there pushes nobody out. */
    private readonly beginnings = new Room(ALONE),
  ) {
    this.lastTime = start.time;
    this.lastFrame = start.frame;
  }

  /** `ip:port` of its latest connection. */
  get client(): string {
    return this.attachments.at(-1)?.client ?? this.host.ip;
  }

  get ip(): string {
    return this.host.ip;
  }

  /** Granted session timeout in nanoseconds, `otherwise` where the capture does not show it. */
  timeoutNs(otherwise = 10e9): number {
    return this.timeout !== null && this.timeout > 0 ? this.timeout * 1e6 : otherwise;
  }

  /**
   * Longest time, in nanoseconds, in which the servers heard nothing of it: between two requests, since the last one of a
   * session that is open, and since they last answered one that expired or was lost (what came later never reached them);
   * nobody heard of a lost one again.
   * @param now time of the last frame
   */
  silence(now: number): number {
    const { end, endMoment, lastRequestTime, lastResponseTime } = this;
    let last = 0;
    if (end === 'open' && lastRequestTime >= 0) last = now - lastRequestTime;
    else if (end === 'expired' || end === 'lost') {
      const until = end === 'expired' ? (endMoment?.time ?? now) : now;
      last = until - (lastResponseTime >= 0 ? lastResponseTime : this.lastTime);
    }
    return Math.max(this.longestSilence, last);
  }

  /** It has a connection that has not ended. */
  get connected(): boolean {
    return this.current !== null && !this.current.closed;
  }

  /** Bytes of the room that it has taken; once it was judged, what it still keeps. */
  bytes = 0;

  private take(bytes: number): boolean {
    if (!this.room.take(bytes)) return false;
    this.bytes += bytes;
    return true;
  }

  private give(bytes: number): void {
    this.bytes -= bytes;
    this.room.give(bytes);
  }

  attach(attachment: Attachment): void {
    this.connectionCount++;
    this.current = attachment.connection;
    // Arrays as long as they are: most sessions have one connection, and an array that was pushed to has room for 17.
    if (!this.servers.includes(attachment.server) && this.servers.length < SERVERS_KEPT)
      this.servers = this.servers.concat(attachment.server);
    if (this.attachments.length === 0) this.attachments = [attachment];
    else {
      this.attachments.push(attachment);
      const past = this.attachments.length - 3;
      if (past >= 0) this.attachments[past] = detached(this.attachments[past]!);
      // The first and the latest say most.
      if (this.attachments.length > ATTACHMENTS || !this.take(ATTACHMENT_BYTES))
        this.attachments.splice(this.attachments.length > 2 ? 1 : 0, 1);
    }
  }

  /** The session of the same client address that came after it. */
  follow(next: Session): void {
    if (!this.judged) this.successor = next;
    this.followedBy = { id: next.id, start: next.start };
    next.predecessor = this.id;
  }

  /** Operation and path in turn of its first requests: what it did when it began, to be compared with another's. */
  beginning: readonly string[] = NO_BEGINNING;

  begin(op: string, path: string | null): void {
    if (path === null || this.work > BEGINNING) return;
    if (path.length > LONG || !this.beginnings.take(nameBytes(path))) return;
    if (this.beginning === NO_BEGINNING) this.beginning = [];
    (this.beginning as string[]).push(op, path);
  }

  /** It has ended, was told to the listeners, and has shrunk. */
  judged = false;

  // Most sessions have few of these: what is empty is shared, and what comes after the end of a session is of no consequence.

  /** What it knows of a path. What was announced is read, and what was asked is answered: mostly it is the path of before. */
  view(path: string): View | undefined {
    const { latestView } = this;
    if (latestView?.znode.path === path) return latestView;
    const view = this.views.get(path);
    if (view !== undefined) this.latestView = view;
    return view;
  }

  /** @returns whether it was kept: what comes after the end of a session is not */
  addView(view: View, limit: number): boolean {
    if (this.judged) return false;
    if (this.views === NO_VIEWS) this.views = new Map();
    const views = this.views as Map<string, View>;
    views.set(view.znode.path, view);
    view.znode.views++;
    if (views.size > limit) {
      const wanted = afterForgetting(limit);
      for (const oldest of views.values()) {
        if (views.size <= wanted) break;
        this.forgetView(oldest);
      }
    }
    return true;
  }

  /** What the session knows of that path is unknown from here on. */
  forgetView(view: View): void {
    if (this.views === NO_VIEWS || !(this.views as Map<string, View>).delete(view.znode.path)) return;
    if (this.latestView === view) this.latestView = null;
    this.forgotten++;
    view.znode.views--;
    view.link.remove(true);
    if (view.windowOpen) this.openWindows--;
    if (view.recursive) this.recursiveWatches--;
  }

  /** Before the session is judged: views of znodes of which nothing more was noted prove nothing. */
  forgetAbandoned(): void {
    for (const view of this.views.values()) if (view.znode.abandoned) this.forgetView(view);
  }

  addEphemeral(ephemeral: Ephemeral): void {
    if (this.judged) return;
    const { path } = ephemeral;
    if (this.ephemerals.size >= EPHEMERALS_KEPT) {
      this.forgotten++;
      this.room.refused++;
      return;
    }
    if (!this.ephemerals.has(path) && !this.take(EPHEMERAL_BYTES + nameBytes(path))) {
      this.forgotten++;
      return;
    }
    if (this.ephemerals === NO_EPHEMERALS) this.ephemerals = new Map();
    (this.ephemerals as Map<string, Ephemeral>).set(path, ephemeral);
  }

  /** A Stat shows that it owns this ephemeral. */
  addOwned(path: string): void {
    if (!this.ephemerals.has(path)) this.addEphemeral({ path, sequential: /\d{10}$/.test(path), created: null });
  }

  removeEphemeral(path: string): void {
    if (this.ephemerals.size > 0 && (this.ephemerals as Map<string, Ephemeral>).delete(path) && !this.judged)
      this.give(EPHEMERAL_BYTES + nameBytes(path));
  }

  removeEphemerals(): void {
    this.ephemerals = NO_EPHEMERALS;
  }

  /** Remembers that an ephemeral was created under this path (see likePath). */
  addCreated(path: string): void {
    if (this.judged || this.createdEphemerals.size >= EPHEMERALS_KEPT || this.createdEphemerals.has(path)) return;
    if (!this.take(nameBytes(path))) return;
    if (this.createdEphemerals === NO_PATHS) this.createdEphemerals = new Set();
    (this.createdEphemerals as Set<string>).add(path);
  }

  addRefused(refused: RefusedCreate): void {
    if (this.judged || this.refusedCreates.size >= REFUSED_KEPT) return;
    if (!this.refusedCreates.has(refused.path) && !this.take(REFUSED_BYTES + nameBytes(refused.path))) return;
    if (this.refusedCreates === NO_REFUSED) this.refusedCreates = new Map();
    (this.refusedCreates as Map<string, RefusedCreate>).set(refused.path, refused);
  }

  /** Ended and judged: what is only of use to the living goes. */
  shrink(): void {
    this.judged = true;
    this.beginnings.give(beginningBytes(this.beginning));
    // Sets of their own only where there is something: most sessions have watched little.
    let watched: Set<string> | null = null;
    let trees: Set<string> | null = null;
    for (const view of this.views.values()) {
      view.znode.views--;
      view.link.remove(false);
      if (!view.everChild && !view.everData && !view.everPersistent) continue;
      const { path } = view.znode;
      if (view.everRecursive && (trees ??= new Set()).size < WATCHED_KEPT) trees.add(path);
      if ((watched ??= new Set()).size < WATCHED_KEPT) watched.add(path);
      else this.forgotten++;
    }
    if (watched !== null) this.watchedPaths = watched;
    if (trees !== null) this.watchedTrees = trees;
    this.views = NO_VIEWS;
    this.latestView = null;
    this.ephemerals = NO_EPHEMERALS;
    // Of those that come and go nobody asks how they began.
    if (this.lastTime - this.start.time < WORTH_COMPARING) this.beginning = NO_BEGINNING;
    else this.beginning = this.beginning.slice();
    this.current = null;
    this.successor = null;
    this.attachments = this.attachments.map(detached);
    this.room.give(this.bytes);
    this.bytes = this.keptBytes();
  }

  private keptBytes(): number {
    return (
      this.attachments.length * ATTACHMENT_BYTES +
      this.silences.length * SILENCE_BYTES +
      this.refusedCreates.size * REFUSED_BYTES +
      namesBytes(this.refusedCreates.keys()) +
      beginningBytes(this.beginning) +
      namesBytes(this.createdEphemerals) +
      namesBytes(this.watchedPaths) +
      namesBytes(this.watchedTrees)
    );
  }

  /** Somebody will compare it with others at the end. */
  wanted = false;

  /** Judged, and kept by its host no more: nobody will compare it with another. */
  release(): void {
    if (this.wanted) return;
    this.beginning = NO_BEGINNING;
    this.watchedPaths = NO_PATHS;
    this.watchedTrees = NO_PATHS;
    this.createdEphemerals = NO_PATHS;
    this.refusedCreates = NO_REFUSED;
    this.bytes = this.keptBytes();
  }

  addSilence(silence: ClientSilence): void {
    const more = this.silences.length < SILENCES && !this.judged;
    if (more && !this.take(SILENCE_BYTES)) return;
    this.silences = [...this.silences.slice(1 - SILENCES), silence];
  }

  /** Pings piled up: the process lived in the silence that ended after `time`, the network did not carry what it sent. */
  livedUntil(time: number): void {
    const latest = this.silences.at(-1);
    if (latest === undefined || latest.to.time < time) return;
    this.silences = this.silences.slice(0, -1);
    if (!this.judged) this.give(SILENCE_BYTES);
  }

  addHole(moment: Moment): void {
    this.holes++;
    this.firstHole ??= moment;
    if (this.lastHole === null || moment.time > this.lastHole.time) this.lastHole = moment;
  }

  /** Something that the session did at or after `time` may be missing from the capture. */
  uncertainSince(time: number): boolean {
    return this.lastHole !== null && this.lastHole.time >= time;
  }
}

/** A connection is more than what is told of it. */
function detached(attachment: Attachment): Attachment {
  return { ...attachment, connection: null };
}

/** Operations and paths in turn: those are everybody's. */
function beginningBytes(beginning: readonly string[]): number {
  let bytes = 0;
  for (let i = 1; i < beginning.length; i += 2) bytes += nameBytes(beginning[i]!);
  return bytes;
}
