import type { BothEnds, CapturedPairs, LatencyParts, LostBetween } from '../../capture/hosts.js';
import { TO_CLIENT, TO_SERVER, type Direction } from '../connectionFacts.js';
import { lostBetween } from './coverage.js';
import type { SeenConnection } from './segments.js';
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

  /**
   * @param offsets nanoseconds to be added to the times of each host
   * @param names of the hosts
   */
  constructor(
    private readonly hosts: readonly Sightings[],
    private readonly offsets: readonly number[],
    private readonly names: readonly string[],
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

  bothEnds(client: string, server: string, nth: number): BothEnds | null {
    const ends = `${client} ${server}`;
    const pair = this.byEnds.get(ends);
    if (pair === undefined) return null;
    const [near, far] = [this.hosts[pair.near]!, this.hosts[pair.far]!];
    const here = near.segments.of(ends)[nth];
    const there = here === undefined ? undefined : far.segments.of(ends).find((other) => meet(here, other));
    const ahead = this.offsets[pair.far]! - this.offsets[pair.near]!;
    const lost = (direction: Direction): LostBetween | null => {
      const [one, other] = [here?.streams[direction] ?? null, there?.streams[direction] ?? null];
      if (one === null || other === null) return null;
      const [close, away] = [
        { stream: one, awake: near.awake },
        { stream: other, awake: far.awake },
      ];
      return direction === TO_SERVER ? lostBetween(close, away, ahead) : lostBetween(away, close, -ahead);
    };
    return {
      near: this.names[pair.near]!,
      far: this.names[pair.far]!,
      toServer: lost(TO_SERVER),
      toClient: lost(TO_CLIENT),
    };
  }

  private compare(a: number, b: number): void {
    const [one, other] = [this.hosts[a]!, this.hosts[b]!];
    for (const [key, asked] of one.requests) {
      const ends = key.slice(0, key.lastIndexOf(' '));
      if (this.byEnds.has(ends)) continue;
      const [askedThere, answer, answerThere] = [other.requests.get(key), one.answers.get(key), other.answers.get(key)];
      if (askedThere === undefined || answer === undefined || answerThere === undefined) continue;
      if (!sameConnection(ends, one, other)) continue;
      // The longer of two latencies of one request is that of the client's end.
      const nearer = answer - asked >= answerThere - askedThere;
      this.byEnds.set(ends, nearer ? { near: a, far: b } : { near: b, far: a });
    }
  }
}

/** Addresses may be those of any host (127.0.0.1): it is one connection if both saw the same bytes, or the same session. */
function sameConnection(ends: string, one: Sightings, other: Sightings): boolean {
  const [here, there] = [one.segments.of(ends), other.segments.of(ends)];
  if (here.length > 0 && there.length > 0) return here.some((mine) => there.some((theirs) => meet(mine, theirs)));
  const [sessions, known] = [one.sessions.get(ends), other.sessions.get(ends)];
  if (sessions === undefined || known === undefined) return true;
  return [...sessions].some((session) => known.has(session));
}

function meet({ streams }: SeenConnection, other: SeenConnection): boolean {
  return streams.every((stream, i) => {
    const theirs = other.streams[i] ?? null;
    return stream === null || theirs === null || stream.meets(theirs);
  });
}
