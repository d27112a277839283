import type { PathReading } from './pathFacts.js';

/** Share of a list's children that a session must ask for to be taken for one that fetches every child. */
const FETCHED = 0.9;

/** Which of its lists a session works with, as far as its further requests show. */
export interface ListUse {
  /** For each reading: false where the session does not work with that list. */
  readonly used: readonly boolean[];
  /** Lists with new children of which it asked for none, though it asked for all of the list before. */
  readonly ignored: number;
  /** Lists read for the second time after an event whose new children it did ask for. */
  readonly followed: number;
}

/**
 * A client that reads a list twice after each event (first without, then with a watch) and asks for every child of the
 * first list shows which of the two it works with: where the second one has new children and it asks for none of them, it
 * throws that list away. One such list proves the habit; its other second lists are then taken for unused as well.
 */
export function listUse(readings: readonly PathReading[]): ListUse {
  const second = readings.map((reading, i) => {
    const first = readings[i - 1];
    return first !== undefined && reading.watch && !first.watch && fetchesAll(first) && reading.list !== null;
  });
  let ignored = 0;
  let followed = 0;
  for (const [i, reading] of readings.entries()) {
    if (!second[i]) continue;
    const before = new Set(readings[i - 1]!.list!.names);
    const added = reading.list!.names.filter((name) => !before.has(name));
    if (added.length === 0) continue;
    if (added.some((name) => reading.fetched?.has(name) === true)) followed++;
    else if (reading.fetched === null) ignored++;
  }
  const discards = ignored > 0 && followed === 0;
  return {
    used: readings.map((reading, i) => !(discards && second[i] === true && reading.fetched === null)),
    ignored,
    followed,
  };
}

function fetchesAll({ list, fetched }: PathReading): boolean {
  if (list === null || fetched === null || list.names.length === 0) return false;
  let count = 0;
  for (const name of list.names) if (fetched.has(name)) count++;
  return count >= list.names.length * FETCHED;
}
