/** Servers that have a colour of their own in charts and lanes. */
export const COLOURS = 6;

/** The style of a server by its place among all; those that have no colour of their own look alike. */
export function serverClass(place: number): string {
  return place >= 0 && place < COLOURS ? `server-${place}` : 'server-more';
}
