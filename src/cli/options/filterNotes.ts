import { boundTime, errorsOf, isFiltering, MessageFilter, type FilterOptions } from '../../observations/filter.js';
import type { ConnectionFacts } from '../../observations/connectionFacts.js';
import { AddressPatterns, NamePatterns, PathPatterns } from '../../observations/filterPatterns.js';
import type { Sink } from '../../observations/forward.js';
import { sinkOf } from '../../observations/forward.js';
import type { Clock } from '../../observations/inputs.js';
import type { Gap } from '../../protocols/protocol.js';
import type { Message } from '../../protocols/registry.js';
import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import { zookeeperPaths } from '../../protocols/zookeeper/paths.js';
import { printable } from '../../report/text/escape.js';
import { plural } from '../../observations/words.js';
import { nearest } from '../../observations/nearest.js';

/** What there is instead is told of so many names, and remembered of so many. */
const TOLD = 3;
/**
 * Names that are remembered of what there is instead of what a filter asked for.
 * @bound names
 */
const SEEN = 500;

/** A value of a filter that nothing has fitted yet. */
interface Wanted {
  readonly option: string;
  readonly value: string;
  readonly fits: (message: Message, connection: ConnectionFacts) => boolean;
  /** What such a value is of messages, to say what there is. */
  readonly seen: Seen | null;
}

/** Names that occur, bounded. */
class Seen {
  readonly names = new Set<string>();

  add(name: string | null): void {
    if (name !== null && this.names.size < SEEN) this.names.add(name);
  }

  /** What is near to a value, or the first that there are. */
  instead(value: string): string {
    const near = nearest(value, this.names);
    const told = near === null ? [...this.names].slice(0, TOLD) : [near];
    if (told.length === 0) return '';
    const more = near === null && this.names.size > told.length ? ' …' : '';
    return ` (there ${told.length === 1 && more === '' ? 'is' : 'are'} ${told.map(printable).join(', ')}${more})`;
  }
}

/**
 * Watches what filters are asked for, so that nobody takes a filter that fits nothing for a capture in which nothing
 * happened.
 */
export class FilterNotes {
  readonly sink: Sink;
  private readonly filter: MessageFilter;
  private passed = false;
  private messages = 0;
  private wanted: readonly Wanted[];
  private readonly sessions = new Seen();
  private readonly hosts = new Seen();
  private readonly servers = new Seen();

  constructor(
    private readonly options: FilterOptions,
    private readonly clock: Clock,
  ) {
    this.filter = new MessageFilter(options, clock);
    this.wanted = this.values();
    this.sink = sinkOf({
      message: (message, connection) => {
        this.message(message, connection);
      },
      gap: (gap: Gap, connection) => {
        if (!this.passed) this.passed = this.filter.gap(gap, connection);
      },
    });
  }

  /** Null where nothing is filtered. */
  static of(options: FilterOptions, clock: Clock): FilterNotes | null {
    return isFiltering(options) ? new FilterNotes(options, clock) : null;
  }

  private values(): Wanted[] {
    const { clients, servers, sessions, paths, ops, errors } = this.options;
    const each = (
      option: string,
      values: readonly string[],
      fitting: (value: string) => Wanted['fits'],
      seen: Seen | null = null,
    ): Wanted[] => values.map((value) => ({ option, value, fits: fitting(value), seen }));
    const zookeeper = (message: Message): ZooKeeperMessage | null =>
      message.protocol === 'zookeeper' ? message : null;
    return [
      ...each('--client', clients, addressOf('client'), this.hosts),
      ...each('--server', servers, addressOf('server'), this.servers),
      ...each(
        '--session',
        sessions,
        (value) => (message) => 'session' in message && message.session === value,
        this.sessions,
      ),
      ...each('--path', paths, (value) => {
        const patterns = new PathPatterns([value]);
        return (message) => {
          const m = zookeeper(message);
          const found = m === null ? [message.toRecord({ data: false })['path']] : zookeeperPaths(m);
          return found.some((path) => typeof path === 'string' && patterns.fits(path));
        };
      }),
      ...each('--op', ops, (value) => {
        const patterns = new NamePatterns([value]);
        return (message) => message.op !== null && patterns.fits(message.op);
      }),
      ...each('--error', errors, (value) => {
        const patterns = new NamePatterns([value]);
        return (message) => {
          const m = zookeeper(message);
          const found = m === null ? [message.toRecord({ data: false })['error']] : errorsOf(m);
          return found.some((error) => typeof error === 'string' && patterns.fits(error));
        };
      }),
    ];
  }

  private message(message: Message, connection: ConnectionFacts): void {
    this.messages++;
    if (!this.passed) this.passed = this.filter.message(message, connection);
    if (this.wanted.length === 0) return;
    const missing = this.wanted.filter(({ fits }) => !fits(message, connection));
    if (missing.length < this.wanted.length) this.wanted = missing;
    if (missing.length === 0) return;
    if ('session' in message) this.sessions.add(message.session);
    this.hosts.add(connection.client.ip);
    this.servers.add(connection.server.text);
  }

  /**
   * What was asked for and is not there, one part each; empty where every value occurs and something passed.
   * @param lastTime time of the last frame
   */
  notes(lastTime: number): string[] {
    if (this.messages === 0) return [];
    const parts = this.wanted.map(
      ({ option, value, seen }) =>
        `${option} ${printable(value)}: nothing in the capture is of it${seen?.instead(value) ?? ''}`,
    );
    const outside = this.outside(lastTime);
    if (outside !== null) parts.push(outside);
    if (parts.length === 0 && !this.passed)
      parts.push(`none of ${plural(this.messages, 'message')} passes the filters together`);
    return parts;
  }

  /** A stretch of time that the capture does not reach. */
  private outside(lastTime: number): string | null {
    const { clock } = this;
    const { from, to } = this.options;
    if (clock.firstTime === undefined) return null;
    const reach = (): string => `the capture is from ${clock.format(clock.firstTime!)} to ${clock.format(lastTime)}`;
    if (from !== null && boundTime(from, clock, true) > lastTime) return `--from is behind its end: ${reach()}`;
    if (to !== null && boundTime(to, clock) < clock.firstTime) return `--to is before its beginning: ${reach()}`;
    return null;
  }
}

function addressOf(side: 'client' | 'server'): (value: string) => Wanted['fits'] {
  return (value) => {
    const patterns = new AddressPatterns([value]);
    return (_message, connection) => patterns.fits(connection[side]);
  };
}
