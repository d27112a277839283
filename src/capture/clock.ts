import { Hosts } from './hosts.js';

/** So many zeros; a fraction has at most twelve digits. */
const ZEROS = Array.from({ length: 13 }, (_, i) => '0'.repeat(i));

/** Epoch seconds of the first year with four digits, and of the first with five. */
const YEAR_0 = -62_167_219_200;
const YEAR_10000 = 253_402_300_800;

/** Where wall clocks stand. */
export interface TimeZone {
  /** Seconds that they are ahead of UTC at a moment, given as epoch seconds. */
  offset(epochSeconds: number): number;
  /** As it is said behind a time: `UTC`, `+08:00`, `Asia/Shanghai`. */
  readonly name: string;
}

/**
 * Times as one number. Every frame's time is kept as nanoseconds since `baseSeconds`, the whole second of the first
 * frame: a double holds that exactly for 104 days (and picoseconds for two hours), where nanoseconds since 1970 would
 * lose their last three digits.
 */
export class Clock {
  /** Whose clocks the captures' times are of. */
  readonly hosts = new Hosts();
  /** Epoch second that times count from; undefined until the first frame was read. */
  baseSeconds: number | undefined;
  /** Time of the first frame that was read. */
  firstTime: number | undefined;
  /** Digits after the decimal point that the capture has: 6 for microseconds, 9 for nanoseconds, at most 12. */
  digits = 6;
  /** Where the wall clocks stand that people read and write times by; null for UTC. */
  zone: TimeZone | null = null;
  /**
   * What `format` gives: UTC (`no`); the zone's wall clock with a Z, which then stands for the zone that is said beside
   * (`wall`, for people); or with the zone's offset in its place (`offset`).
   */
  zoneShown: 'no' | 'wall' | 'offset' = 'no';
  private mark = 'Z';
  // The last second that was formatted: messages come in bursts, and a Date costs more than all the rest.
  private formattedSecond = NaN;
  private formatted = '';

  /** Nanoseconds since the base of a moment given as whole epoch seconds and nanoseconds within that second. */
  at(seconds: number, nanoseconds: number): number {
    this.baseSeconds ??= seconds;
    return (seconds - this.baseSeconds) * 1e9 + nanoseconds;
  }

  /** The other way round: null where `text` is no such time. The first one sets the base, all of them the digits. */
  parse(text: string): number | null {
    const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,12}))?Z$/.exec(text);
    const seconds = match === null ? NaN : Date.parse(`${match[1]!}Z`) / 1000;
    if (Number.isNaN(seconds)) return null;
    const fraction = match![2] ?? '';
    this.digits = Math.max(this.digits, fraction.length);
    return this.at(seconds, Number(`${fraction.slice(0, 9).padEnd(9, '0')}.${fraction.slice(9)}`));
  }

  /** Whether a time lies between 1970 and the year 10000: beyond them a capture is damaged. */
  isPossible(time: number): boolean {
    const second = (this.baseSeconds ?? 0) + time / 1e9;
    return second >= 0 && second < YEAR_10000;
  }

  /** Seconds that the wall clocks of the zone are ahead of UTC; of a wall clock's seconds nearly always the same. */
  zoneOffset(epochSeconds: number): number {
    return this.zone?.offset(epochSeconds) ?? 0;
  }

  /** How the zone is called of the times that `format` gives. */
  get zoneName(): string {
    return this.zoneShown === 'no' ? 'UTC' : (this.zone?.name ?? 'UTC');
  }

  /**
   * Epoch seconds as a double: for arithmetic, not for display (a quarter of a microsecond is lost). Of years that cannot
   * be written, as `format` has them.
   */
  epochSeconds(time: number): number {
    const seconds = (this.baseSeconds ?? 0) + time / 1e9;
    if (seconds >= YEAR_0 && seconds < YEAR_10000) return seconds;
    const whole = Math.floor(time / 1e9);
    return within((this.baseSeconds ?? 0) + whole) + (time - whole * 1e9) / 1e9;
  }

  /**
   * UTC (or as `zoneShown` says) in ISO 8601 with all the digits of the capture, such as
   * `2026-11-20T23:31:02.123456Z`. Years are 0 to 9999: what a damaged capture gives beyond them is their first or last
   * second.
   */
  format(time: number): string {
    const relative = Math.floor(time / 1e9);
    const second = (this.baseSeconds ?? 0) + relative;
    if (second !== this.formattedSecond) {
      const known = within(second);
      const offset = this.zoneShown === 'no' ? 0 : this.zoneOffset(known);
      this.formatted = new Date(within(known + offset) * 1000).toISOString().slice(0, -5);
      if (this.zoneShown === 'offset') this.mark = offsetText(offset);
      this.formattedSecond = second;
    }
    const digits = this.digits;
    if (digits === 0) return `${this.formatted}${this.mark}`;
    const nanoseconds = time - relative * 1e9;
    const scaled = digits >= 9 ? nanoseconds * 10 ** (digits - 9) : nanoseconds / 10 ** (9 - digits);
    const fraction = Math.max(0, Math.min(Math.round(scaled), 10 ** digits - 1));
    const text = fraction.toString();
    return `${this.formatted}.${ZEROS[digits - text.length]!}${text}${this.mark}`;
  }
}

/** A second of a year that can be written. */
function within(second: number): number {
  return Math.max(YEAR_0, Math.min(second, YEAR_10000 - 1));
}

/** `+08:00` of 28800 seconds. */
export function offsetText(seconds: number): string {
  const minutes = Math.abs(Math.round(seconds / 60));
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${seconds < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
