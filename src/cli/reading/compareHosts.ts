import { compareClocks } from '../../observations/hosts/compareClocks.js';
import { findHosts } from '../../observations/hosts/findHosts.js';
import type { CaptureInput, Clock } from '../../observations/inputs.js';
import { didYouMean } from '../../observations/nearest.js';
import { duration, durationText } from '../../observations/words.js';
import type { ReadingOptions } from './run.js';
import { say } from '../present.js';
import { UsageError } from '../usage.js';

/** Hosts that are named in one line. */
const NAMED = 8;

/**
 * Where inputs are of several hosts: finds out how far their clocks are apart, corrects that, and says so on standard
 * error. Throws UsageError where `--clock` names a host that is not there, and CaptureError.
 */
export async function compareHosts(
  files: readonly CaptureInput[],
  clock: Clock,
  { ports, keys, hostsBy }: Pick<ReadingOptions, 'ports' | 'keys' | 'hostsBy'>,
): Promise<void> {
  const { hosts } = clock;
  await findHosts(files, clock, hostsBy ?? null);
  const stranger = hosts.given().find((host) => !hosts.names.includes(host));
  if (stranger !== undefined)
    throw new UsageError(
      `--clock ${stranger}: no capture is of that host${didYouMean(stranger, hosts.names) || `; name it: ${stranger}=FILE`}`,
    );
  if (!hosts.several) return;
  await compareClocks(files, clock, { ports, tlsKeys: keys });
  const [first, ...others] = hosts.names;
  say([`clocks against that of ${first!}`, ...others.map((host) => `${host} ${clockText(hosts.clockOf(host))}`)]);
}

/** Says on standard error how far the clocks of hosts are apart whose lines came in one stream, if they did. */
export function sayStreamClocks({ hosts }: Clock): void {
  if (!hosts.inLines || !hosts.several) return;
  const [, ...others] = hosts.names;
  say([
    `clocks of ${hosts.names.slice(0, NAMED).join(', ')}${hosts.names.length > NAMED ? ' …' : ''} in one stream: ${[
      ...others.slice(0, NAMED).map((host) => `${host} ${clockText(hosts.clockOf(host))}`),
    ].join(
      '; ',
    )}; none corrected, as a stream is read once (a file would be): what depends on an order within that is not proven`,
  ]);
}

function clockText(known: ReturnType<Clock['hosts']['clockOf']>): string {
  if (known === null) return 'unknown';
  const { offset, uncertainty, given, estimate } = known;
  const apart = estimate ?? offset;
  const ahead = `${span(Math.abs(apart))} ${apart < 0 ? 'ahead' : 'behind'}`;
  const what = apart === 0 ? 'as it is' : estimate === undefined ? `${ahead}, corrected` : ahead;
  if (given) return `${what} (given)`;
  return uncertainty === null ? `${what}, otherwise unknown` : `${what} (± ${span(uncertainty)})`;
}

/** @param nanoseconds not negative */
const span = (nanoseconds: number): string =>
  nanoseconds > 0 && nanoseconds < 1e6 ? durationText(nanoseconds / 1e9) : duration(nanoseconds);
