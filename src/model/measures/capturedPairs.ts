import type { ConnectionFacts, LostBetween } from '../../observations/connectionFacts.js';

/** Connections that were captured at the same two hosts, one at each end, and what was lost between them. */
export interface CapturedPair {
  readonly near: string;
  readonly far: string;
  connections: number;
  /** Of how many of them it is not known, in one direction or both. */
  unknown: number;
  /** Null where of none of them it is known. */
  toServer: LostBetween | null;
  toClient: LostBetween | null;
}

/** What was lost between hosts; at most one entry for each two of them. */
export class CapturedPairSums {
  private readonly byHosts = new Map<string, CapturedPair>();

  closed({ bothEnds }: ConnectionFacts): void {
    if (bothEnds === null) return;
    const { near, far, toServer, toClient } = bothEnds;
    const key = `${near} ${far}`;
    let pair = this.byHosts.get(key);
    if (pair === undefined) {
      pair = { near, far, connections: 0, unknown: 0, toServer: null, toClient: null };
      this.byHosts.set(key, pair);
    }
    pair.connections++;
    if (toServer === null || toClient === null) pair.unknown++;
    pair.toServer = sum(pair.toServer, toServer);
    pair.toClient = sum(pair.toClient, toClient);
  }

  list(): readonly CapturedPair[] {
    return [...this.byHosts.values()];
  }
}

/** Of both; null where neither is known. */
export function sum(one: LostBetween | null, other: LostBetween | null): LostBetween | null {
  if (one === null || other === null) return one ?? other;
  return {
    segments: one.segments + other.segments,
    bytes: one.bytes + other.bytes,
    notCaptured: one.notCaptured + other.notCaptured,
  };
}
