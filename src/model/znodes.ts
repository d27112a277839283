import { type Change, type Creation, type Cause, parentOf, Znode } from './znode.js';

/** All znodes that the capture speaks of, by path. Bounded: beyond `limit` those that nobody watches go, oldest first. */
export class Znodes {
  private readonly byPath = new Map<string, Znode>();
  forgotten = 0;

  constructor(private readonly limit = 20_000) {}

  get size(): number {
    return this.byPath.size;
  }

  find(path: string): Znode | undefined {
    return this.byPath.get(path);
  }

  get(path: string): Znode {
    let znode = this.byPath.get(path);
    if (znode === undefined) {
      znode = new Znode(path);
      this.byPath.set(path, znode);
      if (this.byPath.size > this.limit) this.forgetOldest();
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
    this.parentChanged(path, creation);
  }

  /** A znode went; `zxid` is -1 where the capture does not show which transaction removed it. */
  deleted(path: string, cause: Cause, zxid: number, time: number, frame: number, session: string | null): void {
    const znode = this.get(path);
    const change: Change = { kind: 'delete', cause, zxid, time, frame, session, child: znode.name };
    znode.setExists(false, zxid, time);
    znode.deletion = change;
    znode.addChange(change);
    if (zxid >= 0) this.parentChanged(path, change);
  }

  /** Changes of a list matter only where somebody has read that list. */
  private parentChanged(path: string, change: Change): void {
    const parent = parentOf(path);
    if (parent === null) return;
    this.byPath.get(parent)?.addChildChange(change);
  }

  private forgetOldest(): void {
    let spared = 0;
    for (const [path, znode] of this.byPath) {
      this.byPath.delete(path);
      // What is watched goes to the end of the queue, a few at a time so that a newcomer never costs much.
      if (znode.views > 0 && ++spared <= 8) {
        this.byPath.set(path, znode);
        continue;
      }
      this.forgotten++;
      return;
    }
  }
}
