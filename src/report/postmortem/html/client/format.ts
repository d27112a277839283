import { durationText } from '../../../../observations/words.js';

const DAY = 86_400;

/** Time of day in UTC of seconds since midnight, with so many digits behind the second. */
export function clockText(at: number, digits: number): string {
  const scale = 10 ** digits;
  const whole = Math.floor(at * scale + 1e-6) / scale;
  const inDay = ((whole % DAY) + DAY) % DAY;
  const pad = (value: number): string => String(value).padStart(2, '0');
  const seconds = (inDay % 60).toFixed(digits).padStart(digits === 0 ? 2 : digits + 3, '0');
  return `${pad(Math.floor(inDay / 3600))}:${pad(Math.floor(inDay / 60) % 60)}:${seconds}`;
}

/** Digits behind the second that tell apart moments of a span of so many seconds. */
export function digitsFor(span: number): number {
  return span > 20 ? 0 : span > 2 ? 1 : span > 0.02 ? 3 : 6;
}

/** A span of time of a chart or a table, where none is no matter of nanoseconds. */
export function spanText(seconds: number): string {
  return seconds === 0 ? '0 s' : durationText(seconds);
}
