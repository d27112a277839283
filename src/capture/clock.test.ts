import { describe, expect, it } from 'vitest';
import { Clock } from './clock.js';

const SECOND = 1_795_217_462;

describe('Clock', () => {
  it('counts nanoseconds from the whole second of the first frame', () => {
    const clock = new Clock();
    expect(clock.at(SECOND, 123_456_000)).toBe(123_456_000);
    expect(clock.at(SECOND + 86_400, 1)).toBe(86_400e9 + 1);
    expect(clock.at(SECOND - 1, 999_999_999)).toBe(-1);
    expect(clock.epochSeconds(-500_000_000)).toBe(SECOND - 0.5);
  });

  it.each([
    [0, '2026-11-20T23:31:02Z'],
    [3, '2026-11-20T23:31:02.123Z'],
    [6, '2026-11-20T23:31:02.123457Z'],
    [9, '2026-11-20T23:31:02.123456789Z'],
    [12, '2026-11-20T23:31:02.123456789000Z'],
  ])('prints %i digits', (digits, text) => {
    const clock = new Clock();
    clock.digits = digits;
    expect(clock.format(clock.at(SECOND, 123_456_789))).toBe(text);
  });

  it('keeps picoseconds', () => {
    const clock = new Clock();
    clock.digits = 12;
    expect(clock.format(clock.at(SECOND + 3600, 0) + 0.001)).toBe('2026-11-21T00:31:02.000000000001Z');
  });

  it('prints times before the base, and never carries a fraction into the next second', () => {
    const clock = new Clock();
    expect(clock.format(clock.at(SECOND, 999_999_999))).toBe('2026-11-20T23:31:02.999999Z');
    expect(clock.format(-1000)).toBe('2026-11-20T23:31:01.999999Z');
    expect(clock.format(0)).toBe('2026-11-20T23:31:02.000000Z');
  });

  it('says so where no calendar has the time', () => {
    const clock = new Clock();
    expect(clock.format(clock.at(9e15, 0))).toBe('invalid time');
    expect(clock.format(clock.at(9e15, 0))).toBe('invalid time');
  });
});
