import type { Moment } from '../../../observations/connectionFacts.js';

/** Nanoseconds without an acknowledgement, while a proposal waited for one, from which on the wait counts as slow. */
export const SLOW_WAIT = 50e6;
const SECOND = 1e9;
const WINDOWS = 8;
const MOST_STRETCHES = 64;
/** Slow seconds that are no farther apart than this belong to one stretch. */
const BRIDGE = 3;
/** Acknowledgements for one slow wait from which on it may be a large batch of a busy ensemble rather than a slow disk. */
const LARGE_BATCH = 32;
/** How many times longer than its peers' a server's waits must be to be slow in spite of large batches. */
const TIMES_PEERS = 4;

/** Shorter waits are steps between the acknowledgements of one batch. */
const STEP = 1e6;

/** Consecutive seconds in which most of the time that proposals waited for a server was spent in slow waits. */
export interface SlowStretch {
  from: Moment;
  to: Moment;
  /** Seconds of the clock in which slow waits ended, and those of them in which a peer was several times faster. */
  seconds: number;
  peersFaster: number;
  /** Slow waits, their sum and the longest, nanoseconds; where the longest ended. */
  waits: number;
  waited: number;
  longest: number;
  longestEnd: Moment;
  acks: number;
  /** Longest that a PING waited within it, answered or not, nanoseconds; 0 if none was seen. */
  longestPing: number;
}

interface Window {
  second: number;
  acks: number;
  waited: number;
  /** Waits of a millisecond and more, and their number. */
  long: number;
  longWaits: number;
  slow: number;
  slowWaits: number;
  longest: number;
  longestEnd: Moment;
  /** Start of the first slow wait, end of the last. */
  slowFrom: Moment;
  slowEnd: Moment;
}

const NOWHERE: Moment = { frame: 0, time: 0 };

function emptyWindow(): Window {
  return {
    second: -1,
    acks: 0,
    waited: 0,
    long: 0,
    longWaits: 0,
    slow: 0,
    slowWaits: 0,
    longest: 0,
    longestEnd: NOWHERE,
    slowFrom: NOWHERE,
    slowEnd: NOWHERE,
  };
}

/**
 * How fast one server acknowledges: the time in which at least one proposal waited and no acknowledgement came. Unlike the
 * latency of a single proposal it does not grow with the queue: a server logs what has come together in one fsync, so a
 * wait is about one fsync, however many proposals it was for.
 */
export class AckPace {
  private waiting = 0;
  /** Since when it has been waited: the latest ACK, or the PROPOSAL that began to wait. */
  private since: Moment | null = null;
  private readonly windows: Window[] = Array.from({ length: WINDOWS }, emptyWindow);
  private current = -1;
  /** zxid of the latest proposal: its acknowledgement is that of all before it, also of those that were not seen. */
  private latest = -1;
  private pingMax = 0;
  /** The same of PINGs that were answered after the second which is counted, and before its end was noticed. */
  private laterPing = 0;
  /** When the oldest PING was sent that still waits, -1 if none does. */
  private pingAsked = -1;
  /** The same of the other learners of its leader. */
  peers: () => readonly AckPace[] = () => [];

  /** @param stretches where slow stretches are put; bounded */
  constructor(private readonly stretches: SlowStretch[]) {}

  proposed(moment: Moment, zxid: number): void {
    this.latest = zxid;
    if (this.waiting++ === 0) this.since = moment;
  }

