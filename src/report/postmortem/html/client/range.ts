/** Shortest stretch that can be zoomed to, in seconds. */
const SHORTEST = 1e-5;

/** The stretch of time that the timeline and the lanes show. Seconds since midnight UTC of the report's day. */
export class TimeRange {
  from: number;
  to: number;
  private readonly watchers: (() => void)[] = [];

  constructor(
    readonly first: number,
    readonly last: number,
  ) {
    this.from = first;
    this.to = last;
  }

  get span(): number {
    return this.to - this.from;
  }

  get whole(): boolean {
    return this.from <= this.first && this.to >= this.last;
  }

  onChange(watcher: () => void): void {
    this.watchers.push(watcher);
  }

  /** Shows this stretch, as far as the capture goes. */
  set(from: number, to: number): void {
    const length = Math.min(Math.max(to - from, SHORTEST), this.last - this.first);
    const start = Math.min(Math.max(from, this.first), this.last - length);
    if (start === this.from && start + length === this.to) return;
    this.from = start;
    this.to = start + length;
    for (const watcher of this.watchers) watcher();
  }

  reset(): void {
    this.set(this.first, this.last);
  }

  /** Less (factor below 1) or more (above 1) around the middle. */
  zoom(factor: number): void {
    const middle = (this.from + this.to) / 2;
    const half = (this.span * factor) / 2;
    this.set(middle - half, middle + half);
  }

  /** To the left or right, by a share of what is shown. */
  move(share: number): void {
    this.set(this.from + this.span * share, this.to + this.span * share);
  }
}
