import type { FindingEntry } from '../analyze/document.js';
import type { Finding } from '../../rules/finding.js';
import type { FindingDifference } from './changes.js';

const host = (address: string): string => address.replace(/:\d+$/, '');

/** What a finding is about, the same in two captures: sessions and ports are new each time. */
function subject({ rule, path, client, server }: FindingEntry): string {
  return [rule, path ?? '', client === undefined ? '' : host(client), server ?? ''].join('\n');
}

/** Findings of two captures, matched by rule and subject. */
export function matchFindings(before: readonly FindingEntry[], after: readonly FindingEntry[]): FindingDifference {
  const old = new Set(before.map(subject));
  const now = new Set(after.map(subject));
  return {
    new: after.filter((finding) => !old.has(subject(finding))),
    gone: before.filter((finding) => !now.has(subject(finding))),
    both: after.filter((finding) => old.has(subject(finding))),
  };
}

/**
 * Findings of one capture by the stretch of time that they fall in: over before the later one begins, begun after the
 * earlier one ended, or in both.
 * @param entries the same findings in the same order, as they are printed
 * @param beforeEnd,afterStart nanoseconds since the base of the clock
 */
export function splitFindings(
  findings: readonly Finding[],
  entries: readonly FindingEntry[],
  beforeEnd: number,
  afterStart: number,
): FindingDifference {
  const result: Record<'new' | 'gone' | 'both', FindingEntry[]> = { new: [], gone: [], both: [] };
  for (const [place, { from, to }] of findings.entries()) {
    const entry = entries[place];
    if (entry === undefined) continue;
    if (from >= beforeEnd) {
      // What lies between the windows is of neither.
      if (to >= afterStart) result.new.push(entry);
    } else result[to < afterStart ? 'gone' : 'both'].push(entry);
  }
  return result;
}
