import { durationText, numberText, plural } from '../../observations/words.js';
import type { ChalkInstance } from 'chalk';
import { fitTable, type Column } from '../text/fitTable.js';
import type { SessionColumn, SessionRow, SessionsDocument } from './document.js';
import { captureSpan, secondsBetween } from '../text/span.js';
import { wrap } from '../text/wrap.js';

export interface SessionsTextOptions {
  readonly colour: ChalkInstance;
  /** Of the times in the document. */
  readonly zone?: string;
  /** Columns of the terminal. */
  readonly width: number;
  /** Columns that the table may have. */
  readonly tableWidth?: number;
  /** What was lost on the way, one part each; empty where nothing was. */
  readonly losses: readonly string[];
  /** What the rows are sorted by: that column is always shown. */
  readonly sort: SessionColumn;
}

/** Titles of the columns that rows are sorted by, where they are called otherwise. */
const SORTED: Partial<Record<SessionColumn, string>> = {
  notifications: 'notified',
  ping: 'pings every',
  duration: 'for',
};

const NONE = '-';
/** A ping interval this much longer than a third of the timeout is marked. */
const LATE = 1.5;
const SHORTEST_SERVERS = 15;

/** `zkscope sessions` for people: how many, then one line each. */
export function sessionsText(document: SessionsDocument, options: SessionsTextOptions): string {
  const { colour, width, losses } = options;
  const parts = [colour.bold(wrap(heading(document, options.zone ?? 'UTC'), width))];
  if (losses.length > 0) parts.push(colour.yellow(wrap(`Not seen: ${losses.join('; ')}.`, width)));
  const { text, missing } = fitTable(columns(document.sessions, options), options.tableWidth ?? width, colour);
  parts.push(text);
  const remarks: string[] = [];
  if (document.sessionsNotShown > 0)
    remarks.push(`… and ${plural(document.sessionsNotShown, 'more session')}: --top 0 shows all.`);
  if (document.sessions.some(({ startCaptured }) => !startCaptured))
    remarks.push('≤ before a time: the session began earlier, and what it had watched and registered is not known.');
  if (missing.length > 0) remarks.push(`Not shown for want of room: ${missing.join(', ')} (--wide shows all).`);
  if (remarks.length > 0) parts.push(colour.dim(wrap(remarks.join(' '), width)));
  return `${parts.join('\n\n')}\n`;
}

function heading({ captures, count, ends }: SessionsDocument, zone: string): string {
  const kinds = [
    [ends.closed, 'closed'],
    [ends.expired, 'expired'],
    [ends.lost, 'lost (gone without a word)'],
    [ends.open, 'open when the capture ended'],
  ] as const;
  const said = kinds.filter(([number]) => number > 0).map(([number, text]) => `${numberText(number)} ${text}`);
  return `${captureSpan(captures, zone)}: ${plural(count, 'session')}: ${said.join(', ')}.`;
}

/** Asked and granted where they differ. */
function timeoutText({ timeout, timeoutAsked }: SessionRow): string {
  if (timeout === null) return NONE;
  const granted = durationText(timeout / 1000);
  if (timeoutAsked === null || timeoutAsked === timeout) return granted;
  return `${durationText(timeoutAsked / 1000)}→${granted}`;
}

function columns(rows: readonly SessionRow[], { colour, sort }: SessionsTextOptions): Column[] {
  const day = rows[0]?.from.slice(0, 10);
  const clock = (time: string): string =>
    time.startsWith(day ?? '') ? time.slice(11, 19) : time.slice(0, 19).replace('T', ' ');
  const text = (title: string, rank: number, of: (row: SessionRow) => string, more: Partial<Column> = {}): Column => {
    return { title, rank, cells: rows.map(of), ...more };
  };
  const number = (title: string, rank: number, of: (row: SessionRow) => number, blank?: string): Column => {
    return text(title, rank, (row) => numberText(of(row)), {
      align: 'right',
      ...(blank === undefined ? {} : { blank }),
    });
  };
  const end = (cell: string): string =>
    cell === 'expired' ? colour.red(cell) : cell === 'lost' ? colour.yellow(cell) : cell;
  // Painted by row, not by text: the same interval is late for one session and right for another.
  const late = new Set(
    rows
      .filter(({ pingInterval, pingExpected }) => (pingInterval ?? 0) > (pingExpected ?? Infinity) * LATE)
      .map(({ pingInterval, pingExpected }) => pingText(pingInterval, pingExpected)),
  );
  const result = [
    text('Session', 0, (row) => row.session ?? NONE),
    text('client', 0, (row) => row.client),
    text('servers', 2, (row) => row.servers.join(' → '), {
      shrinkTo: SHORTEST_SERVERS,
      comfortable: SHORTEST_SERVERS,
    }),
    text('from', 4, (row) => `${row.startCaptured ? '' : '≤'}${clock(row.from)}`, { align: 'right' }),
    text('to', 9, (row) => clock(row.to)),
    ...(sort === 'duration' ? [text('for', 0, lengthOf, { align: 'right' })] : []),
    text('end', 0, (row) => row.end, { paint: end }),
    text('timeout', 1, timeoutText, { align: 'right' }),
    number('requests', 3, (row) => row.requests),
    number('watches', 5, (row) => row.watches, '0'),
    number('ephemerals', 6, (row) => row.ephemerals, '0'),
    number('connections', 10, (row) => row.connections, '1'),
    number('notified', 11, (row) => row.notifications, '0'),
    text('pings every', 7, (row) => pingText(row.pingInterval, row.pingExpected), {
      align: 'right',
      blank: NONE,
      paint: (cell) => (late.has(cell) ? colour.yellow(cell) : cell),
    }),
    text('silence', 1, (row) => durationText(row.longestSilence), { align: 'right' }),
  ];
  // Its default shows where sessions came from; only what was asked for is worth a column of its own.
  const always = sort === 'from' ? null : (SORTED[sort] ?? sort);
  return result.map((column) => (column.title === always ? { ...column, rank: 0 } : column));
}

const lengthOf = ({ from, to }: SessionRow): string => durationText(secondsBetween(from, to));

/** `3.3 s (⅓: 3.3 s)`: the median, and what a third of the timeout is. */
function pingText(interval: number | null, expected: number | null): string {
  if (interval === null) return NONE;
  return expected === null ? durationText(interval) : `${durationText(interval)} (⅓: ${durationText(expected)})`;
}
