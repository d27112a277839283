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

  it('has a year that cannot be written as the last second, in both forms', () => {
    const clock = new Clock();
    clock.at(9_225_167_256_869, 0);
    expect(clock.format(384_827_000)).toBe('9999-12-31T23:59:59.384827Z');
    expect(clock.epochSeconds(384_827_000)).toBe(Date.parse('9999-12-31T23:59:59Z') / 1000 + 0.384827);
  });

  it('prints times before the base, and never carries a fraction into the next second', () => {
    const clock = new Clock();
    expect(clock.format(clock.at(SECOND, 999_999_999))).toBe('2026-11-20T23:31:02.999999Z');
    expect(clock.format(-1000)).toBe('2026-11-20T23:31:01.999999Z');
    expect(clock.format(0)).toBe('2026-11-20T23:31:02.000000Z');
  });
});

describe('times of damaged captures', () => {
  it.each([
    [0, -1e30, '0000-01-01T00:00:00'],
    [1_700_000_000, 1.1e21, '9999-12-31T23:59:59'],
    [2 ** 50, 0, '9999-12-31T23:59:59'],
    [0, 253_402_300_800e9, '9999-12-31T23:59:59'],
  ])('are within four digits of years: %d s and %d ns', (seconds, nanoseconds, text) => {
    const clock = new Clock();
    clock.at(seconds, 0);
    expect(clock.format(nanoseconds)).toMatch(new RegExp(`^${text}\\.\\d{6}Z$`));
    expect(clock.isPossible(nanoseconds)).toBe(false);
  });
});
