import type { CapturedPairs, LatencyParts } from '../../capture/hosts.js';
import type { Sightings } from './sightings.js';

interface Pair {
  readonly near: number;
  readonly far: number;
}

/**
 * Connections whose messages two hosts have captured. The client's end is where requests were seen first and answers last,
 * however far the clocks are apart: the times both ways add up to more than nothing.
 */
export class SightedPairs implements CapturedPairs {
  private readonly byEnds = new Map<string, Pair>();

  /** @param offsets nanoseconds to be added to the times of each host */
  constructor(
    private readonly hosts: readonly Sightings[],
    private readonly offsets: readonly number[],
  ) {
    for (const a of hosts.keys()) for (const b of hosts.keys()) if (a < b) this.compare(a, b);
  }

  get size(): number {
    return this.byEnds.size;
  }

  nearEnd(one: string, other: string): number | null {
    return (this.byEnds.get(`${one} ${other}`) ?? this.byEnds.get(`${other} ${one}`))?.near ?? null;
  }

  parts(client: string, server: string, xid: number): LatencyParts | null {
    const ends = `${client} ${server}`;
    const pair = this.byEnds.get(ends);
    if (pair === undefined) return null;
    const [near, far] = [this.hosts[pair.near]!, this.hosts[pair.far]!];
    const key = `${ends} ${xid}`;
    const [sent, arrived] = [near.requests.get(key), far.requests.get(key)];
    const [answered, received] = [far.answers.get(key), near.answers.get(key)];
    if (sent === undefined || arrived === undefined || answered === undefined || received === undefined) return null;
    const ahead = this.offsets[pair.far]! - this.offsets[pair.near]!;
    return {
      wayThere: arrived - sent + ahead,
      inServer: answered - arrived,
      wayBack: received - answered - ahead,
    };
  }

  private compare(a: number, b: number): void {
    const [one, other] = [this.hosts[a]!, this.hosts[b]!];
    for (const [key, asked] of one.requests) {
      const ends = key.slice(0, key.lastIndexOf(' '));
      if (this.byEnds.has(ends)) continue;
      const [askedThere, answer, answerThere] = [other.requests.get(key), one.answers.get(key), other.answers.get(key)];
      if (askedThere === undefined || answer === undefined || answerThere === undefined) continue;
      // The longer of two latencies of one request is that of the client's end.
      const nearer = answer - asked >= answerThere - askedThere;
      this.byEnds.set(ends, nearer ? { near: a, far: b } : { near: b, far: a });
    }
  }
}
