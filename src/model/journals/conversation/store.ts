import type { LadderEvent } from './events.js';

/** What was left out in the middle of a conversation that is too long to keep. */
export interface LeftOut {
  events: number;
  /** Messages by operation. */
  readonly byOp: Map<string, number>;
  fromTime: number;
  toTime: number;
  fromFrame: number;
  toFrame: number;
}

/** Keeps the beginning and the end of a series of events, and counts what was between them. */
export class LadderStore {
  readonly head: LadderEvent[] = [];
  private tail: LadderEvent[] = [];
  private start = 0;
  leftOut: LeftOut | null = null;

  /** @param limit most events that are kept, half of them from the beginning */
  constructor(private readonly limit: number) {}

  get last(): LadderEvent | undefined {
    return this.tail.length > this.start ? this.tail.at(-1) : this.head.at(-1);
  }

  get size(): number {
    return this.head.length + this.tail.length - this.start;
  }

  add(event: LadderEvent): void {
    if (this.head.length < this.limit / 2) {
      this.head.push(event);
      return;
    }
    this.tail.push(event);
    if (this.tail.length - this.start <= this.limit / 2) return;
    this.drop(this.tail[this.start++]!);
    if (this.start > 4096 && this.start > this.tail.length / 2) {
      this.tail = this.tail.slice(this.start);
      this.start = 0;
    }
  }

  /** What is kept, before and after what was left out, each part in the order of the capture. */
  parts(): { head: LadderEvent[]; tail: LadderEvent[] } {
    const all = inOrder([...this.head, ...this.tail.slice(this.start)]);
    const { leftOut } = this;
    if (leftOut === null) return { head: all, tail: [] };
    return {
      head: all.filter(({ frame }) => frame <= leftOut.fromFrame),
      tail: all.filter(({ frame }) => frame > leftOut.fromFrame),
    };
  }

  private drop(event: LadderEvent): void {
    this.leftOut ??= {
      events: 0,
      byOp: new Map(),
      fromTime: event.time,
      toTime: event.time,
      fromFrame: event.frame,
      toFrame: event.frame,
    };
    const { leftOut } = this;
    leftOut.events++;
    leftOut.toTime = event.time;
    leftOut.toFrame = event.frame;
    if (event.type !== 'request') return;
    const op = event.op ?? 'unknown';
    leftOut.byOp.set(op, (leftOut.byOp.get(op) ?? 0) + 1);
  }
}

function inOrder(events: readonly LadderEvent[]): LadderEvent[] {
  return [...events].sort((a, b) => a.frame - b.frame || a.order - b.order);
}
