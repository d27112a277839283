import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = {
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  min: 60e9,
  h: 3600e9,
  d: 86_400e9,
};

/** A span of time such as `500ms`, `1s`, `5m`, in whole nanoseconds. Throws InvalidArgumentError. */
export function span(value: string): number {
  const match = /^(\d+(?:\.\d+)?)(us|µs|ms|s|m|min|h|d)?$/.exec(value);
  const nanoseconds = match === null ? 0 : Math.round(Number(match[1]) * UNITS[match[2] ?? 's']!);
  if (nanoseconds < 1e3 || nanoseconds > Number.MAX_SAFE_INTEGER)
    throw new InvalidArgumentError('a span of time is 500ms, 1s, 5m, 1h; a microsecond at least.');
  return nanoseconds;
}

/** A number of rows, Infinity for 0. Throws InvalidArgumentError. */
export function rowCount(value: string): number {
  if (!/^[0-9]{1,9}$/.test(value)) throw new InvalidArgumentError('a number of rows, 0 for all.');
  const number = Number(value);
  return number === 0 ? Infinity : number;
}

/** A whole number that is not negative. Throws InvalidArgumentError. */
export function wholeNumber(value: string): number {
  if (!/^[0-9]{1,9}$/.test(value)) throw new InvalidArgumentError('a whole number, 0 or more.');
  return Number(value);
}

const BYTES: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9 };

/** A number of bytes such as `100M`, `1.5G`, at least 1000. Throws InvalidArgumentError. */
export function byteCount(value: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmg]?)b?$/i.exec(value);
  const bytes = match === null ? 0 : Math.round(Number(match[1]) * BYTES[match[2]!.toLowerCase()]!);
  if (bytes < 1000 || bytes > Number.MAX_SAFE_INTEGER)
    throw new InvalidArgumentError('a number of bytes is 500k, 100M, 1G; 1000 at least.');
  return bytes;
}
