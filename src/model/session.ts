import type { Moment } from '../network/connection.js';
import type { ClientConnection } from './clientConnection.js';
import type { Host } from './host.js';
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
  /** Null once the session has ended and was judged. */
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
}

const ATTACHMENTS = 64;
const WATCHED_KEPT = 200;

/** A session over all its connections. `id` is null where the capture does not show the handshake. */
export class Session {
  /** Milliseconds as asked for and as granted, null if unknown. */
  timeoutAsked: number | null = null;
  timeout: number | null = null;
  /** Its beginning is in the capture: the handshake that made it. */
  startKnown = false;
  attachments: Attachment[] = [];
  connectionCount = 0;
  readonly servers = new Set<string>();
  /** Connection that it lives on; the last one when that has ended. */
  current: ClientConnection | null = null;
  requests = 0;
  pings = 0;
  responses = 0;
  notifications = 0;
  lastTime: number;
  lastFrame: number;
  /** Latest request of any kind, and latest other than ping (-1: none). */
  lastRequestTime = -1;
  lastRequestFrame = 0;
  lastWorkTime = -1;
  lastWorkFrame = 0;
  /** Latest response to a request (-1: none). */
  lastResponseTime = -1;
  lastResponseFrame = 0;
  /** Requests other than pings. */
  work = 0;
  /** Longest time between two requests, pings included. */
  longestSilence = 0;
  end: SessionEnd = 'open';
  endMoment: Moment | null = null;
  /** The closeSession request. */
  closing: Moment | null = null;
  /** The session of the same client address that followed this one after it expired or was given up, and the reverse. */
  successor: Session | null = null;
  predecessor: Session | null = null;
  /** What it watched and read, by path; empty once a closed session was judged. */
  readonly views = new Map<string, View>();
  /** Persistent recursive watches among the views. */
  recursiveWatches = 0;
  /** After it was judged: paths that it had watched at some time, bounded. */
  readonly watchedPaths = new Set<string>();
  readonly ephemerals = new Map<string, Ephemeral>();
  /** Paths (without sequence numbers) of all ephemerals that it has created, those that it deleted again included. */
  readonly createdEphemerals = new Set<string>();
  /** Creates of ephemerals that were answered NodeExists, the latest by path. */
  readonly refusedCreates = new Map<string, RefusedCreate>();
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

  /** It has a connection that has not ended. */
  get connected(): boolean {
    return this.current !== null && !this.current.closed;
  }

  attach(attachment: Attachment): void {
    this.connectionCount++;
    this.servers.add(attachment.server);
    this.attachments.push(attachment);
    if (this.attachments.length > ATTACHMENTS) this.attachments.splice(1, 1);
    this.current = attachment.connection;
  }

  /** Ended and judged: what is only of use to the living goes. */
  shrink(): void {
    for (const view of this.views.values()) {
      view.znode.views--;
      if (!view.everChild && !view.everData && view.persistentWatch === null) continue;
      if (this.watchedPaths.size < WATCHED_KEPT) this.watchedPaths.add(view.znode.path);
      else this.forgotten++;
    }
    this.views.clear();
    this.current = null;
    this.attachments = this.attachments.map((attachment) => ({ ...attachment, connection: null }));
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
