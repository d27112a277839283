import type { Clock } from '../capture/clock.js';
import type { ConnectionFacts } from './connectionFacts.js';
import { FilterTerms, NO_LISTS, passAny, passes, passesOrNone, type FilterLists } from './filterTerms.js';
import type { Gap } from '../protocols/protocol.js';
import type { Message } from '../protocols/registry.js';
import { zookeeperPaths } from '../protocols/zookeeper/paths.js';
import { errorName } from '../protocols/zookeeper/format/errors.js';
import type { ZooKeeperMessage } from '../protocols/zookeeper/message.js';

/** Who talks to whom. */
type Ends = Pick<ConnectionFacts, 'client' | 'server'>;

/**
 * A moment as it is asked for: an instant, a wall clock's (in the zone of the run's Clock), a time of day within the
 * capture, or counted from its first frame.
 */
export type TimeBound =
  | { readonly kind: 'absolute'; readonly epochSeconds: number }
  | { readonly kind: 'wall'; readonly seconds: number }
  | { readonly kind: 'clock'; readonly secondsOfDay: number }
  | { readonly kind: 'relative'; readonly seconds: number };

/** What to let through. */
export interface FilterOptions extends FilterLists {
  /** What to leave out, whatever else it is. */
  readonly not: FilterLists;
  readonly from: TimeBound | null;
  readonly to: TimeBound | null;
  /** First and last frame, both included. */
  readonly frames: readonly [number, number] | null;
}

export const NO_FILTER: FilterOptions = { ...NO_LISTS, not: NO_LISTS, from: null, to: null, frames: null };

/** Whether any list asks for something. */
export function hasTerms({ clients, servers, sessions, paths, ops, kinds, errors }: FilterLists): boolean {
  return [clients, servers, sessions, paths, ops, kinds, errors].some((list) => list.length > 0);
}

/** Whether any filter is set at all. */
export function isFiltering(options: FilterOptions): boolean {
  const { not, from, to, frames } = options;
  return hasTerms(options) || hasTerms(not) || from !== null || to !== null || frames !== null;
}

const DAY = 86_400;

/**
 * Time on the run's clock of a bound; call it when the first frame has been read. A time of day is that of the first day of
 * the capture; where that is before the first frame, the next day's, which is the one that the capture may hold.
 * @param begins it is where something begins that may well have begun before the capture: half a day before it still is
 */
export function boundTime(bound: TimeBound, clock: Clock, begins = false): number {
  const firstTime = clock.firstTime ?? 0;
  const base = clock.baseSeconds ?? 0;
  switch (bound.kind) {
    case 'absolute':
      return Math.round((bound.epochSeconds - base) * 1e6) * 1e3;
    case 'wall':
      return Math.round((bound.seconds - clock.zoneOffset(bound.seconds) - base) * 1e6) * 1e3;
    case 'clock': {
      const first = base + firstTime / 1e9;
      const offset = clock.zoneOffset(first);
      const midnight = Math.floor((first + offset) / DAY) * DAY - offset;
      const before = first - (midnight + bound.secondsOfDay);
      const nextDay = before > (begins ? DAY / 2 : 0);
      return Math.round((midnight - base + bound.secondsOfDay + (nextDay ? DAY : 0)) * 1e6) * 1e3;
    }
    case 'relative':
      return firstTime + bound.seconds * 1e9;
  }
}

/** The common filters of all commands, over messages and gaps. */
export class MessageFilter {
  private fromTime: number | null = null;
  private toTime: number | null = null;
  private started = false;
  private readonly terms: FilterTerms;
  /** Nothing is asked of what is inside messages, but of what stands on every one. */
  private readonly outside: boolean;

  constructor(
    private readonly options: FilterOptions,
    private readonly clock: Clock,
  ) {
    this.terms = new FilterTerms(options, options.not);
    const { sessions, paths, errors } = this.terms;
    this.outside = !sessions.asks && !paths.asks && !errors.asks;
  }

  message(message: Message, connection: Ends): boolean {
    const { ops, kinds, sessions, paths, errors } = this.terms;
    if (!this.place(connection, message.frame, message.time)) return false;
    if (!passes(kinds, message.kind) || !passesOrNone(ops, message.op)) return false;
    if (this.outside) return true;
    if (message.protocol !== 'zookeeper') return this.otherProtocol(message);
    if (!passesOrNone(sessions, message.session)) return false;
    if (errors.asks && !passAny(errors, errorsOf(message))) return false;
    return !paths.asks || passAny(paths, zookeeperPaths(message));
  }

  /** Other protocols' fields under the same names. */
  private otherProtocol(message: Message): boolean {
    const { sessions, paths, errors } = this.terms;
    const record = message.toRecord({ data: false });
    const field = (name: string): string | null => {
      const value = record[name];
      return typeof value === 'string' ? value : null;
    };
    if (!passesOrNone(sessions, field('session')) || !passesOrNone(paths, field('path'))) return false;
    const error = field('error');
    return passAny(errors, error === null ? [] : [error]);
  }

  gap(gap: Gap, connection: Ends): boolean {
    const { ops, kinds } = this.terms;
    const { sessions, paths, errors } = this.options;
    if (!this.place(connection, gap.frame, gap.time)) return false;
    if (kinds.asks) return passes(kinds, 'gap');
    return ops.wanted === null && sessions.length === 0 && paths.length === 0 && errors.length === 0;
  }

  /** Whether a packet fits, whatever it holds: by its ends, its number and its time. */
  place(connection: Ends, frame: number, time: number): boolean {
    const { frames, from, to } = this.options;
    const { clients, servers } = this.terms;
    if (frames !== null && (frame < frames[0] || frame > frames[1])) return false;
    if (!passes(clients, connection.client) || !passes(servers, connection.server)) return false;
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
    this.fromTime = from === null ? null : boundTime(from, this.clock, true);
    this.toTime = to === null ? null : boundTime(to, this.clock);
  }
}

/** Names of the errors that an answer carries. */
export function errorsOf(message: ZooKeeperMessage): string[] {
  if (message.kind !== 'response') return [];
  const codes = [message.err, ...(message.responseBody()?.ops ?? []).map((op) => op.err ?? 0)];
  return codes.filter((code) => code !== 0).map(errorName);
}
