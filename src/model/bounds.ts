/**
 * What is left when a map has outgrown its limit: an eighth goes at a time, if it is a large one. Going one by one, each search for the oldest
 * would pass over the places of all that went before: V8 keeps those of deleted entries for a while.
 */
export function afterForgetting(limit: number): number {
  return limit - (limit >>> 6) * 8;
}

/** How much of what the model kept had to be forgotten to bound memory; what it concerns is unknown from there on. */
export interface Forgotten {
  /** TCP connections to ZooKeeper that may have been alive. */
  connections: number;
  /** Sessions that may have been alive: judged early, by what was seen until then. */
  sessions: number;
  /** Sessions that have ended and are in the counts, but not listed. */
  sessionsNotListed: number;
  znodes: number;
  /** Watches, reads and lists of one session on one path. */
  views: number;
  /** Lists of children that were too long, or too many, to be compared with later ones. */
  childLists: number;
  /** Requests that no longer waited for their answer. */
  requests: number;
}
