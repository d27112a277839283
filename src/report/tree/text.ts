import { numberText, plural } from '../../observations/words.js';
import type { ChalkInstance } from 'chalk';
import { printable } from '../text/escape.js';
import { shorten } from '../text/shorten.js';
import type { TreeDocument, TreeEntry } from './document.js';
import { textWidth } from '../text/width.js';
import { wrap } from '../text/wrap.js';

export interface TreeTextOptions {
  readonly colour: ChalkInstance;
  /** Of the times in the document. */
  readonly zone?: string;
  /** Columns of the terminal. */
  readonly width: number;
  /** Children of one znode that are shown. */
  readonly limit: number;
  /** What was lost on the way, one part each; empty where nothing was. */
  readonly losses: readonly string[];
}

const NAMES = 6;
/** Lines of one tree: beyond it, roots and depths are to be chosen. */
const LINES = 2000;
const LEAST_NAME = 24;

/** `zkscope tree` for people. */
export function treeText(document: TreeDocument, options: TreeTextOptions): string {
  const { colour, width, losses } = options;
  const parts = [heading(document, options)];
  for (const root of document.roots) {
    const lines: string[] = [];
    new Drawing(options, lines).root(root);
    parts.push(lines.join('\n'));
  }
  const legend =
    'watch: watches held by open sessions; read by: sessions that read it; (listed): known from a list of children only; ?: nothing says whether it is there.';
  parts.push(colour.dim(wrap(legend, width)));
  if (losses.length > 0) parts.push(colour.yellow(wrap(`Not seen: ${losses.join('; ')}.`, width)));
  return `${parts.join('\n\n')}\n`;
}

function heading(
  { at, znodes, watches, forgotten, readersForgotten }: TreeDocument,
  { colour, width, zone = 'UTC' }: TreeTextOptions,
): string {
  const when = at === null ? '' : ` at ${at.slice(0, 10)} ${at.slice(11, -1)} ${zone}`;
  const extra = [
    ...(znodes.gone > 0 ? [`${numberText(znodes.gone)} gone`] : []),
    ...(znodes.absent > 0 ? [`${numberText(znodes.absent)} asked for and not there`] : []),
    ...(znodes.unknown > 0 ? [`${numberText(znodes.unknown)} unknown`] : []),
    plural(watches, 'watch held', 'watches held'),
  ];
  const lines = [
    colour.bold(wrap(`What the capture shows of the znode tree${when}`, width)),
    wrap(`${plural(znodes.present, 'znode')} there, ${extra.join(', ')}.`, width),
  ];
  if (forgotten > 0)
    lines.push(colour.yellow(wrap(`${plural(forgotten, 'znode')} more were too many to keep.`, width)));
  if (readersForgotten > 0)
    lines.push(
      colour.yellow(wrap(`${plural(readersForgotten, 'read')} by sessions that were too many to tell apart.`, width)),
    );
  return lines.join('\n');
}

class Drawing {
  private full = false;

  constructor(
    private readonly options: TreeTextOptions,
    private readonly lines: string[],
  ) {}

  root(entry: TreeEntry): void {
    this.line('', printable(entry.path), entry);
    this.children(entry, '');
  }

  private children(entry: TreeEntry, indent: string): void {
    const { limit, colour } = this.options;
    const all = limit === Infinity;
    const there = all ? entry.nodes : entry.nodes.filter(({ state }) => state === 'present' || state === 'unknown');
    const shown = there.slice(0, limit);
    const rest = there.length - shown.length;
    const notes: string[] = [];
    if (rest > 0) notes.push(`… ${numberText(rest)} more`);
    if (!all) {
      for (const [state, word] of [
        ['gone', 'gone'],
        ['absent', 'asked for, not there'],
      ] as const) {
        const names = entry.nodes.filter((node) => node.state === state).map(({ name }) => printable(name));
        if (names.length === 0) continue;
        const more = names.length > NAMES ? ` … ${numberText(names.length)} in all` : '';
        notes.push(`${word}: ${names.slice(0, NAMES).join(', ')}${more}`);
      }
    }
    if (entry.deeper !== undefined) notes.push(`… ${plural(entry.deeper, 'child', 'children')} below: --depth`);
    for (const [i, child] of shown.entries()) {
      if (this.lines.length >= LINES && !all) {
        if (!this.full)
          this.lines.push(colour.yellow('… more lines than fit here: --path, --depth and --limit choose'));
        this.full = true;
        return;
      }
      const last = i === shown.length - 1 && notes.length === 0;
      this.line(`${indent}${last ? '└─ ' : '├─ '}`, printable(child.name), child);
      this.children(child, `${indent}${last ? '   ' : '│  '}`);
    }
    for (const [i, note] of notes.entries()) {
      const mark = `${indent}${i === notes.length - 1 ? '└─ ' : '├─ '}`;
      const room = Math.max(20, this.options.width - mark.length);
      const [first = '', ...more] = wrap(note, room).split('\n');
      this.lines.push(colour.dim(mark + first), ...more.map((text) => colour.dim(`${indent}   ${text}`)));
    }
  }

  private line(mark: string, name: string, entry: TreeEntry): void {
    const { colour, width } = this.options;
    const facts = factsOf(entry).join(', ');
    const shown = name === '' ? '(empty name)' : name;
    const room = Math.max(LEAST_NAME, width - mark.length);
    const paint =
      entry.state === 'present'
        ? (text: string) => text
        : entry.state === 'unknown'
          ? colour.yellow
          : colour.dim.strikethrough;
    const text = shorten(shown, room);
    if (facts === '') this.lines.push(colour.dim(mark) + paint(text));
    else if (mark.length + textWidth(text) + 2 + textWidth(facts) <= width) {
      this.lines.push(`${colour.dim(mark)}${paint(text)}  ${colour.dim(facts)}`);
    } else {
      const indent = mark.replace('└─ ', '   ').replace('├─ ', '│  ');
      const below = entry.nodes.length > 0 ? '│  ' : '   ';
      const lines = wrap(facts, Math.max(20, width - indent.length - below.length)).split('\n');
      this.lines.push(colour.dim(mark) + paint(text), ...lines.map((line) => colour.dim(indent + below + line)));
    }
  }
}

function factsOf(entry: TreeEntry): string[] {
  const facts: string[] = [];
  const { state, known, ephemeral, owner, ownerClient, sequential, version, numChildren, cversion, frame, time } =
    entry;
  if (state === 'gone') return [`gone (frame ${frame ?? 0}, ${time?.slice(11, 23) ?? '?'})`];
  if (state === 'absent') return [`not there (frame ${frame ?? 0})`, ...reading(entry)];
  if (state === 'unknown') facts.push('?');
  if (ephemeral === true) facts.push(`ephemeral of ${ownerClient ?? owner ?? 'an unknown session'}`);
  if (sequential) facts.push('sequential');
  if (known === 'list') facts.push('(listed)');
  if (numChildren !== undefined && numChildren > 0)
    facts.push(`${plural(numChildren, 'child', 'children')}${cversion === undefined ? '' : `, cversion ${cversion}`}`);
  if (version !== undefined && version > 0) facts.push(`v${version}`);
  return [...facts, ...reading(entry)];
}

function reading({ watches, readers, writes }: TreeEntry): string[] {
  return [
    ...(watches > 0 ? [plural(watches, 'watch', 'watches')] : []),
    ...(readers > 0 ? [`read by ${numberText(readers)}`] : []),
    ...(writes > 1 ? [`${numberText(writes)} writes`] : []),
  ];
}
