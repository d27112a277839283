import type { ChalkInstance } from 'chalk';
import { liveTables, type LiveTable } from '../../model/measures/liveTables.js';
import { bytesText } from '../text/bytes.js';
import { printable } from '../text/escape.js';
import { fitTable, type Column } from '../text/fitTable.js';
import { durationText, numberText, plural } from '../../observations/words.js';
import { shorten } from '../text/shorten.js';
import type { TopColumn, TopDocument, TopFinding, TopNumbers, TopRow } from './document.js';

export interface TopScreen {
  readonly colour: ChalkInstance;
  readonly width: number;
  readonly height: number;
  readonly table: LiveTable;
  readonly sort: TopColumn;
  /** Rows whose name has this in it; null for all. */
  readonly filter: string | null;
  /** The filter is being typed. */
  readonly typing: boolean;
  readonly paused: boolean;
  readonly help: boolean;
  readonly zone: string;
  /** Of --prometheus-listen: where it is served. */
  readonly serving: string | null;
}

const TITLES: Readonly<Record<LiveTable, string>> = {
  op: 'Operation',
  client: 'Client',
  path: 'Path',
  server: 'Server',
};
const SHORTEST_NAME = 12;
/** Lines that findings may take of a screen, at least and as a share. */
const FINDING_LINES = 4;
const NO_VALUE = '-';

/** One screen of `zkscope top`, at most `height` lines of at most `width` columns. */
export function topScreen(document: TopDocument, screen: TopScreen): string[] {
  const { colour, width, height } = screen;
  const head = heading(document, screen);
  const tail = footer(screen);
  const room = Math.max(3, height - head.length - tail.length - 1);
  const middle = screen.help ? HELP : body(document, screen, room);
  return [...head, '', ...middle.slice(0, room), ...tail]
    .slice(0, height)
    .map((line) => (line.includes('\u001b') ? line : shorten(line, width)))
    .map((line, place) => (place === 0 ? colour.bold(line) : line));
}

function heading(document: TopDocument, { colour, paused, zone, width, serving }: TopScreen): string[] {
  const { interval, sinceStart, sessions, watches, connections } = document;
  const when = `${document.to.slice(0, 10)} ${document.to.slice(11, 19)} ${zone}`;
  const state = paused ? '  PAUSED' : '';
  const served = serving === null ? '' : `  metrics on ${serving}`;
  const errors = plural(interval.errors, 'error');
  return [
    shorten(`zkscope top  ${when}  over ${durationText(document.seconds)}${state}${served}`, width),
    shorten(
      `${rate(interval)} requests/s, ${interval.errors > 0 ? errors : 'no error'}, ${latencyText(interval)}; ` +
        `${bytesText(interval.bytesToServer)} up, ${bytesText(interval.bytesToClient)} down`,
      width,
    ),
    shorten(
      `${plural(sessions.open, 'session')} connected${changesText(sessions)}, ` +
        `${plural(connections, 'connection')}; watches ${watches.set} set, ${watches.fired} fired`,
      width,
    ),
    colour.dim(
      shorten(
        `since the beginning, ${durationText(sinceStart.seconds)}: ${plural(sinceStart.requests, 'request')}, ${plural(sinceStart.errors, 'error')}, ${plural(sinceStart.notifications, 'notification')}`,
        width,
      ),
    ),
  ];
}

/** What became of sessions in the interval, where something did. */
function changesText({ made, takenUp, closed, expired }: TopDocument['sessions']): string {
  const changes = [`${made} new`, `${takenUp} taken up`, `${closed} closed`, `${expired} expired`];
  const told = changes.filter((text) => !text.startsWith('0 '));
  return told.length === 0 ? '' : ` (${told.join(', ')})`;
}

function latencyText({ latency }: TopNumbers): string {
  if (latency === undefined) return 'nothing answered';
  const { p50, p99, max } = latency;
  return `p50 ${durationText(p50)}, p99 ${durationText(p99)}, max ${durationText(max)}`;
}

const rate = ({ requestsPerSecond }: TopNumbers): string =>
  requestsPerSecond >= 100 ? numberText(Math.round(requestsPerSecond)) : requestsPerSecond.toFixed(1);

