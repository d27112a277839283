import type { Stat } from '../../../protocols/zookeeper/format/stat.js';
import type { Seen } from '../../events.js';
import type { Session } from '../../knowledge/session.js';

/**
 * Readers of one znode that are told apart.
 * @bound sessions
 */
export const READERS = 10_000;
const NO_CHILDREN: ReadonlyMap<string, TreeNode> = new Map<string, TreeNode>();

/**
 * How a znode is known: `answer` of a request about it, in a `list` of its parent's children, by a `notification`, or only
 * as the parent of one (`implied`).
 */
export type TreeKnown = 'answer' | 'list' | 'notification' | 'implied';

/** One znode as far as the capture shows it. */
export class TreeNode {
  children = NO_CHILDREN;
  /** Null while nothing says whether it exists. */
  exists: boolean | null = null;
  /** It was there at some time that the capture shows. */
  everThere = false;
  /** zxid of what says so, -1 if it has none; news of a lower zxid is old. */
  zxid = -1;
  known: TreeKnown = 'implied';
  /** Frame and time of what says so. */
  frame = 0;
  time = 0;
  ephemeral: boolean | null = null;
  owner: string | null = null;
  /** The create asked for a sequence number; otherwise null (see the name). */
  sequential: boolean | null = null;
  /** As in the latest Stat, -1 where there was none. */
  version = -1;
  cversion = -1;
  numChildren = -1;
  dataLength = -1;
  reads = 0;
  writes = 0;
  /** By number: a session that has ended is not to be held. */
  private readers: Set<number> | null = null;
  /** Watches held, counted when the tree is taken. */
  watches = 0;

  constructor(
    readonly name: string,
    readonly parent: TreeNode | null,
  ) {}

  get readerCount(): number {
    return this.readers?.size ?? 0;
  }

  get path(): string {
    if (this.parent === null) return '/';
    const above = this.parent.path;
    return above === '/' ? `/${this.name}` : `${above}/${this.name}`;
  }

  /** Ends in ten digits, as the server names what was created with a sequence flag. */
  get looksSequential(): boolean {
    return this.sequential ?? /[^0-9]\d{10}$|^\d{10}$/.test(this.name);
  }

  /** Most have none: they share an empty map. */
  addChild(child: TreeNode): void {
    if (this.children === NO_CHILDREN) this.children = new Map();
    (this.children as Map<string, TreeNode>).set(child.name, child);
  }

  hasReader({ number }: Session): boolean {
    return this.readers?.has(number) === true;
  }

  addReader({ number }: Session): void {
    this.readers ??= new Set();
    this.readers.add(number);
  }

  /** Takes in whether it exists, unless something newer is known. */
  state(exists: boolean, known: TreeKnown, { zxid, frame, time }: Seen): boolean {
    if (zxid >= 0 && zxid < this.zxid) return false;
    this.everThere ||= exists;
    if (this.exists === exists && this.known === 'answer' && known === 'list') {
      // The request said more than the list does; only its age is news.
      if (zxid >= 0) this.zxid = zxid;
      return true;
    }
    this.exists = exists;
    this.known = known;
    this.frame = frame;
    this.time = time;
    if (zxid >= 0) this.zxid = zxid;
    if (!exists) {
      this.owner = null;
      this.ephemeral = null;
      this.version = this.cversion = this.numChildren = this.dataLength = -1;
    }
    return true;
  }

  gone(known: TreeKnown, seen: Seen): void {
    if (this.exists !== false) this.state(false, known, seen);
  }

  /** Gone by a transaction: that says more than a notification or a list that showed it before. */
  deleted(seen: Seen): void {
    if (this.exists !== false && !this.state(false, 'answer', seen)) return;
    this.frame = seen.frame;
    this.time = seen.time;
    this.known = 'answer';
  }

  learn(stat: Stat): void {
    this.version = stat.version;
    this.cversion = stat.cversion;
    this.numChildren = stat.numChildren;
    this.dataLength = stat.dataLength;
    this.owner = stat.ephemeralOwner === '0x0' ? null : stat.ephemeralOwner;
    this.ephemeral = this.owner !== null;
  }
}
