import { listing, plural } from '../../observations/words.js';
import type { ChalkInstance } from 'chalk';
import Table from 'cli-table3';
import { BARE } from '../text/bareTable.js';
import { printable } from '../text/escape.js';
import type { PathBeliefEntry, PathDocument } from './document.js';
import { shorten } from '../text/shorten.js';
import { wrap } from '../text/wrap.js';

export interface PathAtOptions {
  readonly colour: ChalkInstance;
  readonly width: number;
  readonly limit: number;
}

const COLUMN = 24;

interface Group {
  readonly clients: string[];
  readonly beliefs: PathBeliefEntry[];
  readonly missing: ReadonlySet<string>;
  readonly extra: ReadonlySet<string>;
}

/** The list as the server had it at a moment and as each session took it to be, side by side. */
export function pathAtText({ at }: PathDocument, options: PathAtOptions): string {
  const { colour, width, limit } = options;
  if (at === undefined) return '';
  const when = `At ${at.time.slice(11, -1)}`;
  if (at.server === null)
    return wrap(`${when}: no list of its children was captured, so what the server had is unknown.`, width);
  const wrong = at.beliefs.filter(({ missing, extra }) => missing.length + extra.length > 0);
  const right = at.beliefs.filter((belief) => !wrong.includes(belief));
  const head = `${when} the server had ${plural(at.server.length, 'child', 'children')}; ${
    wrong.length === 0
      ? `${plural(right.length, 'session')} had the same list, none another one.`
      : `${plural(wrong.length, 'session')} of ${wrong.length + right.length} had another list.`
  }`;
  const lines = [colour.bold(wrap(head, width))];
  const groups = grouped(wrong);
  const columns = Math.max(1, Math.min(groups.length, Math.floor((width - 40) / COLUMN)));
  if (groups.length > 0 || limit === Infinity) lines.push(table(at.server, groups.slice(0, columns), options));
  for (const group of groups.slice(0, columns)) if (group.clients.length > 1) lines.push(members(group, width));
  for (const { beliefs, missing, extra, clients } of groups.slice(columns, columns + 20)) {
    const parts = [
      ...(missing.size > 0 ? [`misses ${listing([...missing].map(printable))}`] : []),
      ...(extra.size > 0 ? [`has ${listing([...extra].map(printable))} too many`] : []),
    ];
    lines.push(wrap(`${listing(clients, 4)} (read in frame ${beliefs[0]!.frame}): ${parts.join('; ')}`, width, '  '));
  }
  if (groups.length > columns + 20)
    lines.push(`  … and ${plural(groups.length - columns - 20, 'more list')}: --json has them all`);
  if (right.length > 0)
    lines.push(
      wrap(
        `Same as the server: ${listing(
          right.map(({ client }) => client),
          8,
        )}.`,
        width,
      ),
    );
  if (at.unknown.length > 0)
    lines.push(
      colour.yellow(
        wrap(
          `Unknown, no list of theirs was captured until then: ${listing(
            at.unknown.map(({ client }) => client),
            8,
          )}.`,
          width,
        ),
      ),
    );
  return lines.join('\n');
}

/** Sessions that took the same list for the server's are one column. */
function grouped(beliefs: readonly PathBeliefEntry[]): Group[] {
  const groups = new Map<string, Group>();
  for (const belief of beliefs) {
    const key = JSON.stringify([belief.missing, belief.extra]);
    const group = groups.get(key);
    if (group === undefined)
      groups.set(key, {
        clients: [belief.client],
        beliefs: [belief],
        missing: new Set(belief.missing),
        extra: new Set(belief.extra),
      });
    else {
      group.clients.push(belief.client);
      group.beliefs.push(belief);
    }
  }
  return [...groups.values()].sort((a, b) => b.missing.size + b.extra.size - a.missing.size - a.extra.size);
}

function members({ clients, beliefs }: Group, width: number): string {
  return wrap(
    `${clients[0]!} and ${clients.length - 1} more: ${listing(clients, 8)} (read in frames ${listing(
      beliefs.map(({ frame }) => String(frame)),
      8,
    )})`,
    width,
    '  ',
  );
}

function table(server: readonly string[], groups: readonly Group[], { colour, width, limit }: PathAtOptions): string {
  const there = new Set(server);
  const names = new Set(limit === Infinity ? server : []);
  for (const { missing, extra } of groups) {
    for (const name of missing) names.add(name);
    for (const name of extra) names.add(name);
  }
  const sorted = [...names].sort();
  const rows = sorted.slice(0, limit);
  const wide = Math.max(16, width - 10 - groups.length * COLUMN);
  const result = new Table({
    head: [
      'child',
      'server',
      ...groups.map(({ clients, beliefs }) =>
        clients.length === 1
          ? `${clients[0]!}\n(frame ${beliefs[0]!.frame})`
          : `${clients[0]!}\nand ${clients.length - 1} more`,
      ),
    ],
    chars: BARE,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  for (const name of rows) {
    result.push([
      shorten(printable(name), wide),
      there.has(name) ? 'yes' : '-',
      ...groups.map(({ missing, extra }) => {
        if (missing.has(name)) return colour.red('-   misses it');
        if (extra.has(name)) return colour.red('yes too many');
        return there.has(name) ? 'yes' : '-';
      }),
    ]);
  }
  const lines = result
    .toString()
    .split('\n')
    .map((line) => `  ${line.trimEnd()}`);
  if (sorted.length > rows.length)
    lines.push(
      colour.dim(
        `  … and ${plural(sorted.length - rows.length, 'more child', 'more children')} that differ: --all shows them`,
      ),
    );
  const same = server.filter((name) => !names.has(name)).length;
  if (same > 0 && groups.length > 0)
    lines.push(
      colour.dim(
        `  and ${plural(same, 'child', 'children')} that all of them have${limit === Infinity ? '' : ' (--all shows them)'}`,
      ),
    );
  return lines.join('\n');
}
