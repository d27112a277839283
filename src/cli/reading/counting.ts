import type { Clock } from '../../observations/inputs.js';
import type { Statistics } from '../../model/measures/statistics.js';
import { isFiltering, MessageFilter, type FilterOptions } from '../../observations/filter.js';
import { sinkOf, type Sink } from '../../observations/forward.js';

/**
 * Feeds statistics with the ZooKeeper messages that pass the filters. A filter on errors or sessions chooses by the answer
 * what a request alone does not show: requests that were answered so, connect requests that were given the session.
 * @param within a stretch of time that messages must lie in
 */
export function countingSink(
  statistics: Statistics,
  wanted: FilterOptions,
  clock: Clock,
  within: ((time: number) => boolean) | null = null,
): Sink {
  const filter = isFiltering(wanted) ? new MessageFilter(wanted, clock) : null;
  const byAnswer = wanted.errors.length > 0 ? new MessageFilter({ ...wanted, errors: [] }, clock) : null;
  const byGrant = wanted.sessions.length > 0 ? new MessageFilter({ ...wanted, errors: [], sessions: [] }, clock) : null;
  if (filter === null && within === null) statistics.countEverything();
  return sinkOf({
    message: (message, connection) => {
      if (message.protocol !== 'zookeeper') return;
      const inside = within === null || within(message.time);
      const passes = inside && (filter === null || filter.message(message, connection));
      const relaxed = !inside ? null : message.op === 'connect' ? (byGrant ?? byAnswer) : byAnswer;
      const tentative = !passes && message.kind === 'request' && relaxed?.message(message, connection) === true;
      statistics.message(message, connection, passes, tentative);
    },
    gap: (gap, connection) => {
      statistics.gap(gap, connection);
    },
    closed: (connection) => {
      statistics.closed(connection);
    },
  });
}
