import type { ListSnapshot, PathChange, PathReading } from './pathFacts.js';
import type { PathHistory } from './pathHistory.js';
import { firstAfter } from './zxidOrder.js';

/** What a list of children has that another one has not. */
export interface ListDifference {
  readonly missing: string[];
  readonly extra: string[];
}

/**
 * The children of a path in the server's order: every change that an answer proves, and those that only follow from two
 * lists that differ. Lists are put in their place by the pzxid of their Stat; those without one (getChildren) by the zxid
 * of the reply, or by the nearest earlier place where they fit.
 */
export class ChildTimeline {
  /** By zxid. */
  readonly changes: readonly PathChange[];
  /** The children before the first change; null where no list was captured. */
  readonly base: readonly string[] | null;
  /** Number of changes that cversions prove and that no answer and no list shows. */
  readonly unseen: number;
  private readonly zxids: number[];

  constructor(history: PathHistory) {
    const built = new Builder(history).build();
    this.changes = built.changes;
    this.base = built.base;
    this.unseen = built.unseen;
    this.zxids = this.changes.map((change) => change.zxid);
  }

  /** Index of the first change after a zxid. */
  firstAfter(zxid: number): number {
    return firstAfter(this.zxids, zxid);
  }

  /** The children after the first `count` changes; null where that is not known. */
  listAfter(count: number): Set<string> | null {
    if (this.base === null) return null;
    const list = new Set(this.base);
    for (let i = 0; i < count; i++) apply(list, this.changes[i]!);
    return list;
  }

  /** How a list differs from the server's after the changes from index `from` to before `to` (the list shows all before). */
  difference(names: readonly string[], from: number, to: number): ListDifference {
    const net = new Map<string, boolean>();
    for (let i = from; i < to; i++) {
      const change = this.changes[i]!;
      net.set(change.child!, change.kind === 'create');
    }
    const had = new Set(names);
    const missing: string[] = [];
    const extra: string[] = [];
    for (const [name, there] of net) {
      if (there && !had.has(name)) missing.push(name);
      else if (!there && had.has(name)) extra.push(name);
    }
    return { missing, extra };
  }

  /** The place of a reading among the changes, as a zxid; -1 if its list was not captured. */
  position(reading: PathReading): number {
    const list = reading.list;
    if (list === null) return -1;
    if (list.pzxid >= 0 || reading.zxid <= list.zxid) return list.position;
    // The same list, read again at a later zxid: nothing that came in between may contradict it.
    const from = this.firstAfter(list.position);
    const to = this.firstAfter(reading.zxid);
    if (from === to) return reading.zxid;
    const { missing, extra } = this.difference(list.names, from, to);
    return missing.length + extra.length === 0 ? reading.zxid : list.position;
  }
}

function apply(list: Set<string>, change: PathChange): void {
  if (change.kind === 'create') list.add(change.child!);
  else list.delete(change.child!);
}

function revert(list: Set<string>, change: PathChange): void {
  if (change.kind === 'create') list.delete(change.child!);
  else list.add(change.child!);
}

class Builder {
  private readonly result: PathChange[] = [];
  private state: Set<string> | null = null;
  private base: readonly string[] | null = null;
  private readonly known: PathChange[];
  private next = 0;
  private unseen = 0;
  /** zxid of the latest known change of each child. */
  private readonly latest = new Map<string, number>();

  constructor(private readonly history: PathHistory) {
    this.known = history.childChanges.map((change) => ({ ...change })).sort((a, b) => a.zxid - b.zxid);
  }

  build(): { changes: PathChange[]; base: readonly string[] | null; unseen: number } {
    const snapshots = [...this.history.snapshots].sort((a, b) => place(a) - place(b) || a.frame - b.frame);
    let before: ListSnapshot | null = null;
    for (const snapshot of snapshots) {
      this.take(snapshot, before);
      this.unseen += Math.max(0, this.unexplained(before, snapshot) ?? 0);
      before = snapshot;
    }
    while (this.next < this.known.length) this.add(this.known[this.next++]!);
    this.firstProofs(snapshots);
    return { changes: this.result, base: this.base, unseen: this.unseen };
  }

  private add(change: PathChange): void {
    this.result.push(change);
    this.latest.set(change.child!, change.zxid);
    if (this.state !== null) apply(this.state, change);
  }

