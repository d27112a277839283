import { hostOf } from '../../observations/filterPatterns.js';
import type { Session } from '../../model/index.js';
import type { DataValue, Finding } from '../finding.js';

/** One client that an incident hit. `frames` are those that show it. */
export interface Affected {
  /** `ip:port`. */
  readonly client: string;
  readonly session: string | null;
  readonly path?: string;
  readonly frames: readonly number[];
  readonly [more: string]: DataValue | undefined;
}

const LISTED = 1000;

export function affectedBy(session: Session): { client: string; session: string | null } {
  return { client: session.client, session: session.id };
}

/** Client addresses (without ports) of the entries, each once, in order. */
export function hostsOf(entries: readonly Affected[]): string[] {
  return [...new Set(entries.map((entry) => hostOf(entry.client)))];
}

/** The fields of a finding that all entries agree on. */
export function subject(entries: readonly Affected[]): Pick<Finding, 'client' | 'session' | 'path'> {
  const first = entries[0];
  if (first === undefined) return {};
  const fields: { client?: string; session?: string | null; path?: string } = {};
  const hosts = hostsOf(entries);
  if (entries.every((entry) => entry.client === first.client)) fields.client = first.client;
  else if (hosts.length === 1) fields.client = hosts[0]!;
  if (entries.every((entry) => entry.session === first.session)) fields.session = first.session;
  const path = first.path;
  if (path !== undefined && entries.every((entry) => entry.path === path)) fields.path = path;
  return fields;
}

/** The entries as `data` holds them: clients, and one line each, bounded. */
export function affectedData(entries: readonly Affected[]): Record<string, DataValue> {
  const affected = entries
    .slice(0, LISTED)
    .map((entry) => Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined)) as DataValue);
  const data: Record<string, DataValue> = { clients: hostsOf(entries).slice(0, LISTED), affected };
  if (entries.length > LISTED) data['affectedNotListed'] = entries.length - LISTED;
  return data;
}

/** Whom a finding hit: what `affectedData` put into its data. Some rules list leases or servers there: those are nobody. */
export function affectedOf(finding: Finding): readonly Affected[] {
  const listed = (finding.data['affected'] ?? []) as readonly Partial<Affected>[];
  return listed.filter((entry): entry is Affected => typeof entry.client === 'string');
}

/** The first of these findings that names such a client, session or path among those it hit. */
export function findingOn(findings: readonly Finding[], matches: (entry: Affected) => boolean): Finding | undefined {
  return findings.find((finding) => affectedOf(finding).some(matches));
}

/** How `data.cause` names another finding. */
export function causeData(finding: Finding): DataValue {
  const cause: Record<string, DataValue> = { rule: finding.rule, title: finding.title };
  if (finding.path !== undefined) cause['path'] = finding.path;
  if (finding.server !== undefined) cause['server'] = finding.server;
  const first = finding.evidence[0];
  if (first !== undefined) cause['frame'] = first.frame;
  return cause;
}

/** Groups what belongs to one incident: by key, and in time by no more than `apart` nanoseconds from one to the next. */
export function incidents<T>(
  items: readonly T[],
  key: (item: T) => string,
  time: (item: T) => number,
  apart = Infinity,
): T[][] {
  const groups = new Map<string, T[][]>();
  for (const item of [...items].sort((a, b) => time(a) - time(b))) {
    const name = key(item);
    let series = groups.get(name);
    if (series === undefined) groups.set(name, (series = []));
    const last = series.at(-1);
    if (last !== undefined && time(item) - time(last.at(-1)!) <= apart) last.push(item);
    else series.push([item]);
  }
  return [...groups.values()].flat().sort((a, b) => time(a[0]!) - time(b[0]!));
}
