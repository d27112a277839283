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

/** A span of time for people: `250 µs`, `3.42 ms`, `1.5 s`, `2 min 05 s`. */
export function spanText(seconds: number): string {
  const short = (value: number): string => String(Number(value.toPrecision(3)));
  if (seconds === 0) return '0 s';
  if (seconds < 0.9995e-3) return `${short(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${short(seconds * 1e3)} ms`;
  if (seconds < 59.95) return `${short(seconds)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
