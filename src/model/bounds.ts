import type { Count } from '../observations/values.js';

/**
 * What is left when a map has outgrown its limit: an eighth goes at a time, if it is a large one. Going one by one, each search for the oldest
 * would pass over the places of all that went before: V8 keeps those of deleted entries for a while.
 */
export function afterForgetting(limit: number): number {
  return limit - (limit >>> 6) * 8;
}

/** Before something is added to a map that holds `limit`: its oldest eighth goes. */
export function makeRoom(map: Map<unknown, unknown>, limit: number): void {
  if (map.size < limit) return;
  const wanted = afterForgetting(limit - 1);
  for (const key of map.keys()) {
    if (map.size <= wanted) return;
    map.delete(key);
  }
}

/** What was too much to keep, by kind: how many. */
export interface Forgotten {
  /** TCP connections to ZooKeeper that may have been alive */
  connections: Count;
  /** sessions judged before their end, by what was seen until then */
  sessions: Count;
  /** sessions that are in the counts, but not in the list of sessions */
  sessionsNotListed: Count;
  znodes: Count;
  /** what one session watched and read of one path */
  views: Count;
  /** of what sessions began with, owned, created or were refused: beyond what is remembered of them */
  details: Count;
  /** lists of children, too long or too many to be compared with later ones */
  childLists: Count;
  /** requests that no longer waited for their answer */
  requests: Count;
  /** what rules would have judged, beyond what they keep */
  cases: Count;
}
