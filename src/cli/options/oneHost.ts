import { splitHost } from '../../observations/inputs.js';
import { UsageError } from '../usage.js';
import type { CaptureOptions } from './captureOptions.js';

/** Throws UsageError where captures of several hosts are named, for a command that makes one capture, or one journal. */
export function oneHost(
  captures: readonly unknown[],
  command: string,
  { hostsBy }: Pick<CaptureOptions, 'hostsBy'> = {},
): void {
  if (hostsBy !== undefined)
    throw new UsageError(
      `${command} takes the captures of one host at a time, whose frames it numbers and whose clock it keeps: no --hosts-by`,
    );
  const names = captures.filter((capture) => typeof capture === 'string').map((capture) => splitHost(capture).host);
  const hosts = [...new Set(names.filter((name) => name !== null))];
  if (hosts.length > 1)
    throw new UsageError(
      `${command} takes the captures of one host at a time, whose frames it numbers and whose clock it keeps: not ${hosts.slice(0, 4).join(', ')} together`,
    );
}
