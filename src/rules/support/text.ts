export { seconds } from '../../observations/seconds.js';

const SECOND = 1e9;

/** A duration in nanoseconds for a sentence: `1.6 s`, `56 ms`, `2 min 5 s`. */
export function duration(nanoseconds: number): string {
  const seconds = Math.max(nanoseconds, 0) / SECOND;
  if (seconds >= 120) {
    const whole = Math.round(seconds);
    return whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
  }
  if (seconds >= 10) return `${Math.round(seconds)} s`;
  if (seconds >= 1) return `${Number(seconds.toFixed(1))} s`;
  const milliseconds = seconds * 1000;
  return milliseconds >= 10 ? `${Math.round(milliseconds)} ms` : `${Number(milliseconds.toFixed(1))} ms`;
}

/** `1 client`, `3 clients`. */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : plural}`;
}

/** `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`. */
export function listing(items: readonly string[], limit = 3): string {
  if (items.length === 0) return 'nobody';
  if (items.length === 1) return items[0]!;
  if (items.length > limit) return `${items.slice(0, limit).join(', ')} and ${items.length - limit} more`;
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)!}`;
}

/** `session 0x…`, or what can be said where the capture does not show its id. */
export function sessionName(id: string | null): string {
  return id === null ? 'a session whose id was not captured' : `session ${id}`;
}
