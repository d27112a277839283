import { type Held, nameBytes, partOf } from './room.js';
import type { ChildNames } from '../../protocols/zookeeper/childLists.js';

/** What a change did to a znode, or to one of its children. */
export type ChangeKind = 'create' | 'delete' | 'setData' | 'setACL';

/** Why a znode went: a delete request, its owner's closeSession, its owner's expiry, or it was only seen to be gone. */
export type Cause = 'request' | 'closeSession' | 'expired' | 'unknown';

/** One change, as far as the capture shows it. `zxid` is -1 where it is not known. */
export interface Change {
  readonly kind: ChangeKind;
  readonly cause: Cause;
  readonly zxid: number;
  readonly time: number;
  readonly frame: number;
  /** Session that asked for it or whose end caused it; null if unknown. */
  readonly session: string | null;
  /** Create and delete: name of the znode, that is of the child in its parent's list; otherwise null. */
  readonly child: string | null;
}

/** A list of children that the server gave. */
export class ChildList {
  /** Latest zxid at which the same list was seen. */
  lastZxid: number;
  /** How many names there are: asked for without decoding them. */
  readonly size: number;
  /** Its znode keeps it. */
  listed = true;
  /** Views of sessions that read it last. */
  holders = 0;
  /** Who has to know when nobody keeps it any more. */
  keeper: ListKeeper | null = null;
  private kept: ChildNames | null;

  constructor(
    children: ChildNames,
    /** zxid up to which the answering server had seen the world. The list was first seen as it is at that zxid. */
    readonly zxid: number,
    /** pzxid and cversion of the parent; -1 where the answer had no Stat (getChildren). */
    readonly pzxid: number,
    readonly cversion: number,
    readonly time: number,
    readonly frame: number,
    readonly session: string | null,
  ) {
    this.lastZxid = zxid;
    this.kept = children;
    this.size = children.size;
  }

  /** Its names are kept: of one that is not, nobody can say what is in it. */
  get known(): boolean {
    return this.kept !== null;
  }

  get names(): readonly string[] {
    return this.kept?.names ?? [];
  }

  /** Bytes that its names take. */
  get bytes(): number {
    return this.kept?.bytes ?? 0;
  }

  equals(children: ChildNames): boolean {
    return this.kept?.equals(children) === true;
  }

  /** The names go; whoever has the list still knows that it was read, and how long it was. */
  forget(): void {
    this.kept = null;
  }

  hold(): void {
    this.holders++;
  }

  release(): void {
    if (--this.holders === 0 && !this.listed) this.keeper?.drop(this);
  }

  /** Its znode keeps it no more. */
  unlist(): void {
    this.listed = false;
    if (this.holders === 0) this.keeper?.drop(this);
  }
}

/** Who keeps account of lists. */
export interface ListKeeper {
  drop(list: ChildList): void;
}

/** Who created a znode, where the capture holds the create. */
export interface Creation extends Change {
  /** Address of the client. */
  readonly ip: string;
}

const CHANGES = 16;
/** Bytes that one takes, names apart. */
const CHANGE_BYTES = 96;
const CHILD_CHANGES = 64;
const LISTS = 8;
/** Most znodes have neither children nor a history: they share an empty one. */
const NOTHING: readonly Change[] = [];
const NO_LISTS: readonly ChildList[] = [];

/** One path over time, from what all sessions wrote, read and were told. Bounded: of many changes the latest are kept. */
export class Znode {
  /** Whether it exists, null while unknown, as of `existsZxid` (-1: not known by zxid) and `existsTime`. */
  exists: boolean | null = null;
  existsZxid = -1;
  existsTime = -1;
  ephemeral: boolean | null = null;
  /** Session id of the owner of an ephemeral, null while unknown or none. */
  owner: string | null = null;
  creation: Creation | null = null;
  deletion: Change | null = null;
  /** The znode's own changes, oldest first. */
  changes: readonly Change[] = NOTHING;
  /** Creates and deletes of children, oldest first. */
  childChanges: readonly Change[] = NOTHING;
  /** Distinct lists of children that were read, oldest first. */
  lists: readonly ChildList[] = NO_LISTS;
  /** Changes that were too many to keep. */
  forgotten = 0;
  /** The latest client that set a watch here for the first time in its session. */
  newestWatcher: { readonly ip: string; readonly time: number } | null = null;
  /** How many sessions hold a view of it. */
  views = 0;
  /** Forgotten to bound memory: nothing more is noted of it. */
  abandoned = false;
  /** Bytes that its names and changes take, or so. */
  private bytes: number;
  private parent: string | null = null;

  constructor(
    readonly path: string,
    /** What those of all znodes take. */
    private readonly all: Held = { bytes: 0 },
  ) {
    this.bytes = path.length;
    all.bytes += path.length;
  }

  /** It is forgotten. */
  abandon(): void {
    this.abandoned = true;
    this.all.bytes -= this.bytes;
    this.bytes = 0;
  }

