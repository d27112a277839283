import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import type { ModelListener } from '../listener.js';
import type { ClientConnection } from '../knowledge/clientConnection.js';
import type { Session } from '../knowledge/session.js';
import { TimeBuckets, type BucketCounts } from '../measures/timeBuckets.js';

/** A request that waited so long (nanoseconds) is to be seen. */
const LONG_WAIT = 0.1e9;
/**
 * Long waits and servers that are told apart.
 * @bound waits
 */
const MOST_WAITS = 2000;
const MOST_SERVERS = 12;

/** What is counted of a message that has no session. */
export interface OtherMessage {
  readonly kind: 'request' | 'response';
  readonly time: number;
  /** Of an answer, nanoseconds; null where its request was not captured. */
  readonly latency: number | null;
  readonly failed: boolean;
  /** Of a request: an answer is to come. */
  readonly asked: boolean;
}

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
  /** Percentiles of the latency of the answers, to 3 %; null where there were none. */
  readonly p50: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
  /** Requests without an answer at the end of the bucket; and how long the one had waited by then that waited longest. */
  readonly waiting: readonly number[];
  readonly longestWait: readonly number[];
  /** Requests, pings among them, by server: the first ones that were seen. */
  readonly byServer: readonly { readonly server: string; readonly requests: readonly number[] }[];
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
  /** Requests that were answered in the bucket, or given up with their connection. */
  private readonly settled: BucketCounts;
  private readonly servers = new Map<string, BucketCounts>();
  /** Long waits: bounded, the shortest go first. */
  private readonly waits: { readonly from: number; readonly to: number }[] = [];
  private readonly born: BucketCounts;
  /** Counted in the last bucket in which they live. */
  private readonly ended: BucketCounts;
  /** Sessions older than the capture, and those that live beyond its end. */
  private older = 0;
  private messages = 0;
  private ready = false;

  constructor(buckets = new TimeBuckets()) {
    this.buckets = buckets;
    this.operations = buckets.add();
    this.pings = buckets.add();
    this.errors = buckets.add();
    this.notifications = buckets.add();
    this.settled = buckets.add();
    this.born = buckets.add();
    this.ended = buckets.add();
  }

  /** The capture begins here, whatever happens in it: to be told before anything else. */
  begin(time: number): void {
    this.at(time);
  }

  /** Anything at all was counted. */
  get counted(): boolean {
    return this.messages > 0;
  }

  request(m: ZooKeeperMessage, connection: ClientConnection): void {
    const index = this.at(m.time);
    this.messages++;
    if (m.opcode === OpCode.ping) this.pings[index]!++;
    else this.operations[index]!++;
    this.ofServer(connection.server.address, index);
  }

  response(m: ZooKeeperMessage): void {
    const index = this.at(m.time);
    this.messages++;
    if (m.err !== 0) this.errors[index]!++;
    if (m.request !== null) this.answered(index, m.request.time, m.time);
    if (m.latency !== null) this.buckets.latency(index, Math.max(0, m.latency));
  }

  /** A message of another protocol that asks and answers (etcd): it has no session. */
  other({ kind, time, latency, failed, asked }: OtherMessage, server: string): void {
    const index = this.at(time);
    this.messages++;
    if (kind === 'request') {
      this.operations[index]!++;
      this.ofServer(server, index);
      if (!asked) this.settled[index]!++;
      return;
    }
    if (failed) this.errors[index]!++;
    if (latency === null) return;
    this.answered(index, time - latency, time);
    this.buckets.latency(index, Math.max(0, latency));
  }

  connectionClosed({ outstanding, tcp }: ClientConnection): void {
    if (outstanding.oldest === null || tcp.end === 'open') return;
    const time = tcp.endMoment?.time ?? this.to ?? 0;
    this.settled[this.at(time)]! += outstanding.size;
    this.wait(outstanding.oldest.time, time);
  }

  private answered(index: number, from: number, to: number): void {
    this.settled[index]!++;
    this.wait(from, to);
  }

  private wait(from: number, to: number): void {
    if (to - from < LONG_WAIT) return;
    const last = this.waits.at(-1);
    // Those who waited for the same thing.
    if (last !== undefined && from >= last.from && to <= last.to) return;
    this.waits.push({ from, to });
    if (this.waits.length > MOST_WAITS)
      this.waits.sort((a, b) => b.to - b.from - (a.to - a.from)).splice(MOST_WAITS / 2);
  }

  private ofServer(server: string, index: number): void {
    let counts = this.servers.get(server);
    if (counts === undefined) {
      if (this.servers.size >= MOST_SERVERS) return;
      this.servers.set(server, (counts = this.buckets.add()));
    }
    counts[index]!++;
  }

  notification(m: ZooKeeperMessage): void {
    this.messages++;
    this.notifications[this.at(m.time)]!++;
  }

  sessionExpired(): void {
    if (this.to !== null) this.errors[this.at(this.to)]!++;
  }

  sessionEnded(session: Session): void {
    const oldest = session.connected ? (session.current?.outstanding.oldest ?? null) : null;
    if (oldest !== null && this.to !== null) this.wait(oldest.time, this.to);
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
    const operations = summed(this.operations);
    const pings = summed(this.pings);
    const settled = summed(this.settled);
    let open = 0;
    const waiting = operations.map((n, i) => (open = Math.max(0, open + n + pings[i]! - settled[i]!)));
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
      operations,
      pings,
      errors: summed(this.errors),
      notifications: summed(this.notifications),
      p50: born.map((_, i) => buckets.percentile(i * step, (i + 1) * step, 0.5)),
      p99: born.map((_, i) => buckets.percentile(i * step, (i + 1) * step, 0.99)),
      waiting,
      longestWait: this.longest(length, buckets.width * step),
      byServer: [...this.servers].map(([server, counts]) => ({ server, requests: summed(counts) })),
      sessions,
    };
  }

  /** How long the longest wait had lasted at the end of each bucket. */
  private longest(length: number, width: number): number[] {
    const start = this.buckets.start ?? 0;
    const result = new Array<number>(length).fill(0);
    for (const { from, to } of this.waits) {
      const last = Math.min(length - 1, Math.floor((to - start) / width));
      for (let i = Math.max(0, Math.floor((from - start) / width)); i <= last; i++)
        result[i] = Math.max(result[i]!, Math.min(to, start + (i + 1) * width) - from);
    }
    return result;
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
