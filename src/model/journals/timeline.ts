import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import type { ModelListener } from '../listener.js';
import type { Session } from '../knowledge/session.js';
import { TimeBuckets, type BucketCounts } from '../measures/timeBuckets.js';

/** What happened in the capture at one width of buckets. Arrays are of one length; latencies are nanoseconds. */
export interface TimelineLevel {
  /** Nanoseconds of a bucket. */
  readonly width: number;
  /** Requests other than pings. */
  readonly operations: readonly number[];
  readonly pings: readonly number[];
  /** Answers that carry an error, and sessions that a handshake said to have expired. */
  readonly errors: readonly number[];
  readonly notifications: readonly number[];
  /** 99th percentile of the latency of the answers, to 3 %; null where there were none. */
  readonly p99: readonly (number | null)[];
  /** Sessions alive at some moment of the bucket. */
  readonly sessions: readonly number[];
}

/**
 * The capture over time, in a bounded number of buckets: operations, errors, notifications, latency, live sessions. A
 * session lives from its first message (from the start of the capture where its beginning is not in it) until it is
 * closed; one that was lost or has expired, until its connection was gone or its timeout was over, whichever came first;
 * one that is open lives to the end of the capture.
 */
export class Timeline implements ModelListener {
  /** Time of the first and the last thing that happened; null while nothing did. */
  from: number | null = null;
  to: number | null = null;
  private readonly buckets: TimeBuckets;
  private readonly operations: BucketCounts;
  private readonly pings: BucketCounts;
  private readonly errors: BucketCounts;
  private readonly notifications: BucketCounts;
  private readonly born: BucketCounts;
  /** Counted in the last bucket in which they live. */
  private readonly ended: BucketCounts;
  /** Sessions older than the capture, and those that live beyond its end. */
  private older = 0;
  private ready = false;

  constructor(buckets = new TimeBuckets()) {
    this.buckets = buckets;
    this.operations = buckets.add();
    this.pings = buckets.add();
    this.errors = buckets.add();
    this.notifications = buckets.add();
    this.born = buckets.add();
    this.ended = buckets.add();
  }

  /** The capture begins here, whatever happens in it: to be told before anything else. */
  begin(time: number): void {
    this.at(time);
  }

  request(m: ZooKeeperMessage): void {
    const index = this.at(m.time);
    if (m.opcode === OpCode.ping) this.pings[index]!++;
    else this.operations[index]!++;
  }

  response(m: ZooKeeperMessage): void {
    const index = this.at(m.time);
    if (m.err !== 0) this.errors[index]!++;
    if (m.latency !== null) this.buckets.latency(index, Math.max(0, m.latency));
  }

  notification(m: ZooKeeperMessage): void {
    this.notifications[this.at(m.time)]!++;
  }

  sessionExpired(): void {
    if (this.to !== null) this.errors[this.at(this.to)]!++;
  }

  sessionEnded(session: Session): void {
    if (session.startKnown) this.born[this.at(session.start.time)]!++;
    else this.older++;
    if (session.end === 'open') return;
    this.ended[this.at(lastOf(session))]!++;
  }

  end(time: number): void {
    if (this.ready) return;
    this.ready = true;
    if (this.from !== null) this.at(time);
  }

  /** The same history at several widths, the finest first; each is four times as wide as the one before. */
  levels(): TimelineLevel[] {
    const result: TimelineLevel[] = [];
    for (let step = 1; step === 1 || this.buckets.used / step > 32; step *= 4) result.push(this.level(step));
    return result;
  }

  private level(step: number): TimelineLevel {
    const { buckets } = this;
    const length = Math.ceil(buckets.used / step);
    const summed = (counts: BucketCounts): number[] =>
      Array.from({ length }, (_, i) => counts.subarray(i * step, (i + 1) * step).reduce((sum, n) => sum + n, 0));
    const born = summed(this.born);
    const ended = summed(this.ended);
    let living = this.older;
    const sessions = born.map((n, i) => {
      const now = living + n;
      // Where the times of frames run backwards, a session may end before it begins.
      living = Math.max(0, now - ended[i]!);
      return now;
    });
    return {
      width: buckets.width * step,
      operations: summed(this.operations),
      pings: summed(this.pings),
      errors: summed(this.errors),
      notifications: summed(this.notifications),
      p99: born.map((_, i) => buckets.percentile(i * step, (i + 1) * step, 0.99)),
      sessions,
    };
  }

  private at(time: number): number {
    this.from ??= time;
    if (this.to === null || time > this.to) this.to = time;
    return this.buckets.index(time);
  }
}

/** When a session that has ended was last alive, as far as the capture can tell. */
function lastOf(session: Session): number {
  const { end, endMoment, lastTime, current } = session;
  if (end === 'closed') return endMoment?.time ?? lastTime;
  const gone = current?.tcp.endMoment?.time ?? lastTime;
  return Math.min(Math.max(gone, lastTime), lastTime + session.timeoutNs(0));
}
