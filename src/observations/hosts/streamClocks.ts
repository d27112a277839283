import type { Clock } from '../inputs.js';
import { sinkOf, type Sink } from '../forward.js';
import { middle, offsetRanges } from './estimate.js';
import { Sightings } from './sightings.js';

/**
 * What is kept of one host's lines, of each kind: a stream may have no end.
 * @bound entries
 */
const MOST = 20_000;

/**
 * Compares the clocks of hosts whose lines come in one stream, from what it sees while they go by. A stream is read once:
 * when all is known it is too late to set anything right.
 */
export class StreamClocks {
  private readonly seen: Sightings[] = [];
  readonly sink: Sink = sinkOf({
    message: (message, connection) => {
      const { hosts } = this.clock;
      if (hosts.inLines) this.of(hosts.indexOfFrame(message.frame)).sink.message(message, connection);
    },
  });

  constructor(private readonly clock: Clock) {}

  /** The stream has ended: enters in the clock how far hosts are apart. */
  end(): void {
    const { hosts } = this.clock;
    if (!hosts.inLines || !hosts.several) return;
    const sightings = hosts.names.map((_, index) => this.of(index));
    for (const [index, range] of offsetRanges(sightings).entries()) {
      const host = hosts.names[index]!;
      if (range === null) {
        hosts.set(host, { offset: 0, uncertainty: null, given: false });
        continue;
      }
      const { offset, uncertainty } = middle(range);
      hosts.set(host, { offset: 0, uncertainty, given: false, ...(offset === 0 ? {} : { estimate: offset }) });
    }
  }

  private of(index: number): Sightings {
    return (this.seen[index] ??= new Sightings(MOST));
  }
}
