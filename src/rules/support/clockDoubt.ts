import type { Clock } from '../../observations/inputs.js';
import type { Finding } from '../finding.js';

type Sureness = { -readonly [Name in keyof Finding]: Finding[Name] };

/**
 * What is proven by frames of several hosts is so only if their order is: findings whose evidence changes hosts within less
 * time than their clocks are known to be apart are likely, no more. Evidence is put in order of time: frames of different
 * hosts have none of their own.
 */
export function doubtOrder(findings: readonly Finding[], { hosts }: Clock): void {
  if (!hosts.several) return;
  const uncertain = (frame: number): number => {
    const host = hosts.hostOf(frame);
    if (host === null || hosts.names[0] === host) return 0;
    const known = hosts.clockOf(host);
    // What could not be set right is wrong by so much more.
    return (known?.uncertainty ?? Infinity) + Math.abs(known?.estimate ?? 0);
  };
  for (const finding of findings) {
    const evidence = [...finding.evidence].sort((a, b) => a.time - b.time);
    (finding as Sureness).evidence = evidence;
    if (finding.confidence !== 'proven') continue;
    const doubtful = evidence.some(({ frame, time }, i) => {
      const before = evidence[i - 1];
      if (before === undefined || hosts.hostOf(before.frame) === hosts.hostOf(frame)) return false;
      return time - before.time <= uncertain(frame) + uncertain(before.frame);
    });
    if (doubtful) (finding as Sureness).confidence = 'likely';
  }
}
