import type { Clock } from '../capture/clock.js';
import type { ConnectionFacts, Endpoint } from './connectionFacts.js';
import type { Gap, Message } from '../protocols/protocol.js';
import { zookeeperPaths } from '../protocols/zookeeper/paths.js';
import { errorName } from '../protocols/zookeeper/format/errors.js';
import type { ZooKeeperMessage } from '../protocols/zookeeper/message.js';

/** Who talks to whom. */
type Ends = Pick<ConnectionFacts, 'client' | 'server'>;

/** A moment as it is asked for: on the calendar, of the first day of the capture, or counted from its first frame. */
export type TimeBound =
  | { readonly kind: 'absolute'; readonly epochSeconds: number }
  | { readonly kind: 'clock'; readonly secondsOfDay: number }
  | { readonly kind: 'relative'; readonly seconds: number };

/** What to let through: of each list one must fit, and all lists must. Empty lists and nulls ask nothing. */
export interface FilterOptions {
  /** `ip` or `ip:port`. */
  readonly clients: readonly string[];
  readonly servers: readonly string[];
  /** `0x…`, lower case, without leading zeros. */
  readonly sessions: readonly string[];
  /** Exact, or `/x/**` for a subtree and its root. */
  readonly paths: readonly string[];
  readonly ops: readonly string[];
  readonly kinds: readonly string[];
  /** Names of errors; `*` for any. */
  readonly errors: readonly string[];
  readonly from: TimeBound | null;
  readonly to: TimeBound | null;
  /** First and last frame, both included. */
  readonly frames: readonly [number, number] | null;
}

export const NO_FILTER: FilterOptions = {
  clients: [],
  servers: [],
  sessions: [],
  paths: [],
  ops: [],
  kinds: [],
  errors: [],
  from: null,
  to: null,
  frames: null,
};

/** Whether any filter is set at all. */
export function isFiltering(options: FilterOptions): boolean {
  const { clients, servers, sessions, paths, ops, kinds, errors, from, to, frames } = options;
  return (
    [clients, servers, sessions, paths, ops, kinds, errors].some((list) => list.length > 0) ||
    from !== null ||
    to !== null ||
    frames !== null
  );
}

/** Time on the run's clock of a bound; call it when the first frame has been read. */
export function boundTime(bound: TimeBound, clock: Clock): number {
  const firstTime = clock.firstTime ?? 0;
  const base = clock.baseSeconds ?? 0;
  switch (bound.kind) {
    case 'absolute':
      return Math.round((bound.epochSeconds - base) * 1e6) * 1e3;
    case 'clock': {
      const midnight = Math.floor((base + firstTime / 1e9) / 86_400) * 86_400;
      return (midnight - base + bound.secondsOfDay) * 1e9;
    }
    case 'relative':
      return firstTime + bound.seconds * 1e9;
  }
}

function endpointFits(endpoint: Endpoint, wanted: readonly string[]): boolean {
  return wanted.length === 0 || wanted.includes(endpoint.ip) || wanted.includes(endpoint.text);
}

/** Tests a path against patterns: exact, or `/x/**` for `/x` and all below it. */
export function pathFits(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    if (!pattern.endsWith('/**')) return path === pattern;
    const root = pattern.slice(0, -3);
    return path === root || path.startsWith(`${root}/`) || root === '';
  });
}

/** The common filters of all commands, over messages and gaps. */
export class MessageFilter {
  private fromTime: number | null = null;
  private toTime: number | null = null;
  private started = false;

  constructor(
    private readonly options: FilterOptions,
    private readonly clock: Clock,
  ) {}

  message(message: Message, connection: Ends): boolean {
    const { ops, kinds, sessions, paths, errors } = this.options;
    if (!this.place(connection, message.frame, message.time)) return false;
    if (kinds.length > 0 && !kinds.includes(message.kind)) return false;
    if (ops.length > 0 && (message.op === null || !ops.includes(message.op))) return false;
    if (sessions.length === 0 && paths.length === 0 && errors.length === 0) return true;
    if (message.protocol !== 'zookeeper') return this.otherProtocol(message);
    const zookeeper = message as ZooKeeperMessage;
    if (sessions.length > 0 && (zookeeper.session === null || !sessions.includes(zookeeper.session))) return false;
    if (errors.length > 0 && !this.hasError(zookeeper)) return false;
    return paths.length === 0 || zookeeperPaths(zookeeper).some((path) => pathFits(path, paths));
  }

  /** Other protocols' fields under the same names. */
  private otherProtocol(message: Message): boolean {
    const { sessions, paths, errors } = this.options;
    const record = message.toRecord({ data: false });
    const fits = (name: string, test: (value: string) => boolean): boolean => {
      const value = record[name];
      return typeof value === 'string' && test(value);
    };
    if (sessions.length > 0 && !fits('session', (value) => sessions.includes(value))) return false;
    if (paths.length > 0 && !fits('path', (value) => pathFits(value, paths))) return false;
    return errors.length === 0 || fits('error', (value) => errors.includes('*') || errors.includes(value));
  }

  private hasError(message: ZooKeeperMessage): boolean {
    const { errors } = this.options;
    const fits = (code: number): boolean => code !== 0 && (errors.includes('*') || errors.includes(errorName(code)));
    if (message.kind !== 'response') return false;
    return fits(message.err) || (message.responseBody()?.ops ?? []).some((op) => fits(op.err ?? 0));
  }

  gap(gap: Gap, connection: Ends): boolean {
    const { ops, kinds, sessions, paths, errors } = this.options;
    if (!this.place(connection, gap.frame, gap.time)) return false;
    if (kinds.length > 0) return kinds.includes('gap');
    return ops.length === 0 && sessions.length === 0 && paths.length === 0 && errors.length === 0;
  }

  /** Whether a packet fits, whatever it holds: by its ends, its number and its time. */
  place(connection: Ends, frame: number, time: number): boolean {
    const { clients, servers, frames, from, to } = this.options;
    if (frames !== null && (frame < frames[0] || frame > frames[1])) return false;
    if (!endpointFits(connection.client, clients) || !endpointFits(connection.server, servers)) return false;
    if (from === null && to === null) return true;
    return this.timeFits(time);
  }

  private timeFits(time: number): boolean {
    if (!this.started) this.start();
    return (this.fromTime === null || time >= this.fromTime) && (this.toTime === null || time <= this.toTime);
  }

  /** Bounds that count from the start of the capture need its first frame. */
  private start(): void {
    const { from, to } = this.options;
    this.started = true;
    this.fromTime = from === null ? null : boundTime(from, this.clock);
    this.toTime = to === null ? null : boundTime(to, this.clock);
  }
}