  private take(snapshot: ListSnapshot, before: ListSnapshot | null): void {
    const at = place(snapshot);
    const from = this.result.length;
    while (this.next < this.known.length && this.known[this.next]!.zxid <= at) {
      this.add(this.known[this.next++]!);
    }
    snapshot.position = at;
    if (this.state === null) {
      // The first list: what was there before follows from undoing what had changed until then.
      const base = new Set(snapshot.names);
      for (let i = this.result.length - 1; i >= 0; i--) revert(base, this.result[i]!);
      this.base = [...base];
      this.state = base;
      for (const change of this.result) apply(this.state, change);
    }
    const { missing, extra } = compare(this.state, snapshot.names);
    if (missing.length + extra.length === 0) return;
    if (snapshot.pzxid < 0 && this.fitsEarlier(snapshot, from)) return;
    this.infer(snapshot, before, missing, extra);
  }

  /** A reply's zxid may run ahead of its list: looks for the place just before the latest changes where the list fits. */
  private fitsEarlier(snapshot: ListSnapshot, from: number): boolean {
    const state = new Set(this.state);
    for (let i = this.result.length - 1; i >= from; i--) {
      revert(state, this.result[i]!);
      const { missing, extra } = compare(state, snapshot.names);
      if (missing.length + extra.length > 0) continue;
      snapshot.position = this.result[i]!.zxid - 1;
      return true;
    }
    return false;
  }

  private infer(snapshot: ListSnapshot, before: ListSnapshot | null, missing: string[], extra: string[]): void {
    const at = place(snapshot);
    const after = before === null ? -1 : Math.min(Math.max(place(before), before.lastZxid), at - 1);
    // The last change of a list has its pzxid: if cversion counts one change that nobody else explains, that is it.
    const exact =
      missing.length + extra.length === 1 &&
      this.unexplained(before, snapshot) === 1 &&
      this.result.at(-1)?.zxid !== snapshot.pzxid;
    const closing = snapshot.pzxid >= 0 ? this.history.closings.get(snapshot.pzxid) : undefined;
    for (const [names, kind] of [
      [extra, 'delete'],
      [missing, 'create'],
    ] as const) {
      for (const child of names) {
        const owner = this.history.owners.get(child) ?? null;
        const byClosing = kind === 'delete' && closing !== undefined && exact;
        const latest = this.latest.get(child) ?? -1;
        const expired = kind === 'delete' && !byClosing ? this.history.expiredOwner(child, snapshot.time) : null;
        const change: PathChange = {
          kind,
          child,
          cause: byClosing ? 'closeSession' : expired !== null ? 'expired' : 'unknown',
          knownFrom: 'list',
          zxid: at,
          exact,
          after: exact ? -1 : Math.max(after, Math.min(latest, at - 1)),
          frame: byClosing ? closing.frame : snapshot.frame,
          time: byClosing ? closing.time : snapshot.time,
          by: byClosing ? { session: closing.by.session ?? owner, client: closing.by.client } : expired,
          version: null,
          ephemeral: owner === null ? null : true,
        };
        this.add(change);
      }
    }
  }

  /** Changes between two lists that cversion counts and that are not known (yet); null where it cannot be told. */
  private unexplained(before: ListSnapshot | null, snapshot: ListSnapshot): number | null {
    if (before === null || before.cversion < 0 || snapshot.cversion < 0) return null;
    let known = 0;
    for (let i = this.result.length - 1; i >= 0 && this.result[i]!.zxid > before.position; i--) known++;
    return snapshot.cversion - before.cversion - known;
  }

  /** A list that shows a change may have been read before its answer came: the first proof counts. */
  private firstProofs(snapshots: readonly ListSnapshot[]): void {
    let earliest: ListSnapshot | null = null;
    let i = snapshots.length - 1;
    for (let c = this.result.length - 1; c >= 0; c--) {
      const change = this.result[c]!;
      for (; i >= 0 && snapshots[i]!.position >= change.zxid; i--) {
        const snapshot: ListSnapshot = snapshots[i]!;
        if (earliest === null || snapshot.time < earliest.time) earliest = snapshot;
      }
      if (earliest !== null && earliest.time < change.time) {
        change.time = earliest.time;
        change.frame = earliest.frame;
      }
    }
  }
}

function place(snapshot: ListSnapshot): number {
  return snapshot.pzxid >= 0 ? snapshot.pzxid : snapshot.zxid;
}

/** What the names have and the state has not, and the reverse. */
function compare(state: ReadonlySet<string>, names: readonly string[]): ListDifference {
  const there = new Set(names);
  return {
    missing: names.filter((name) => !state.has(name)),
    extra: [...state].filter((name) => !there.has(name)),
  };
}
