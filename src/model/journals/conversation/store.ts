import type { LadderEvent } from './events.js';

/**
 * What the events of a conversation take together.
 * @bound bytes
 */
const MOST_BYTES = 64 * 1024 * 1024;
/** Bytes that an event takes beside its texts, and a field of its record; the answer of a request comes with it. */
const EVENT_BYTES = 400;
const FIELD_BYTES = 16;

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
  /** Bytes of the events in `head` and in `tail`, and of each in `tail`. */
  private headBytes = 0;
  private tailBytes = 0;
  private sizes: number[] = [];
  leftOut: LeftOut | null = null;

  /** @param limit most events that are kept, half of them from the beginning; and most bytes, as estimated */
  constructor(
    private readonly limit: number,
    private readonly bytes = MOST_BYTES,
  ) {}

  get last(): LadderEvent | undefined {
    return this.tail.length > this.start ? this.tail.at(-1) : this.head.at(-1);
  }

  get size(): number {
    return this.head.length + this.tail.length - this.start;
  }

  add(event: LadderEvent): void {
    const size = bytesOf(event);
    if (this.tail.length === 0 && this.head.length < this.limit / 2 && this.headBytes + size <= this.bytes / 2) {
      this.head.push(event);
      this.headBytes += size;
      return;
    }
    this.tail.push(event);
    this.sizes.push(size);
    this.tailBytes += size;
    while (
      this.tail.length - this.start > 1 &&
      (this.tail.length - this.start > this.limit / 2 || this.tailBytes > this.bytes / 2)
    ) {
      this.tailBytes -= this.sizes[this.start]!;
      this.drop(this.tail[this.start++]!);
    }
    if (this.start > 1024 && this.start > this.tail.length / 2) {
      this.tail = this.tail.slice(this.start);
      this.sizes = this.sizes.slice(this.start);
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

function bytesOf(event: LadderEvent): number {
  let bytes = EVENT_BYTES;
  // An answer that comes at once has no place of its own: as much again.
  if ('record' in event) bytes += recordBytes(event.record) * (event.type === 'request' ? 2 : 1);
  return bytes;
}

function recordBytes(record: object): number {
  let bytes = 0;
  for (const value of Object.values(record) as unknown[]) {
    bytes += FIELD_BYTES;
    if (typeof value === 'string') bytes += value.length;
    else if (typeof value === 'object' && value !== null) bytes += recordBytes(value);
  }
  return bytes;
}

function inOrder(events: readonly LadderEvent[]): LadderEvent[] {
  return [...events].sort((a, b) => a.frame - b.frame || a.order - b.order);
}
