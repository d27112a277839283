import { InvalidArgumentError } from 'commander';
import type { TimeZone } from '../../observations/inputs.js';
import { didYouMean } from '../../observations/nearest.js';
import { printable } from '../../report/text/escape.js';

/** Where the wall clocks stand that people read; `UTC` for none of their own. */
export type Zone = TimeZone;

export const UTC: Zone = { name: 'UTC', offset: () => 0 };

/** Offsets change at quarters of an hour at most often. */
const STEP = 900;

/** A zone as it is named: `utc`, `local` (that of $TZ, or of the system), `+08:00`, or an IANA name. */
export function timeZone(text: string): Zone {
  const name = text.trim();
  if (/^(utc|z)$/i.test(name)) return UTC;
  const offset = /^([+-])(\d\d):?(\d\d)?$/.exec(name);
  if (offset !== null) {
    const [, sign, hours = '', minutes = '00'] = offset;
    const seconds = (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
    if (Number(hours) <= 14 && Number(minutes) < 60)
      return { name: `${sign!}${hours}:${minutes}`, offset: () => seconds };
  }
  const zone = name.toLowerCase() === 'local' ? new Intl.DateTimeFormat().resolvedOptions().timeZone : name;
  try {
    return namedZone(zone);
  } catch {
    const near = didYouMean(name, ['utc', 'local', ...Intl.supportedValuesOf('timeZone')]);
    const hint = near || '; it is utc, local, +08:00, or a name such as Asia/Shanghai';
    throw new InvalidArgumentError(`no time zone is called ${JSON.stringify(printable(name))}${hint}`);
  }
}

function namedZone(timeZoneName: string): TimeZone {
  const format = new Intl.DateTimeFormat('en', { timeZone: timeZoneName, timeZoneName: 'longOffset' });
  let known = NaN;
  let latest = 0;
  return {
    name: timeZoneName,
    offset: (epochSeconds) => {
      const step = Math.floor(epochSeconds / STEP);
      if (step !== known) {
        known = step;
        latest = secondsOf(format.formatToParts(step * STEP * 1000).find(({ type }) => type === 'timeZoneName')?.value);
      }
      return latest;
    },
  };
}

/** Of `GMT+08:00`, `GMT-03:30`, `GMT`. */
function secondsOf(text = ''): number {
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(text) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}
