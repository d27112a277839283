import type { Moment } from '../../observations/connectionFacts.js';
import { Intervals } from '../measures/intervals.js';

const SECOND = 1e9;
/** Renewals that wait to be put in order: requests on different connections may be complete in another order. */
const REORDER = 4;
/**
 * A renewal is early if it comes after less than this part of TTL/3, the rhythm of etcd's clients. They send on a tick of
 * half a second, so that below 3 s of TTL nothing can be said.
 */
const EARLY = 0.6;
const SHORTEST_TTL = 3;
/** Early renewals in a row that make a storm, and others in a row that end it. */
const STORM_BEGINS = 10;
const STORM_ENDS = 3;
/** Renewals in the right rhythm that have to come before, to say that the rate has changed. */
const HEALTHY_BEFORE = 2;

/** A time in which a lease was renewed far more often than every TTL/3. */
export interface RenewalStorm {
  /** The first early renewal. */
  readonly since: Moment;
  /** The rhythm had been right before: this is when it changed. Otherwise it was a storm from the first renewal on. */
  readonly changed: boolean;
  /** The latest early renewal; early ones in all. */
  last: Moment;
  early: number;
  /** The right rhythm came back. */
  over: boolean;
}

/** Renewals of one lease by one way (HTTP between members, or gRPC), by the times of their first bytes. */
export class RenewalSeries {
  count = 0;
  first: Moment | null = null;
  last: Moment | null = null;
  readonly intervals = new Intervals();
  /** The first storm; later ones are counted in `storms`. */
  storm: RenewalStorm | null = null;
  storms = 0;
  private readonly waiting: Moment[] = [];
  private previous: Moment | null = null;
  private healthy = 0;
  private healthyInRow = 0;
  private earlyInRow = 0;
  private runStart: Moment | null = null;
  private runHadHealthyBefore = false;

  /** `interval` is told of every interval, in nanoseconds. */
  constructor(private readonly interval: (nanoseconds: number) => void) {}

  /** Adds a renewal; `ttl` in seconds as far as it is known by now. */
  add(frame: number, time: number, ttl: number | null): void {
    this.count++;
    const moment = { frame, time };
    const { waiting } = this;
    let at = waiting.length;
    while (at > 0 && waiting[at - 1]!.time > time) at--;
    waiting.splice(at, 0, moment);
    if (waiting.length > REORDER) this.take(waiting.shift()!, ttl);
  }

  /** No more will come, or nobody will ask again before: what still waited is counted. */
  flush(ttl: number | null): void {
    for (const moment of this.waiting) this.take(moment, ttl);
    this.waiting.length = 0;
  }

  private take(moment: Moment, ttl: number | null): void {
    if (this.first === null || moment.time < this.first.time) this.first = moment;
    if (this.last === null || moment.time > this.last.time) this.last = moment;
    const { previous } = this;
    this.previous = moment;
    if (previous === null) return;
    const interval = Math.max(0, moment.time - previous.time);
    this.intervals.add(interval);
    this.interval(interval);
    if (ttl !== null && ttl >= SHORTEST_TTL) this.judge(moment, interval < ((EARLY * ttl) / 3) * SECOND);
  }

  private judge(moment: Moment, early: boolean): void {
    const running = this.storm !== null && !this.storm.over ? this.storm : null;
    if (!early) {
      this.healthy++;
      this.healthyInRow++;
      this.earlyInRow = 0;
      if (running !== null && this.healthyInRow >= STORM_ENDS) running.over = true;
      return;
    }
    this.healthyInRow = 0;
    if (running !== null) {
      running.last = moment;
      running.early++;
      return;
    }
    if (this.earlyInRow === 0) {
      this.runStart = moment;
      this.runHadHealthyBefore = this.healthy >= HEALTHY_BEFORE;
    }
    this.earlyInRow++;
    if (this.earlyInRow < STORM_BEGINS) return;
    this.storms++;
    const early_ = this.earlyInRow;
    this.earlyInRow = 0;
    if (this.storm !== null) {
      this.storm.last = moment;
      this.storm.early += early_;
      this.storm.over = false;
    } else {
      this.storm = {
        since: this.runStart!,
        changed: this.runHadHealthyBefore,
        last: moment,
        early: early_,
        over: false,
      };
    }
  }
}
