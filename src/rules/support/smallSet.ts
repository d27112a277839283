/** A set that nearly always has one member: only the second makes a Set. */
export class SmallSet<T extends string | number> {
  private first: T | null = null;
  private all: Set<T> | null = null;

  get size(): number {
    return this.all?.size ?? (this.first === null ? 0 : 1);
  }

  has(member: T): boolean {
    return this.all === null ? this.first === member : this.all.has(member);
  }

  add(member: T): void {
    if (this.all !== null) this.all.add(member);
    else if (this.first === null) this.first = member;
    else if (this.first !== member) this.all = new Set([this.first, member]);
  }

  /** In the order in which they came. */
  members(): T[] {
    if (this.all !== null) return [...this.all];
    return this.first === null ? [] : [this.first];
  }
}
