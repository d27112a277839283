import type { Clock } from '../../observations/inputs.js';

type Naming = Clock['hosts'];

const FRAME = /^(?:frame|.+Frame|frames)$/;
/** As rules and reports write them. */
const IN_TEXT = /\bframes? \d+(?:(?:, | and | to |–|-)\d+)*/g;

/**
 * A document or a record in which frames are those of their hosts: with `host` beside `frame` for programs, as `host:frame`
 * for people. With one host it is what it was.
 */
export function hostFrames<T>(value: T, hosts: Naming, forPeople: boolean): T {
  return hosts.several ? (renamed(value, '', hosts, forPeople) as T) : value;
}

/** Wireshark's filters for frames by their names: one for the capture of each host. */
export function frameFilters(names: readonly (string | number)[]): { host: string | null; filter: string }[] {
  const byHost = new Map<string | null, number[]>();
  for (const name of names) {
    const text = String(name);
    const at = text.lastIndexOf(':');
    const host = at < 0 ? null : text.slice(0, at);
    byHost.set(host, [...(byHost.get(host) ?? []), Number(text.slice(at + 1))]);
  }
  return [...byHost].map(([host, frames]) => {
    const numbers = [...new Set(frames)].sort((a, b) => a - b);
    return { host, filter: `frame.number in {${numbers.join(', ')}}` };
  });
}

function renamed(value: unknown, key: string, hosts: Naming, forPeople: boolean): unknown {
  if (typeof value === 'number' && value > 0 && FRAME.test(key))
    return forPeople ? frameName(value, hosts) : hosts.local(value);
  if (typeof value === 'string')
    return value.replace(IN_TEXT, (text) => text.replace(/\d+/g, (digits) => frameName(Number(digits), hosts)));
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => renamed(item, key, hosts, forPeople));
  if ('columns' in value && 'rows' in value) return tableOf(value as Table, hosts, forPeople);
  const copy: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    copy[name] = renamed(item, name, hosts, forPeople);
    if (name === 'frame' && typeof item === 'number' && item > 0 && !forPeople && !('host' in value))
      copy['host'] = hosts.hostOf(item);
  }
  return copy;
}

interface Table {
  readonly columns: readonly { readonly kind: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

/** A table of the report, whose columns say which cells are frames. */
function tableOf(table: Table, hosts: Naming, forPeople: boolean): Table {
  const rows = table.rows.map((row) =>
    row.map((cell, i) => renamed(cell, table.columns[i]?.kind === 'frame' ? 'frame' : '', hosts, forPeople)),
  );
  return { ...table, rows };
}

/** `zk1:17`, or `17` where there is one host. */
export function frameName(frame: number, hosts: Naming): string {
  const host = hosts.hostOf(frame);
  return host === null ? String(frame) : `${host}:${hosts.local(frame)}`;
}
