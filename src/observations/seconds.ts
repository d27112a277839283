/**
 * A span of nanoseconds as seconds, to the microsecond, so that no digits are printed that no capture has. Where the times
 * of frames run backwards, a span is none: it is never negative.
 */
export function seconds(nanoseconds: number): number {
  return Math.max(0, Math.round(nanoseconds / 1e3)) / 1e6;
}
