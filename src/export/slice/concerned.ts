import type { Finding } from '../../rules/finding.js';
import { hostOf } from '../../observations/filterPatterns.js';
import { namedIn } from '../../report/analyze/filter.js';
import type { Selection } from './selection.js';

/**
 * Connections that a finding is about, the fewest first: those of its evidence and of the sessions and clients that it
 * names; all of the same clients; all of the time in question; all.
 */
export const REACHES = ['named', 'hosts', 'time', 'all'] as const;
export type Reach = (typeof REACHES)[number];

/**
 * @param cited frames beside the evidence that explain it
 * @returns numbers of connections
 */
export function concerned(
  reach: Reach,
  finding: Finding,
  cited: Iterable<readonly [frame: number, time: number]>,
  { index, connections }: Selection,
): Set<number> {
  const ids = new Set<number>();
  const all = [...connections.values()];
  const addWhere = (fits: (connection: (typeof all)[number]) => boolean): void => {
    for (const connection of all) if (fits(connection)) ids.add(connection.id);
  };
  if (reach === 'all') {
    addWhere(() => true);
    return ids;
  }
  for (const frame of [...finding.evidence.map((evidence) => evidence.frame), ...[...cited].map(([frame]) => frame)]) {
    const id = index.connectionOf(frame);
    if (id >= 0) ids.add(id);
  }
  if (finding.connection !== undefined) ids.add(finding.connection);
  const named = new Set(namedIn(finding));
  const sessions = new Set([...named].filter((text) => text.startsWith('0x')));
  for (const id of ids) for (const session of connections.get(id)?.sessions ?? []) sessions.add(session);
  addWhere((connection) => named.has(connection.client) || [...connection.sessions].some((id) => sessions.has(id)));
  if (reach === 'named') return ids;
  const hosts = new Set([...named].map(hostOf));
  for (const id of ids) hosts.add(connections.get(id)?.clientIp ?? '');
  addWhere(({ clientIp }) => hosts.has(clientIp));
  if (reach === 'hosts') return ids;
  addWhere(({ from, to }) => from <= finding.to && to >= finding.from);
  return ids;
}
