import type { Moment } from '../../observations/connectionFacts.js';

/** A stretch of time, nanoseconds on the run's clock, and the frames at its ends. */
export interface Span {
  readonly from: number;
  to: number;
  readonly frame: number;
}

/** A connection in a session's life. */
export interface ConnectedSpan extends Span {
  readonly connection: number;
  readonly client: string;
  readonly server: string;
  /** `open` while it lives and at the end of the capture; otherwise how it ended. */
  end: 'open' | 'fin' | 'rst' | 'replaced' | 'forgotten';
}

/**
 * `silent`: nothing from the client for longer than its pings allow; `pinging`: pings and nothing else; `waiting`: a
 * request had no answer for long.
 */
export interface QuietSpan extends Span {
  readonly kind: 'silent' | 'pinging' | 'waiting';
}

/** Events that were sent to the session, several in one where there were very many. */
export interface LaneEvents {
  readonly time: number;
  readonly frame: number;
  readonly type: string;
  readonly path: string;
  count: number;
}

/**
 * After an event the session read the path first without a watch (`plain`), then with one (`watched`): what changed in
 * between was announced by no event.
 */
export interface BlindWindow {
  readonly path: string;
  readonly kind: 'data' | 'child';
  readonly fired: Moment;
  readonly plain: Moment;
  readonly watched: Moment;
  readonly changed: boolean;
  /** Names that only the second list has, and only the first: bounded, the counts are exact. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly addedCount: number;
  readonly removedCount: number;
  /** When the session next read the path without a watch and so had a new first list; null: not in the capture. */
  until: Moment | null;
}

/**
 * Connections of one lane.
 * @bound connections
 */
const CONNECTIONS = 64;
/**
 * Stretches of one lane in which nothing was heard, an answer was awaited, or only pings were sent: the shortest go.
 * @bound stretches
 */
const QUIET = 64;
/**
 * Events of one lane.
 * @bound events
 */
const EVENTS = 128;
const WINDOWS = 32;
const HOLES = 16;

/** What is drawn of one session. Bounded: of what is too much, the count is kept. */
export class SessionLane {
  readonly connections: ConnectedSpan[] = [];
  readonly quiet: QuietSpan[] = [];
  /** Events by time; where there are too many, neighbours are joined. */
  events: LaneEvents[] = [];
  readonly windows: BlindWindow[] = [];
  /** Places where bytes of the session are missing from the capture. */
  readonly holes: Moment[] = [];
  /** A handshake that named the session was answered that it has expired. */
  expired: Moment | null = null;
  /** What was too much to keep. */
  connectionsForgotten = 0;
  quietForgotten = 0;
  windowsForgotten = 0;
  /** Blind windows in which something changed, all of them. */
  changedWindows = 0;
  /** Latest request of any kind, latest other than ping, first and number of pings since then; -1: none. */
  lastRequest = -1;
  lastRequestFrame = 0;
  firstPing = -1;
  firstPingFrame = 0;
  pings = 0;

  connected(span: ConnectedSpan): void {
    this.connections.push(span);
    if (this.connections.length <= CONNECTIONS) return;
    this.connections.splice(CONNECTIONS / 2, 1);
    this.connectionsForgotten++;
  }

  disconnected(connection: number, time: number, end: ConnectedSpan['end']): void {
    const span = this.connections.findLast((candidate) => candidate.connection === connection);
    if (span?.end !== 'open') return;
    span.end = end;
    span.to = time;
  }

  addQuiet(span: QuietSpan): void {
    this.quiet.push(span);
    if (this.quiet.length <= QUIET) return;
    let shortest = 0;
    for (const [i, { from, to }] of this.quiet.entries()) {
      const least = this.quiet[shortest]!;
      if (to - from < least.to - least.from) shortest = i;
    }
    this.quiet.splice(shortest, 1);
    this.quietForgotten++;
  }

  addEvent(event: LaneEvents): void {
    this.events.push(event);
    if (this.events.length <= EVENTS) return;
    const joined: LaneEvents[] = [];
    for (let i = 0; i < this.events.length; i += 2) {
      const first = this.events[i]!;
      joined.push({ ...first, count: first.count + (this.events[i + 1]?.count ?? 0) });
    }
    this.events = joined;
  }

  addWindow(window: BlindWindow): void {
    if (window.changed) this.changedWindows++;
    this.windows.push(window);
    if (this.windows.length <= WINDOWS) return;
    // Those in which nothing changed go first.
    const unchanged = this.windows.findIndex((candidate) => !candidate.changed);
    this.windows.splice(unchanged >= 0 ? unchanged : 0, 1);
    this.windowsForgotten++;
  }

  /** The session has a new first list of a path: the older ones are no longer in use. */
  readAgain(path: string, moment: Moment): void {
    for (const window of this.windows) if (window.until === null && window.path === path) window.until = moment;
  }

  addHole(moment: Moment): void {
    if (this.holes.length < HOLES) this.holes.push(moment);
  }
}
