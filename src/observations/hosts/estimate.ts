import type { ClockOffset } from '../../capture/hosts.js';
import type { Sightings, ZxidMoment } from './sightings.js';

/** Zxids that lie farther apart were not seen as they came. */
const NEAR = 1000;

/** Nanoseconds between which the offset of a host (what its times lack) lies, as seen from the first host. */
export interface OffsetRange {
  readonly least: number;
  readonly most: number;
}

/**
 * How far clocks are apart, from what cannot have been otherwise: nobody shows a zxid before the write was asked for that
 * made it; what was sent arrives later. No assumption is made on how fast anything is. Infinite where nothing is known;
 * null where what the hosts say cannot be true together.
 */
export function offsetRanges(hosts: readonly Sightings[]): (OffsetRange | null)[] {
  // bound[a][b]: offset of a less offset of b is at most this.
  const bound = hosts.map((a, i) => hosts.map((b, j) => (i === j ? 0 : Math.min(zxidBound(a, b), packetBound(a, b)))));
  for (const k of hosts.keys())
    for (const i of hosts.keys())
      for (const j of hosts.keys()) bound[i]![j] = Math.min(bound[i]![j]!, bound[i]![k]! + bound[k]![j]!);
  return hosts.map((_, i) => {
    const [least, most] = [-bound[0]![i]!, bound[i]![0]!];
    return least > most || bound[i]![i]! < 0 ? null : { least, most };
  });
}

/** How a clock is set right that lies in a range. */
export function middle({ least, most }: OffsetRange): ClockOffset {
  // What may be right is left alone; of what is known on one side only, as little as possible is changed.
  const known = Number.isFinite(least) && Number.isFinite(most);
  const offset = least <= 0 && most >= 0 ? 0 : known ? (least + most) / 2 : least > 0 ? least : most;
  const uncertainty = known ? Math.max(most - offset, offset - least) : null;
  return { offset: Math.round(offset / 1e3) * 1e3, uncertainty, given: false };
}

/** What the writes that were asked for at `a` and seen at `b` say: offset of a less offset of b is at most this. */
function zxidBound({ asked }: Sightings, { shown }: Sightings): number {
  let bound = Infinity;
  for (const { zxid, time } of asked) {
    const at = firstFrom(shown, zxid);
    const seen = shown[at];
    // Only where it rose before the eyes of the capture.
    if (at > 0 && seen !== undefined && seen.zxid - zxid < NEAR) bound = Math.min(bound, seen.time - time);
  }
  return bound;
}

function firstFrom(shown: readonly ZxidMoment[], zxid: number): number {
  let [low, high] = [0, shown.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (shown[middle]!.zxid < zxid) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What messages say that were captured at both ends. */
function packetBound(a: Sightings, b: Sightings): number {
  const request = leastDelay(a.requests, b.requests);
  const answer = leastDelay(b.answers, a.answers);
  // The client is where requests are seen first and answers last: the times both ways add up to more than nothing.
  if (request + answer >= 0) return request;
  return leastDelay(a.answers, b.answers);
}

function leastDelay(from: ReadonlyMap<string, number>, to: ReadonlyMap<string, number>): number {
  let least = Infinity;
  for (const [key, time] of from) {
    const arrived = to.get(key);
    if (arrived !== undefined) least = Math.min(least, arrived - time);
  }
  return least;
}
