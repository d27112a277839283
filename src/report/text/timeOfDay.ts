/** The time of day of an ISO time, or the text itself where it is none. */
export function timeOfDay(iso: string): string {
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(iso) ? iso.slice(11, -1) : iso;
}
