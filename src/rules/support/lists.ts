import { type ChildList, listOf, type Read, type View, type Znode } from '../../model/index.js';

/** What changed in a list of children after a session had read it. */
export interface Missed {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** The first change that the session does not know: its frame and time, and zxid (-1 unknown). */
  readonly frame: number;
  readonly time: number;
  readonly zxid: number;
  readonly text: string;
  /** A list that another session read since then and that differs. */
  readonly newer: ChildList | null;
  /** The order is known by zxid. */
  readonly byZxid: boolean;
}

/**
 * How the capture's latest knowledge of a znode's children differs from what was read by `read`: lists of a higher zxid,
 * creates and deletes of a higher zxid, but not those of `reader`, the session itself. Null if it does not, or cannot be
 * told.
 */
export function missedChanges(znode: Znode, read: Read, reader: string | null): Missed | null {
  const base = listOf(read);
  if (base === null || read.zxid < 0) return null;
  const known = new Set(base.names);
  const now = new Set(base.names);
  let zxid = read.zxid;
  let newer: ChildList | null = null;
  for (const list of znode.lists) {
    if (list.lastZxid > zxid && list !== base) {
      newer = list;
      zxid = list.lastZxid;
    }
  }
  if (newer !== null) {
    now.clear();
    for (const name of newer.names) now.add(name);
  }
  const changes = znode.childChanges.filter((change) => change.zxid > read.zxid);
  for (const change of changes) {
    if (change.zxid <= zxid && newer !== null) continue;
    if (change.kind === 'create') now.add(change.child!);
    else now.delete(change.child!);
  }
  // What the session did itself it knows; without an id, what any session without an id did may be its own.
  const own = new Set(changes.filter((c) => c.session === reader).map((c) => c.child));
  const added = [...now].filter((name) => !known.has(name) && !own.has(name));
  const removed = [...known].filter((name) => !now.has(name) && !own.has(name));
  if (added.length === 0 && removed.length === 0) return null;
  const differs = new Set([...added, ...removed]);
  const first = changes.find((change) => differs.has(change.child!));
  const firstList = earliestDifferent(znode, read);
  if (first !== undefined && (firstList === null || first.time <= firstList.time)) {
    const what = first.kind === 'create' ? 'created' : 'gone';
    const text = `${first.child!} is ${what}, zxid above the one of that list`;
    return { added, removed, frame: first.frame, time: first.time, zxid: first.zxid, text, newer, byZxid: true };
  }
  const list = firstList ?? newer;
  if (list === null) return null;
  const text = `another session's list, of a later zxid, has other members`;
  return { added, removed, frame: list.frame, time: list.time, zxid: list.zxid, text, newer, byZxid: true };
}

function earliestDifferent(znode: Znode, read: Read): ChildList | null {
  let earliest: ChildList | null = null;
  for (const list of znode.lists) {
    if (list.zxid <= read.zxid || !list.known || sameMembers(list.names, read.list!.names)) continue;
    if (earliest === null || list.time < earliest.time) earliest = list;
  }
  return earliest;
}

export function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  const known = new Set(a);
  return b.every((name) => known.has(name));
}

/** A request for the path that may set the watch is under way and was not answered yet. */
export function readUnderWay(view: View): boolean {
  const connection = view.session.current;
  if (connection === null) return false;
  for (const request of connection.outstanding) {
    if (request.path === view.znode.path && request.watch) return true;
    if (request.op.startsWith('setWatches')) return true;
  }
  return false;
}
