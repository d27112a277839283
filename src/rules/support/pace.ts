/**
 * The stretch of time in which something happens again and again at a pace or above it: it begins anew where the events
 * since its beginning have become fewer than the pace asks for, so that a quiet hour before does not hide a busy minute.
 */
export class Pace {
  count = 0;
  from = 0;
  fromFrame = 0;
  to = 0;
  toFrame = 0;

  /** @param perSecond events a second that are asked for */
  constructor(private readonly perSecond: number) {}

  /** Whether the stretch goes on at `time` (nanoseconds), without counting an event there. */
  lasts(time: number): boolean {
    return this.count > 0 && this.count - ((time - this.from) / 1e9) * this.perSecond >= 0;
  }

  begin(time: number, frame: number): void {
    this.count = 1;
    this.from = this.to = time;
    this.fromFrame = this.toFrame = frame;
  }

  /** One more. Only after `lasts` has said yes. */
  add(time: number, frame: number): void {
    this.count++;
    this.to = time;
    this.toFrame = frame;
  }

  /** Nanoseconds from the first to the last event. */
  get lasted(): number {
    return this.to - this.from;
  }

  /** Events a second, over the time from the first to the last. */
  get rate(): number {
    return this.lasted > 0 ? (this.count - 1) / (this.lasted / 1e9) : 0;
  }
}
