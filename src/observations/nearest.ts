import { distance } from 'fastest-levenshtein';

/** Share of a name's letters that may be wrong. */
const WRONG = 0.4;

/** The name that somebody may have meant, by its letters, whatever their case; null where none is near. */
export function nearest(text: string, names: Iterable<string>): string | null {
  let best: string | null = null;
  let least = Infinity;
  const wanted = text.toLowerCase();
  for (const name of names) {
    const other = name.toLowerCase();
    const begins = wanted.length >= 3 && other.startsWith(wanted) ? 0.5 : Infinity;
    const far = Math.min(begins, distance(wanted, other));
    if (far < least && far <= Math.max(1, WRONG * Math.min(wanted.length, other.length))) {
      least = far;
      best = name;
    }
  }
  return best;
}

/** `; did you mean getData?`, or nothing. */
export function didYouMean(text: string, names: Iterable<string>): string {
  const name = nearest(text, names);
  return name === null ? '' : `; did you mean ${name}?`;
}
