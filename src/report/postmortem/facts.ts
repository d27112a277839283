import { durationText, numberText, plural } from '../../observations/words.js';
import type { FindingEntry } from '../analyze/document.js';
import type { FactData, TableData } from './data.js';
import { secondsBetween } from '../text/span.js';
import { blindWindow } from '../../rules/catalogue/blind-window.js';
import { staleChildList } from '../../rules/catalogue/stale-child-list.js';

const LISTED = 12;

/** Name of the fact that says what is still wrong when the capture ends. */
export const AT_THE_END = 'At the end of the capture';

/** Names of `data.added` and `data.removed` by rule: what they are to whoever reads the finding. */
const DIFFERENCES: Readonly<Record<string, readonly [added: string, removed: string]>> = {
  [staleChildList.meta.name]: ['Missing from its list', 'Still in its list, though gone'],
  [blindWindow.meta.name]: ['Added without its knowing', 'Removed without its knowing'],
};

/** A blind window of the session that a finding is about, with times as text. */
export interface WindowEntry {
  readonly path: string;
  readonly kind: 'data' | 'child';
  readonly changed: boolean;
  readonly firedFrame: number;
  readonly plainFrame: number;
  readonly watchedFrame: number;
  readonly plainTime: string;
  /** Seconds from the first answer to the second. */
  readonly length: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly untilTime: string | null;
  /** Seconds from the change (at the latest) to the next first read, or to the end of the capture. */
  readonly outOfDate: number;
}

const time = (text: string): string => text.slice(11, -1);

/** Some of many names, and how many more there are. */
export function some(names: readonly string[], limit = LISTED): string[] {
  if (names.length <= limit) return [...names];
  return [...names.slice(0, limit), `… and ${names.length - limit} more`];
}

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

/** Who, where, when, what is missing: the finding in short lines. */
export function findingFacts(finding: FindingEntry, windows: readonly WindowEntry[], zone = 'UTC'): FactData[] {
  const facts: FactData[] = [];
  const add = (name: string, values: readonly string[], code = true): void => {
    if (values.length > 0) facts.push({ name, values: some(values), code });
  };
  const { data } = finding;
  if (finding.client !== undefined) add('Client', [finding.client]);
  else add('Clients', strings(data['clients']));
  if (finding.session !== undefined) add('Session', [finding.session ?? 'not captured']);
  if (finding.server !== undefined) add('Server', [finding.server]);
  if (finding.path !== undefined) add('Path', [finding.path]);
  const [from, to] = [time(finding.from), time(finding.to)];
  const span = secondsBetween(finding.from, finding.to);
  add(
    'When',
    [from === to ? `${from} ${zone}` : `${from} to ${to} ${zone} (${durationText(Math.max(0, span))})`],
    false,
  );
  const [added, removed] = DIFFERENCES[finding.rule] ?? ['Added', 'Removed'];
  add(added, strings(data['added']));
  add(removed, strings(data['removed']));
  if (finding.rule === blindWindow.meta.name) outOfDate(finding, windows, facts, zone);
  const { cause } = data;
  if (typeof cause === 'object' && cause !== null && 'rule' in cause && typeof cause.rule === 'string')
    add('Cause', [cause.rule]);
  add(
    'Frames',
    finding.evidence.map(({ frame }) => String(frame)),
  );
  return facts;
}

/** Since when, and of what, a client with blind windows is out of date. */
function outOfDate(finding: FindingEntry, windows: readonly WindowEntry[], facts: FactData[], zone: string): void {
  const changed = windows.filter((window) => window.changed && window.kind === 'child');
  const [first] = changed;
  const last = changed.at(-1);
  if (first === undefined || last === undefined || finding.data['secondListUsed'] === true) return;
  const proviso = finding.data['secondListUsed'] === false ? '' : ', if it goes by its first list';
  facts.push({
    name: 'Out of date',
    values: [
      `first from ${time(first.plainTime)} ${zone} (frame ${first.plainFrame}), ${plural(changed.length, 'time')} in all${proviso}`,
    ],
    code: false,
  });
  if (last.untilTime !== null) return;
  const differs = [
    last.added.length > 0 ? `misses ${some(last.added, 5).join(', ')}` : '',
    last.removed.length > 0 ? `still holds ${some(last.removed, 5).join(', ')}` : '',
  ].filter((text) => text !== '');
  facts.push({
    name: AT_THE_END,
    values: [
      `out of date since ${time(last.plainTime)} ${zone} (frame ${last.plainFrame}): its list ${differs.join(' and ') || 'is an older one'}${proviso}`,
    ],
    code: false,
  });
}

