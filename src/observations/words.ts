/** How numbers, spans of time and lists stand in a sentence, and in which order names: the same in findings, tables and reports. */

export { compareNames } from '../capture/nameOrder.js';

/** A whole number for people: thousands apart by commas. Without Intl, whose start costs more than a short capture. */
export function numberText(value: number): string {
  return Number.isSafeInteger(value) ? `${value}`.replace(/\B(?=(?:\d{3})+$)/g, ',') : value.toLocaleString('en');
}

/** `1 session`, `2 sessions`, `3 retries`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}

/**
 * `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`. Names are those of the capture: to be escaped by whoever prints them.
 * @param limit as many are named; one more is named as well, since `and 1 more` is no shorter
 * @param total how many there are, where `items` are only the first
 */
export function listing(items: readonly string[], limit = 3, total = items.length): string {
  if (total <= 1 || items.length === 0) return items[0] ?? (total === 0 ? 'nobody' : numberText(total));
  const more = total - limit;
  if (more > 1) return `${items.slice(0, limit).join(', ')} and ${numberText(more)} more`;
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)!}`;
}

/** A span of time for a sentence, as exactly as one says it: `1.6 s`, `56 ms`, `2 min 5 s`. @param nanoseconds below 0 is 0 */
export function duration(nanoseconds: number): string {
  const seconds = Math.max(nanoseconds, 0) / 1e9;
  if (seconds >= 120) {
    const whole = Math.round(seconds);
    return whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
  }
  if (seconds >= 10) return `${Math.round(seconds)} s`;
  if (seconds >= 1) return `${Number(seconds.toFixed(1))} s`;
  const milliseconds = seconds * 1000;
  return milliseconds >= 10 ? `${Math.round(milliseconds)} ms` : `${Number(milliseconds.toFixed(1))} ms`;
}

/** A span of time for a table, to three digits: `250 µs`, `3.42 ms`, `1.5 s`, `2 min 05 s`. @param seconds not negative */
export function durationText(seconds: number): string {
  if (seconds < 1e-6) return `${Math.round(seconds * 1e9)} ns`;
  if (seconds < 0.9995e-3) return `${significant(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${significant(seconds * 1e3)} ms`;
  if (seconds < 59.95) return `${significant(seconds)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${(whole % 60).toString().padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${(minutes % 60).toString().padStart(2, '0')} min`;
}

function significant(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\.?0+$/, (zeros) => (zeros.startsWith('.') ? '' : zeros));
}
