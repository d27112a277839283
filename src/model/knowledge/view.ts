import type { ClientConnection } from './clientConnection.js';
import type { Session } from './session.js';
import { nameBytes, type Room } from './room.js';
import { ViewLink } from './views.js';
import type { ChildList, Znode } from './znode.js';

/** `data` watches are set by getData and exists (and fire for both), `child` watches by getChildren. */
export type WatchKind = 'data' | 'child';

/** A watch as the server holds it: set when the read that carried it was answered, on one connection. */
export interface Watch {
  /** Number of that connection, which may have ended long ago. */
  readonly connection: number;
  /** Frame and time of the answer that set it. */
  readonly frame: number;
  readonly time: number;
  /** Operation that set it: exists, getData, getChildren, getChildren2, setWatches, setWatches2, addWatch. */
  readonly op: string;
}

/** One answered read of a znode or of its list of children; of a znode it is the watch as well that it set. */
export interface Read extends Watch {
  readonly watch: boolean;
  readonly requestFrame: number;
  readonly requestTime: number;
  readonly err: number;
  /** zxid of the reply header. */
  readonly zxid: number;
  /** Of a list: the list; pzxid and cversion within it. */
  readonly list: ChildList | null;
  /** Of data, where the Stat was looked at; otherwise -1. */
  readonly mzxid: number;
  readonly version: number;
}

/** A watch that fired: the notification, and what the session did about it. */
export class Fired {
  /** Answered reads of the same kind since then without a watch: how many, the first and the latest. */
  plainReads = 0;
  firstPlain: Read | null = null;
  lastPlain: Read | null = null;
  /** The longest time between two of them, nanoseconds. */
  longestPause = 0;
  /** Children whose data the session asked for since the latest read without a watch. */
  childReads = 0;

  constructor(
    readonly connection: ClientConnection,
    readonly eventType: number,
    readonly frame: number,
    readonly time: number,
    /** Where the notification ends in the stream to the client. */
    readonly streamEnd: number,
    /** The watch that it consumed, null if that was set before the capture or in a gap. */
    readonly watch: Watch | null,
    /** The session's own write, not answered yet, made the change: the client knows it already. */
    readonly own: boolean,
  ) {}

  readWithoutWatch(read: Read): void {
    if (this.lastPlain !== null) this.longestPause = Math.max(this.longestPause, read.time - this.lastPlain.time);
    this.plainReads++;
    this.firstPlain ??= read;
    this.lastPlain = read;
  }

  /** The client's TCP has acknowledged the notification. Until then it does not count. */
  get delivered(): boolean {
    return this.connection.tcp.toClient.acked >= this.streamEnd;
  }
}

/** The list that was read, where its names are kept; null for what read none. */
export function listOf(read: Read | null | undefined): ChildList | null {
  const list = read?.list ?? null;
  return list?.known === true ? list : null;
}

/** Children that a re-read with a watch showed for the first time after a window, and whether the client asks for them. */
export class Awaited {
  readonly total: number;
  private names: Set<string> | null;
  /** How many it has not asked for. */
  left: number;

  /** @param room what their names take until they are asked for, or the next event comes */
  constructor(
    names: Set<string>,
    private readonly room: Room,
  ) {
    this.names = names;
    this.total = this.left = names.size;
  }

  askedFor(name: string): void {
    if (this.names?.delete(name) !== true) return;
    this.left--;
    this.room.give(awaitedBytes(name));
  }

  /** Nothing more comes of it: how many were left is all that is wanted. */
  settle(): void {
    for (const name of this.names ?? []) this.room.give(awaitedBytes(name));
    this.names = null;
  }
}

const AWAITED_BYTES = 40;
export const awaitedBytes = (name: string): number => AWAITED_BYTES + nameBytes(name);

/** What one session knows of one path: the watches it has there, what fired, what it last read. */
export class View {
  dataWatch: Watch | null = null;
  childWatch: Watch | null = null;
  /** addWatch; does not fire away. */
  persistentWatch: Watch | null = null;
  recursive = false;
  /** The latest event that consumed a watch, null once a watch of that kind is set again. */
  dataFired: Fired | null = null;
  childFired: Fired | null = null;
  lastList: Read | null = null;
  lastData: Read | null = null;
  /** Answered reads without a watch while the server held one of that kind: who reads so does not live on the watch. */
  readsBeside = 0;
  /** Answered list reads of this session, and the longest time between two of them. */
  listReads = 0;
  longestListInterval = 0;
  /** Notifications that were sent to the session for this path (delivered or not). */
  notifications = 0;
  /** A watch of the kind was held at some time (or fired, which proves it). */
  everData = false;
  everChild = false;
  everPersistent = false;
  everRecursive = false;
  awaited: Awaited | null = null;
  /** How often the first read after an event of the kind, once that was delivered, set the watch again. */
  dataSetAtOnce = 0;
  childSetAtOnce = 0;
  /** Counted in `Session.openWindows`. */
  windowOpen = false;
  readonly link = new ViewLink(this);

  constructor(
    readonly session: Session,
    readonly znode: Znode,
  ) {}

  /** What is known of it goes: its names are nobody's any more. */
  leave(): void {
    this.lastList?.list?.release();
    this.await(null);
  }

  await(awaited: Awaited | null): void {
    this.awaited?.settle();
    this.awaited = awaited;
  }

  watch(kind: WatchKind): Watch | null {
    return kind === 'data' ? this.dataWatch : this.childWatch;
  }

  fired(kind: WatchKind): Fired | null {
    return kind === 'data' ? this.dataFired : this.childFired;
  }

  /** The server holds a persistent watch on that connection. */
  holdsPersistent(connection: ClientConnection | null): boolean {
    return connection !== null && this.persistentWatch?.connection === connection.id;
  }

  /** The server holds a watch of this kind (or a persistent one) on the session's present connection. */
  holds(kind: WatchKind): boolean {
    const current = this.session.current;
    if (current === null) return false;
    return this.watch(kind)?.connection === current.id || this.holdsPersistent(current);
  }
}