/** Every blind window, one a row. */
export function windowTable(windows: readonly WindowEntry[]): TableData | null {
  if (windows.length === 0) return null;
  return {
    id: 'windows',
    title: 'Every blind window of this session',
    columns: [
      { name: 'Notified in frame', kind: 'frame' },
      { name: 'Read without watch', kind: 'frame' },
      { name: 'Read with watch', kind: 'frame' },
      { name: 'At', kind: 'time' },
      { name: 'Window', kind: 'seconds' },
      { name: 'Added unseen', kind: 'code' },
      { name: 'Removed unseen', kind: 'code' },
      { name: 'Out of date for', kind: 'seconds' },
    ],
    rows: windows.map((w) => [
      w.firedFrame,
      w.plainFrame,
      w.watchedFrame,
      w.plainTime,
      w.length,
      some(w.added).join(' '),
      some(w.removed).join(' '),
      w.changed ? w.outOfDate : null,
    ]),
    sort: null,
  };
}

const KNOWN = new Map<string, readonly [string, TableData['columns'][number]['kind']]>([
  ['client', ['Client', 'code']],
  ['session', ['Session', 'code']],
  ['path', ['Path', 'code']],
  ['id', ['Lease', 'code']],
  ['frames', ['Frames', 'text']],
]);

/** The clients that one incident hit, one a row; null where the finding's own fields say it all. */
export function affectedTable(finding: FindingEntry): TableData | null {
  const affected = finding.data['affected'];
  if (!Array.isArray(affected) || affected.length < 2) return null;
  const entries = affected.filter((entry): entry is Record<string, unknown> => typeof entry === 'object');
  const keys = [...new Set(entries.flatMap((entry) => Object.keys(entry)))].slice(0, 10);
  const order = [...KNOWN.keys()].filter((key) => keys.includes(key));
  const names = [...order.filter((key) => key !== 'frames'), ...keys.filter((key) => !KNOWN.has(key))];
  if (keys.includes('frames')) names.push('frames');
  const more = finding.data['affectedNotListed'];
  return {
    id: 'affected',
    title: `Who was hit${typeof more === 'number' ? ` (${plural(more, 'more')} not listed)` : ''}`,
    columns: names.map((name) => {
      const [title, kind] = KNOWN.get(name) ?? [words(name), kindOf(entries, name)];
      return { name: title, kind };
    }),
    rows: entries.map((entry) => names.map((name) => cell(entry[name], name))),
    sort: null,
  };
}

/** `lastRequest` → `Last request`. */
function words(name: string): string {
  const text = name
    .replace(/^ttl$/, 'TTL')
    .replace(/^grpc/, 'gRPC')
    .replace(/(?<=[a-z])[A-Z](?=[a-z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Measures by their unit: seconds, and milliseconds as ZooKeeper counts timeouts. */
const SECONDS = new Set([
  ...['awayFor', 'idle', 'latency', 'oldest', 'registeredAfter', 'seconds', 'silence', 'silentFor', 'waited'],
  ...['withoutServer', 'withoutSession', 'ttl', 'medianInterval', 'stalls', 'waits', 'lasted', 'held'],
]);
const MILLISECONDS = new Set(['timeout', 'asked', 'granted']);

const ISO_TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

function kindOf(entries: readonly Record<string, unknown>[], name: string): TableData['columns'][number]['kind'] {
  const values = entries.map((entry) => entry[name]).filter((value) => value !== undefined && value !== null);
  const measured = values.length > 0 && values.every((value) => typeof value === 'number');
  if (measured && (SECONDS.has(name) || MILLISECONDS.has(name))) return 'seconds';
  if (values.length > 0 && values.every((value) => typeof value === 'number')) return 'number';
  if (values.length > 0 && values.every((value) => typeof value === 'string' && ISO_TIME.test(value))) return 'time';
  return 'text';
}

function cell(value: unknown, name: string): string | number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return MILLISECONDS.has(name) ? value / 1000 : value;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return some(value.map((item: unknown) => word(item, name))).join(', ');
  // Counts by name: 20 getData, 3 ping.
  return some(Object.entries(value).map(([key, count]) => `${word(count, name)} ${key}`)).join(', ');
}

function word(value: unknown, name: string): string {
  if (typeof value === 'number') {
    if (SECONDS.has(name)) return durationText(value);
    return MILLISECONDS.has(name) ? durationText(value / 1000) : numberText(value);
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
