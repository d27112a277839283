import type { Clock } from '../inputs.js';

type Line = Readonly<Record<string, unknown>>;

const FRAME = /^(?:frame|.+Frame)$/;
const TIME = /^(?:time|.+Time)$/;

/** A decoded line of one of several hosts: its frames numbered as of that host, its times by the clock of the run. */
export function lineOfHost(line: Line, clock: Clock, index: number, offset: number): Line {
  const { hosts } = clock;
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(line)) {
    if (typeof value === 'number' && FRAME.test(name) && value >= 0) copy[name] = hosts.number(index, value);
    else if (offset !== 0 && typeof value === 'string' && TIME.test(name)) copy[name] = shifted(value, clock, offset);
    else if (typeof value === 'object' && value !== null && !Array.isArray(value))
      copy[name] = lineOfHost(value as Line, clock, index, offset);
    else copy[name] = value;
  }
  return copy;
}

function shifted(text: string, clock: Clock, offset: number): string {
  const time = clock.parse(text);
  return time === null ? text : clock.format(time + offset);
}
