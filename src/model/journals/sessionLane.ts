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
/**
 * All of these in all lanes together, of long paths counted several times; beyond that a lane keeps an eighth.
 * @bound of them
 */
const MOST = 120_000;
const SHARE = 8;
/** Characters of a path that take as much as anything else. */
const PATH = 128;

/** How much all lanes keep together. */
export interface LaneWeight {
  things: number;
}

/** What is drawn of one session. Bounded: of what is too much, the count is kept. */
export class SessionLane {
  private own = 0;
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

  constructor(private readonly all: LaneWeight = { things: 0 }) {}

  /** It is kept no more. */
  drop(): void {
    this.weigh(-this.own);
  }

  private weigh(more: number): void {
    this.own += more;
    this.all.things += more;
  }

  private limit(most: number): number {
    return this.all.things > MOST ? most / SHARE : most;
  }

  connected(span: ConnectedSpan): void {
    this.connections.push(span);
    this.weigh(1);
    while (this.connections.length > this.limit(CONNECTIONS)) {
      this.connections.splice(this.connections.length >>> 1, 1);
      this.weigh(-1);
      this.connectionsForgotten++;
    }
  }

  disconnected(connection: number, time: number, end: ConnectedSpan['end']): void {
    const span = this.connections.findLast((candidate) => candidate.connection === connection);
    if (span?.end !== 'open') return;
    span.end = end;
    span.to = time;
  }

  addQuiet(span: QuietSpan): void {
    this.quiet.push(span);
    this.weigh(1);
    while (this.quiet.length > this.limit(QUIET)) this.forgetShortest();
  }

  private forgetShortest(): void {
    let shortest = 0;
    for (const [i, { from, to }] of this.quiet.entries()) {
      const least = this.quiet[shortest]!;
      if (to - from < least.to - least.from) shortest = i;
    }
    this.quiet.splice(shortest, 1);
    this.weigh(-1);
    this.quietForgotten++;
  }

  addEvent(event: LaneEvents): void {
    this.events.push(event);
    this.weigh(eventWeight(event));
    while (this.events.length > this.limit(EVENTS)) this.joinEvents();
  }

  private joinEvents(): void {
    const joined: LaneEvents[] = [];
    for (let i = 0; i < this.events.length; i += 2) {
      const first = this.events[i]!;
      const second = this.events[i + 1];
      joined.push({ ...first, count: first.count + (second?.count ?? 0) });
      if (second !== undefined) this.weigh(-eventWeight(second));
    }
    this.events = joined;
  }

  addWindow(window: BlindWindow): void {
    if (window.changed) this.changedWindows++;
    this.windows.push(window);
    this.weigh(windowWeight(window));
    while (this.windows.length > this.limit(WINDOWS)) {
      // Those in which nothing changed go first.
      const unchanged = this.windows.findIndex((candidate) => !candidate.changed);
      for (const gone of this.windows.splice(unchanged >= 0 ? unchanged : 0, 1)) this.weigh(-windowWeight(gone));
      this.windowsForgotten++;
    }
  }

  /** The session has a new first list of a path: the older ones are no longer in use. */
  readAgain(path: string, moment: Moment): void {
    for (const window of this.windows) if (window.until === null && window.path === path) window.until = moment;
  }

  addHole(moment: Moment): void {
    if (this.holes.length < HOLES) this.holes.push(moment);
  }
}

function eventWeight({ path }: LaneEvents): number {
  return 1 + Math.floor(path.length / PATH);
}

function windowWeight({ path, added, removed }: BlindWindow): number {
  const names = [...added, ...removed].reduce((sum, name) => sum + name.length, path.length);
  return 2 + Math.floor(names / PATH);
}
