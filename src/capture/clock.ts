/**
 * Times as one number. Every frame's time is kept as nanoseconds since `baseSeconds`, the whole second of the first
 * frame: a double holds that exactly for 104 days, where nanoseconds since 1970 would lose their last three digits.
 */
export class Clock {
  /** Epoch second that times count from; undefined until the first frame was read. */
  baseSeconds: number | undefined;
  /** Digits after the decimal point that the capture has: 6 for microseconds, 9 for nanoseconds. */
  digits = 6;

  /** Nanoseconds since the base of a moment given as whole epoch seconds and nanoseconds within that second. */
  at(seconds: number, nanoseconds: number): number {
    this.baseSeconds ??= seconds;
    return (seconds - this.baseSeconds) * 1e9 + nanoseconds;
  }

  /** Epoch seconds as a double: for arithmetic, not for display (a quarter of a microsecond is lost). */
  epochSeconds(time: number): number {
    return (this.baseSeconds ?? 0) + time / 1e9;
  }

  /** UTC in ISO 8601 with all the digits of the capture, such as `2026-11-20T23:31:02.123456Z`. */
  format(time: number): string {
    const second = Math.floor(time / 1e9);
    const date = new Date(((this.baseSeconds ?? 0) + second) * 1000);
    if (Number.isNaN(date.getTime())) return 'invalid time';
    const fraction = time - second * 1e9;
    const digits = this.digits;
    if (digits === 0) return `${date.toISOString().slice(0, -5)}Z`;
    const scaled = Math.min(Math.round(fraction / 10 ** (9 - digits)), 10 ** digits - 1);
    return `${date.toISOString().slice(0, -5)}.${scaled.toString().padStart(digits, '0')}Z`;
  }
}