  acknowledged(moment: Moment, zxid: number): void {
    const second = Math.floor(moment.time / SECOND);
    if (second !== this.current) {
      this.closeWindow();
      this.pingMax = this.laterPing;
      this.laterPing = 0;
      this.current = second;
      this.open(second);
    }
    if (this.waiting === 0) return;
    this.waiting = zxid >= this.latest ? 0 : this.waiting - 1;
    const { since } = this;
    this.since = moment;
    if (since === null) return;
    const wait = moment.time - since.time;
    const window = this.window(second);
    window.acks++;
    window.waited += wait;
    if (wait >= STEP) {
      window.long += wait;
      window.longWaits++;
    }
    if (wait > window.longest) {
      window.longest = wait;
      window.longestEnd = moment;
    }
    if (wait >= SLOW_WAIT) {
      // A PING that stands behind the proposal is answered after it, or never.
      if (this.pingAsked >= 0) this.pingMax = Math.max(this.pingMax, moment.time - this.pingAsked);
      window.slow += wait;
      if (window.slowWaits++ === 0) window.slowFrom = since;
      window.slowEnd = moment;
    }
  }

  /** The leader sends a PING. */
  pingSent(time: number): void {
    if (this.pingAsked < 0) this.pingAsked = time;
  }

  /** It was answered at `time`, after so many nanoseconds (null where that cannot be told). */
  pinged(latency: number | null, time: number): void {
    this.pingAsked = -1;
    if (latency === null) return;
    if (Math.floor(time / SECOND) === this.current) this.pingMax = Math.max(this.pingMax, latency);
    else this.laterPing = Math.max(this.laterPing, latency);
  }

  /** What waits is unknown from here on: a hole in the capture. */
  forget(): void {
    this.waiting = 0;
    this.since = null;
    this.pingAsked = -1;
  }

  end(): void {
    this.closeWindow();
    this.current = -1;
  }

  private window(second: number): Window {
    return this.windows[((second % WINDOWS) + WINDOWS) % WINDOWS]!;
  }

  private open(second: number): void {
    Object.assign(this.window(second), emptyWindow(), { second });
  }

  /** Mean wait for a batch in this second; null if none ended in it, or that is too long ago. */
  private meanWait(second: number): number | null {
    const window = this.window(second);
    if (window.second !== second || window.acks === 0) return null;
    return window.longWaits > 0 ? window.long / window.longWaits : window.longest;
  }

  private closeWindow(): void {
    if (this.current < 0) return;
    const window = this.window(this.current);
    const ping = this.pingMax;
    this.pingMax = 0;
    if (window.slowWaits === 0 || window.slow < window.waited / 2) return;
    const mean = window.slow / window.slowWaits;
    const peersFaster = this.peers().some((peer) => {
      const theirs = peer === this ? null : peer.meanWait(window.second);
      return theirs !== null && theirs * TIMES_PEERS <= mean;
    });
    if (!peersFaster && window.acks > LARGE_BATCH * window.slowWaits) return;
    this.add(window, ping, peersFaster);
  }

  private add(window: Window, ping: number, peersFaster: boolean): void {
    const latest = this.stretches.at(-1);
    if (latest !== undefined && window.second - Math.floor(latest.to.time / SECOND) <= BRIDGE) {
      latest.to = window.slowEnd;
      latest.seconds++;
      if (peersFaster) latest.peersFaster++;
      latest.waits += window.slowWaits;
      latest.waited += window.slow;
      latest.acks += window.acks;
      latest.longestPing = Math.max(latest.longestPing, ping);
      if (window.longest > latest.longest) {
        latest.longest = window.longest;
        latest.longestEnd = window.longestEnd;
      }
      return;
    }
    this.stretches.push({
      from: window.slowFrom,
      to: window.slowEnd,
      seconds: 1,
      peersFaster: peersFaster ? 1 : 0,
      waits: window.slowWaits,
      waited: window.slow,
      longest: window.longest,
      longestEnd: window.longestEnd,
      acks: window.acks,
      longestPing: ping,
    });
    if (this.stretches.length > MOST_STRETCHES) {
      let least = 0;
      for (let i = 1; i < this.stretches.length; i++) {
        if (this.stretches[i]!.waited < this.stretches[least]!.waited) least = i;
      }
      this.stretches.splice(least, 1);
    }
  }
}
