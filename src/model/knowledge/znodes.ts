import { afterForgetting } from '../bounds.js';
import type { Held } from './room.js';
import { type Change, type ChildList, type Creation, type Cause, type ListKeeper, Znode } from './znode.js';

/**
 * Znodes that anything is known of.
 * @bound znodes
 */
const MAX_ZNODES = 20_000;
/**
 * Their paths and changes together.
 * @bound bytes
 */
const MAX_BYTES = 12 * 1024 * 1024;
/**
 * Of them, those that are deleted and that nobody watches: most locks and members of queues are there for a moment.
 * @bound znodes
 */
const MAX_GONE = 4096;
/**
 * Names in all lists of children together.
 * @bound names
 */
const MAX_NAMES = 1_000_000;
/**
 * The same in bytes, those included that each name takes by itself.
 * @bound bytes
 */
const MAX_NAME_BYTES = 40 * 1024 * 1024;

/** All znodes that the capture speaks of, by path. Bounded: beyond `limit` the oldest go, those first that nobody watches. */
export class Znodes implements ListKeeper {
  private readonly byPath = new Map<string, Znode>();
  /** Those that were deleted, in that order, and some that were made again since. */
  private readonly gone = new Set<Znode>();
  forgotten = 0;
  /** Lists of children that znodes or views keep, oldest first, and how many names they hold together. */
  private readonly lists = new Map<ChildList, Znode>();
  private names = 0;
  private nameBytes = 0;
  forgottenLists = 0;
  /** Views of znodes that were forgotten since somebody last looked for them. */
  viewsLost = 0;
  /** What paths and changes take. */
  private readonly held: Held = { bytes: 0 };

  constructor(
    private readonly limit = MAX_ZNODES,
    private readonly maxNames = MAX_NAMES,
    private readonly maxBytes = MAX_BYTES,
    private readonly maxNameBytes = MAX_NAME_BYTES,
  ) {}

  get size(): number {
    return this.byPath.size;
  }

  find(path: string): Znode | undefined {
    return this.byPath.get(path);
  }

  get(path: string): Znode {
    let znode = this.byPath.get(path);
    if (znode === undefined) {
      if (this.byPath.size >= this.limit || this.held.bytes > this.maxBytes) this.forgetOldest();
      znode = new Znode(path, this.held);
      this.byPath.set(path, znode);
    }
    return znode;
  }

  [Symbol.iterator](): IterableIterator<Znode> {
    return this.byPath.values();
  }

  created(path: string, creation: Creation, ephemeral: boolean | null): void {
    const znode = this.get(path);
    znode.setExists(true, creation.zxid, creation.time);
    znode.creation = creation;
    znode.ephemeral = ephemeral;
    znode.owner = ephemeral === true ? creation.session : null;
    znode.addChange(creation);
    this.parentChanged(znode, creation);
  }

  /** A znode went; `zxid` is -1 where the capture does not show which transaction removed it. */
  deleted(path: string, cause: Cause, zxid: number, time: number, frame: number, session: string | null): void {
    const znode = this.get(path);
    const change: Change = { kind: 'delete', cause, zxid, time, frame, session, child: znode.name };
    znode.setExists(false, zxid, time);
    znode.deletion = change;
    znode.addChange(change);
    if (zxid >= 0) this.parentChanged(znode, change);
    this.gone.delete(znode);
    this.gone.add(znode);
    if (this.gone.size > MAX_GONE) this.forgetGone();
  }

  /** See Znode.addList. Of more lists than can be kept the oldest are forgotten. */
  addList(znode: Znode, ...read: Parameters<Znode['addList']>): ChildList {
    const [oldest] = znode.lists;
    const list = znode.addList(...read);
    if (znode.lists.at(-1) !== list || this.lists.has(list)) return list;
    list.keeper = this;
    this.lists.set(list, znode);
    this.names += list.size;
    this.nameBytes += list.bytes;
    if (oldest !== undefined && znode.lists[0] !== oldest) oldest.unlist();
    if (this.names > this.maxNames || this.nameBytes > this.maxNameBytes) this.forgetLists();
    return list;
  }

  /** Nobody keeps it any more: its names go. */
  drop(list: ChildList): void {
    if (!this.lists.delete(list)) return;
    this.names -= list.size;
    this.nameBytes -= list.bytes;
    list.forget();
  }

  private forgetLists(): void {
    const wanted = afterForgetting(this.maxNames);
    const wantedBytes = afterForgetting(this.maxNameBytes);
    for (const [list, znode] of this.lists) {
      if ((this.names <= wanted && this.nameBytes <= wantedBytes) || this.lists.size === 1) return;
      this.drop(list);
      znode.forgetList(list);
      this.forgottenLists++;
    }
  }

  /** Changes of a list matter only where somebody has read that list. */
  private parentChanged({ parentPath }: Znode, change: Change): void {
    if (parentPath !== null) this.byPath.get(parentPath)?.addChildChange(change);
  }

  private forgetGone(): void {
    const wanted = afterForgetting(MAX_GONE);
    for (const znode of this.gone) {
      if (this.gone.size <= wanted) return;
      this.gone.delete(znode);
      if (znode.exists === false && znode.views === 0) this.forget(znode);
    }
  }

  private forget(znode: Znode): void {
    if (!this.byPath.delete(znode.path)) return;
    znode.abandon();
    this.viewsLost += znode.views;
    for (const list of znode.lists) list.unlist();
    this.forgotten++;
  }

  private forgetOldest(): void {
    const wanted = afterForgetting(this.limit - 1);
    const wantedBytes = afterForgetting(this.maxBytes);
    const tooMany = this.byPath.size >= this.limit;
    for (const spareWatched of [true, false]) {
      for (const znode of this.byPath.values()) {
        if ((!tooMany || this.byPath.size <= wanted) && this.held.bytes <= wantedBytes) return;
        if (spareWatched && znode.views > 0) continue;
        this.gone.delete(znode);
        this.forget(znode);
      }
    }
  }
}