  private weigh(change: Change | undefined, sign: 1 | -1): void {
    if (change === undefined || this.abandoned) return;
    const bytes = sign * (CHANGE_BYTES + (change.child === null ? 0 : nameBytes(change.child)));
    this.bytes += bytes;
    this.all.bytes += bytes;
  }

  /** Path of its parent; null for `/` and for what is no path. */
  get parentPath(): string | null {
    return (this.parent ??= parentOf(this.path));
  }

  get name(): string {
    return partOf(this.path, this.path.slice(this.path.lastIndexOf('/') + 1));
  }

  /** The list with the highest zxid; null if none was read. */
  get newestList(): ChildList | null {
    let newest: ChildList | null = null;
    for (const list of this.lists) if (newest === null || list.lastZxid > newest.lastZxid) newest = list;
    return newest;
  }

  addChange(change: Change): void {
    // Most have one: an array that was pushed to has room for 17.
    this.weigh(change, 1);
    if (this.changes === NOTHING) this.changes = [change];
    else {
      const oldest = push(this.changes as Change[], change, CHANGES);
      if (oldest !== undefined) this.forgotten++;
      this.weigh(oldest, -1);
    }
  }

  addChildChange(change: Change): void {
    this.weigh(change, 1);
    if (this.childChanges === NOTHING) this.childChanges = [change];
    else {
      const oldest = push(this.childChanges as Change[], change, CHILD_CHANGES);
      if (oldest !== undefined) this.forgotten++;
      this.weigh(oldest, -1);
    }
  }

  /** Says whether the znode exists; news that is older by zxid than what is known is ignored. */
  setExists(exists: boolean, zxid: number, time: number): void {
    if (zxid >= 0 && zxid < this.existsZxid) return;
    this.exists = exists;
    this.existsTime = time;
    if (zxid >= 0) this.existsZxid = zxid;
    if (!exists) this.owner = null;
  }

  /** Keeps one copy of a list however often it is read, and gives it back. */
  addList(
    children: ChildNames,
    zxid: number,
    pzxid: number,
    cversion: number,
    time: number,
    frame: number,
    session: string | null,
  ): ChildList {
    for (let i = this.lists.length - 1; i >= 0; i--) {
      const list = this.lists[i]!;
      if (list.cversion !== cversion && list.cversion !== -1 && cversion !== -1) continue;
      if (!list.equals(children)) continue;
      if (list.cversion === -1 && cversion !== -1) continue;
      if (zxid > list.lastZxid) list.lastZxid = zxid;
      return list;
    }
    const list = new ChildList(children, zxid, pzxid, cversion, time, frame, session);
    if (this.lists === NO_LISTS) this.lists = [list];
    else push(this.lists as ChildList[], list, LISTS);
    return list;
  }

  forgetList(list: ChildList): void {
    this.lists = this.lists.filter((other) => other !== list);
    list.listed = false;
  }
}

/** @returns the oldest, where it had to go */
function push<T>(items: T[], item: T, limit: number): T | undefined {
  items.push(item);
  return items.length <= limit ? undefined : items.shift();
}

/** `/a` of `/a/b`, `/` of `/a`; null for `/` and for what is no path. */
export function parentOf(path: string): string | null {
  const slash = path.lastIndexOf('/');
  if (slash < 0 || path.length === 1) return null;
  return slash === 0 ? '/' : path.slice(0, slash);
}

/**
 * What makes a name unlike that of the same thing done again: a UUID with or without hyphens (Curator's protected creates,
 * kazoo's and Go's recipes, ClickHouse), a session id in hex, a start time in milliseconds (HBase).
 */
const IDENTITY = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{15,}|\d{13,}/gi;
/** The server appends so many digits to the name of a sequential znode. */
const SEQUENCE = 10;
/** All of those have as many hexadecimal digits in a row. */
const RUN = 8;

/**
 * A path as a client would choose it again: the parent as it is, the name without sequence number and without what is made
 * anew each time. `/latch/_c_0af446d6-b284-4c65-9d2d-d2f622ade0fd-latch-0000000006` is `/latch/_c_*-latch-`.
 */
export function likePath(path: string): string {
  const slash = path.lastIndexOf('/') + 1;
  let end = path.length;
  if (end - slash >= SEQUENCE && allDigits(path, end - SEQUENCE, end)) end -= SEQUENCE;
  // A look before the work: nearly all names have none of it.
  if (end - slash < RUN || !hasRun(path, slash, end)) return end === path.length ? path : path.slice(0, end);
  return path.slice(0, slash) + path.slice(slash, end).replace(IDENTITY, '*');
}

function allDigits(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (!isDigit(text.charCodeAt(i))) return false;
  return true;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Whether so many hexadecimal digits stand in a row that there may be an identity. */
function hasRun(text: string, from: number, to: number): boolean {
  let run = 0;
  for (let i = from; i < to && run < RUN; i++) {
    const code = text.charCodeAt(i);
    const letter = code | 0x20;
    run = isDigit(code) || (letter >= 0x61 && letter <= 0x66) ? run + 1 : 0;
  }
  return run >= RUN;
}