function body(document: TopDocument, screen: TopScreen, room: number): string[] {
  const findings = findingLines(document.findings, screen);
  const wanted = Math.min(findings.length, Math.max(FINDING_LINES, Math.floor(room / 3)));
  const shown = findings.slice(0, wanted);
  const table = tableLines(document, screen).slice(0, Math.max(2, room - shown.length - 1));
  return shown.length === 0 ? table : [...table, '', ...shown];
}

function tableLines(document: TopDocument, { colour, width, table, sort, filter }: TopScreen): string[] {
  const all = { op: document.byOp, client: document.byClient, path: document.byPath, server: document.byServer }[table];
  const rows =
    filter === null ? all : all.filter(({ name }) => (name ?? '').toLowerCase().includes(filter.toLowerCase()));
  if (rows.length === 0)
    return [colour.dim(filter === null ? 'nothing in this interval' : `nothing with "${printable(filter)}"`)];
  const { text } = fitTable(columns(rows, table, sort), width, colour);
  return text.split('\n');
}

function columns(rows: readonly TopRow[], table: LiveTable, sort: TopColumn): Column[] {
  const number = (title: string, rank: number, of: (row: TopRow) => string, blank?: string): Column => ({
    title,
    rank,
    align: 'right',
    cells: rows.map(of),
    ...(blank === undefined ? {} : { blank }),
  });
  const time =
    (of: 'p50' | 'p90' | 'p99' | 'max') =>
    (row: TopRow): string =>
      row.latency === undefined ? NO_VALUE : durationText(row.latency[of]);
  const result = [
    {
      title: TITLES[table],
      rank: 0,
      cells: rows.map(({ name }) => (name === null ? NO_VALUE : printable(name))),
      shrinkTo: SHORTEST_NAME,
    },
    number('req/s', 0, rate),
    number('errors', 1, ({ errors }) => numberText(errors)),
    number('p50', 3, time('p50')),
    number('p90', 6, time('p90')),
    number('p99', 2, time('p99')),
    number('max', 4, time('max')),
    number('notified', 7, ({ notifications }) => numberText(notifications), '0'),
    number('bytes', 5, (row) => bytesText(row.bytesToServer + row.bytesToClient)),
  ];
  const title = { requests: 'req/s', errors: 'errors', p99: 'p99', bytes: 'bytes', notifications: 'notified' }[sort];
  return result.map((column) => {
    if (column.title !== title) return column;
    const { align, cells } = column;
    return { title: `${column.title}▼`, rank: 0, cells, ...(align === undefined ? {} : { align }) };
  });
}

function findingLines(findings: readonly TopFinding[], { colour, width }: TopScreen): string[] {
  const grave = findings.filter(({ severity }) => severity !== 'info');
  return grave.map(({ severity, title, rule, client, server, path, from }) => {
    const about = [client, server, path].filter((text) => text !== undefined).map((text) => printable(text));
    const mark = severity.toUpperCase();
    const text = shorten(
      `${from.slice(11, 19)} ${printable(title)}${about.length === 0 ? '' : `: ${about.join(' ')}`} [${rule}]`,
      width - mark.length - 1,
    );
    return `${severity === 'error' ? colour.red.bold(mark) : colour.yellow.bold(mark)} ${text}`;
  });
}

/** Keys by what they do: the one list of them. */
export const topKeys: readonly (readonly [key: string, what: string])[] = [
  ...liveTables.map((name) => [name.charAt(0), `by ${name === 'op' ? 'operation' : name}`] as const),
  ['R E L B N', 'sort by requests, errors, latency (p99), bytes, notifications'],
  ['/', 'only rows with this in their name; Enter to end, Escape for all'],
  ['+ -', 'a part of paths more, or less'],
  ['space', 'pause and go on: counting goes on meanwhile'],
  ['h', 'this help'],
  ['q', 'end'],
];

const HELP = topKeys.map(([key, what]) => `  ${key.padEnd(10)} ${what}`);

function footer({ colour, filter, typing, width }: TopScreen): string[] {
  if (typing) return [`only rows with: ${printable(filter ?? '')}_`];
  const only = filter === null ? '' : `  only "${printable(filter)}"`;
  return [
    colour.dim(shorten(`o c p s table  R E L B N sort  / filter  + - depth  space pause  h help  q end${only}`, width)),
  ];
}
