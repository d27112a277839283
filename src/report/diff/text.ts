import { durationText, numberText, plural } from '../../observations/words.js';
import type { ChalkInstance } from 'chalk';
import { printable } from '../text/escape.js';
import { type Column, fitTable } from '../text/fitTable.js';
import { rateText } from '../text/rate.js';
import { wrap } from '../text/wrap.js';
import type { ChangeEntry, CountEntry, DiffDocument, SideEntry } from './document.js';

export interface DiffTextOptions {
  readonly colour: ChalkInstance;
  /** Of the times in the document. */
  readonly zone?: string;
  /** Columns of the terminal. */
  readonly width: number;
  /** What was lost on the way, one part each; empty where nothing was. */
  readonly losses: readonly string[];
  /** Changes to tell. */
  readonly top: number;
}

const MAX_ROWS = 15;
const NONE = '-';

/** `zkscope diff` for people: what is compared, what changed in words, then operations side by side. */
export function diffText(document: DiffDocument, options: DiffTextOptions): string {
  const { colour, width, losses, zone = 'UTC' } = options;
  const heading = [sideText('Before', document.before, zone), sideText('After', document.after, zone)];
  const parts = [colour.bold(heading.map((line) => wrap(line, width)).join('\n'))];
  if (losses.length > 0) parts.push(colour.yellow(wrap(`Not seen: ${losses.join('; ')}.`, width)));
  parts.push(changesText(document, options));
  const table = operations(document, options);
  if (table !== null) parts.push(table);
  return `${parts.join('\n\n')}\n`;
}

function sideText(name: string, side: SideEntry, zone: string): string {
  const { total, from, to, seconds, sessions } = side;
  if (from === null || to === null) return `${name}: ${printable(side.label)}: no packets.`;
  const rate = seconds > 0 ? ` (${rateText(total.requests / seconds)})` : '';
  return (
    `${name}: ${printable(side.label)}, ${from.slice(0, 19).replace('T', ' ')} to ${to.slice(11, 19)} ${zone}, ${durationText(seconds)}: ` +
    `${plural(total.requests, 'request')}${rate}, ${plural(total.errors, 'error')}, ${plural(total.notifications, 'notification')}, ` +
    `${plural(sessions.opened, 'new session')}.`
  );
}

function changesText(document: DiffDocument, { colour, width, top }: DiffTextOptions): string {
  const { changes, findings } = document;
  const same = findings.both.length === 0 ? '' : ` ${plural(findings.both.length, 'finding')} on both sides.`;
  if (changes.length === 0)
    return colour.bold(wrap(`No difference beyond chance.${same} The tables in --json show both sides.`, width));
  const lines = changes.slice(0, top).map((change) => changeText(change, colour, width));
  const more = changes.length - lines.length;
  const heading = `${plural(changes.length, 'change')}, the biggest first.${same}`;
  const rest = more <= 0 ? [] : [colour.dim(`… and ${plural(more, 'smaller change')}: --top 0 shows all.`)];
  return [colour.bold(wrap(heading, width)), ...lines, ...rest].join('\n');
}

const MARKS = { new: '+', gone: '−', up: '↑', down: '↓' } as const;
const KINDS: Partial<Record<ChangeEntry['kind'], string>> = {
  finding: 'finding ',
  errors: 'errors: ',
  latency: 'latency of ',
  path: 'path ',
  client: 'client ',
  server: 'server ',
};

function changeText(change: ChangeEntry, colour: ChalkInstance, width: number): string {
  const { kind, subject, direction, text } = change;
  const crowd = /^[\d,]+ (?:path|client)s$/.test(subject);
  const what = kind === 'finding' ? 'finding' : `${crowd ? '' : (KINDS[kind] ?? '')}${subject}`;
  const separator = kind === 'finding' ? ' ' : ': ';
  const line = wrap(printable(`${MARKS[direction]} ${what}${separator}${text}`), width, '  ').trimStart();
  const paint =
    kind === 'finding' && direction === 'new'
      ? colour.red
      : direction === 'gone' || (kind === 'latency' && direction === 'down')
        ? colour.green
        : direction === 'down'
          ? colour.cyan
          : colour.yellow;
  return paint(line);
}

function operations(document: DiffDocument, { colour, width }: DiffTextOptions): string | null {
  const rows = document.operations.slice(0, MAX_ROWS);
  if (rows.length === 0) return null;
  const rate = ({ perSecond, requests, notifications }: CountEntry): string =>
    perSecond === null ? numberText(requests + notifications) : numberText(Number(perSecond.toPrecision(3)));
  const latency = (entry: CountEntry, of: 'p50' | 'p99'): string =>
    entry.latency === undefined ? NONE : durationText(entry.latency[of]);
  const right = (title: string, rank: number, cells: string[], blank?: string): Column => {
    return { title, rank, cells, align: 'right', ...(blank === undefined ? {} : { blank }) };
  };
  const per = document.before.seconds > 0 && document.after.seconds > 0 ? '/s' : '';
  const { text } = fitTable(
    [
      { title: 'Operation', rank: 0, cells: rows.map(({ name }) => printable(name)) },
      right(
        `before${per}`,
        0,
        rows.map(({ before }) => rate(before)),
      ),
      right(
        `after${per}`,
        0,
        rows.map(({ after }) => rate(after)),
      ),
      right(
        'errors before',
        3,
        rows.map(({ before }) => numberText(before.errors)),
      ),
      right(
        'errors after',
        3,
        rows.map(({ after }) => numberText(after.errors)),
      ),
      right(
        'p50 before',
        2,
        rows.map(({ before }) => latency(before, 'p50')),
        NONE,
      ),
      right(
        'p50 after',
        2,
        rows.map(({ after }) => latency(after, 'p50')),
        NONE,
      ),
      right(
        'p99 before',
        1,
        rows.map(({ before }) => latency(before, 'p99')),
        NONE,
      ),
      right(
        'p99 after',
        1,
        rows.map(({ after }) => latency(after, 'p99')),
        NONE,
      ),
    ],
    width,
    colour,
  );
  const more = document.operations.length - rows.length;
  return more > 0 ? `${text}\n${colour.dim(`… ${plural(more, 'more operation')} in --json`)}` : text;
}
