import type { Clock } from '../../observations/inputs.js';

type Naming = Clock['hosts'];

/** Names of what is a frame's number: `firstEnd` is one, in what quorum-lost measured. */
const FRAME = /^(?:frame|.+Frame|frames|firstEnd)$/;
/** As rules and reports write them. */
const IN_TEXT = /\bframes? \d+(?:(?:, | and | to |–|-)\d+)*/g;

/**
 * A document or a record in which frames are those of their hosts: as `host:frame` for people, and for programs with
 * `host` beside `frame`, `hosts` beside `frames`, and `requestHost` beside `requestFrame` where that is another than `host`.
 * With one host it is what it was.
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
  if ('columns' in value && 'rows' in value) return tableOf(value as Table, hosts);
  const copy: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    copy[name] = renamed(item, name, hosts, forPeople);
    if (!forPeople && FRAME.test(name)) addHost(copy, value, name, item, hosts);
  }
  return copy;
}

/** Adds the host of a frame, or those of a list of frames, beside it. */
function addHost(copy: Record<string, unknown>, value: object, name: string, item: unknown, hosts: Naming): void {
  const beside = name === 'firstEnd' ? 'firstEndHost' : name.replace('frame', 'host').replace(/Frame$/, 'Host');
  if (beside in value) return;
  if (Array.isArray(item))
    copy[beside] = item.map((frame: unknown) => (typeof frame === 'number' ? hosts.hostOf(frame) : null));
  else if (typeof item === 'number' && item > 0) {
    const host = hosts.hostOf(item);
    if (name === 'frame' || host !== ownHost(value, hosts)) copy[beside] = host;
  }
}

/** The host that an object is of: the one that it names, or that of its `frame`. */
function ownHost(value: object, hosts: Naming): unknown {
  const { host, frame } = value as { readonly host?: unknown; readonly frame?: unknown };
  return host ?? (typeof frame === 'number' && frame > 0 ? hosts.hostOf(frame) : undefined);
}

interface Table {
  readonly columns: readonly { readonly kind: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

/** A table of the report, whose columns say which cells are frames: a cell has no room for a host beside it. */
function tableOf(table: Table, hosts: Naming): Table {
  const rows = table.rows.map((row) =>
    row.map((cell, i) => renamed(cell, table.columns[i]?.kind === 'frame' ? 'frame' : '', hosts, true)),
  );
  return { ...table, rows };
}

/** `zk1:17`, or `17` where there is one host. */
export function frameName(frame: number, hosts: Naming): string {
  const host = hosts.hostOf(frame);
  return host === null ? String(frame) : `${host}:${hosts.local(frame)}`;
}
