/** What can stand in a DoubtQueue, one at a time. */
export interface Doubtful {
  doubted: boolean;
  before: this | null;
  after: this | null;
}

/** Connections in the order in which they came into doubt: whichever goes, nothing is searched for. */
export class DoubtQueue<T extends Doubtful> {
  first: T | null = null;
  private last: T | null = null;

  /** Puts it at the end, unless it stands in the queue already. */
  add(entry: T): void {
    if (entry.doubted) return;
    entry.doubted = true;
    entry.before = this.last;
    if (this.last === null) this.first = entry;
    else this.last.after = entry;
    this.last = entry;
  }

  remove(entry: T): void {
    if (!entry.doubted) return;
    entry.doubted = false;
    if (entry.before === null) this.first = entry.after;
    else entry.before.after = entry.after;
    if (entry.after === null) this.last = entry.before;
    else entry.after.before = entry.before;
    entry.before = null;
    entry.after = null;
  }
}
