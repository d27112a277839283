import { compareClocks, findHosts } from '../observations/hosts/findHosts.js';
import type { CaptureInput, Clock } from '../observations/inputs.js';
import { didYouMean } from '../observations/nearest.js';
import { duration } from '../observations/words.js';
import type { ReadingOptions } from './run.js';
import { say } from './present.js';
import { UsageError } from './usage.js';

/**
 * Where inputs are of several hosts: finds out how far their clocks are apart, corrects that, and says so on standard
 * error. Throws UsageError where `--clock` names a host that is not there, and CaptureError.
 */
export async function compareHosts(
  files: readonly CaptureInput[],
  clock: Clock,
  { ports, keys }: Pick<ReadingOptions, 'ports' | 'keys'>,
): Promise<void> {
  const { hosts } = clock;
  await findHosts(files, clock);
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

function clockText(known: ReturnType<Clock['hosts']['clockOf']>): string {
  if (known === null) return 'unknown';
  const { offset, uncertainty, given } = known;
  const ahead = `${duration(Math.abs(offset))} ${offset < 0 ? 'ahead' : 'behind'}`;
  const what = offset === 0 ? 'as it is' : `${ahead}, corrected`;
  if (given) return `${what} (given)`;
  return uncertainty === null ? `${what}, otherwise unknown` : `${what} (± ${duration(uncertainty)})`;
}
