import { durationText, numberText, plural } from '../../observations/words.js';
import type { ChalkInstance } from 'chalk';
import type { Dimension } from '../../model/measures/grouping.js';
import { bytesText } from '../text/bytes.js';
import { printable } from '../text/escape.js';
import { fitTable, type Column } from '../text/fitTable.js';
import { rateText } from '../text/rate.js';
import type { LatencyNumbers, PartsNumbers, SortColumn, StatsDocument, StatsNumbers } from './document.js';
import { wrap } from '../text/wrap.js';
import { secondsBetween } from '../text/span.js';

export interface StatsTextOptions {
  readonly colour: ChalkInstance;
  /** Of the times in the document. */
  readonly zone?: string;
  /** Columns of the terminal. */
  readonly width: number;
  /** What was lost on the way, one part each; empty where nothing was. */
  readonly losses: readonly string[];
  /** What the rows are sorted by: that column is always shown. */
  readonly sort: SortColumn | Dimension | null;
}

/** Titles of the columns that numbers are sorted by, where they are called otherwise. */
const SORTED: Partial<Record<SortColumn | Dimension, string>> = {
  responses: 'answers',
  notifications: 'notified',
  bytesToServer: 'to server',
  bytesToClient: 'to client',
  bytes: 'bytes',
};

const TITLES: Record<Dimension, string> = {
  op: 'Operation',
  path: 'Path',
  client: 'Client',
  server: 'Server',
  session: 'Session',
  error: 'Error',
  connection: 'Connection',
};
const SHORTEST_PATH = 16;
const NONE = '-';

/** A row with its bucket and dimension values as text. */
interface Row {
  readonly time: string;
  readonly values: readonly string[];
  readonly numbers: StatsNumbers;
}

/** `zkscope stats` for people: the totals, then one row a group. */
export function statsText(document: StatsDocument, options: StatsTextOptions): string {
  const { colour, width } = options;
  const parts = [colour.bold(wrap(totals(document, options.zone ?? 'UTC'), width))];
  if (options.losses.length > 0) parts.push(colour.yellow(wrap(`Not seen: ${options.losses.join('; ')}.`, width)));
  const rows = rowsOf(document);
  if (rows.length > 0) {
    const { text, missing } = fitTable(columns(document, rows, options), width, colour);
    parts.push(text);
    const remarks = remarksOn(document, missing);
    if (remarks !== '') parts.push(colour.dim(wrap(remarks, width)));
  }
  return `${parts.join('\n\n')}\n`;
}

function spanOf(document: StatsDocument): number {
  return document.from === null || document.to === null ? 0 : secondsBetween(document.from, document.to);
}

function totals(document: StatsDocument, zone: string): string {
  const { total, from, to } = document;
  if (from === null || to === null) return 'No message was counted.';
  const span = spanOf(document);
  const rate = span > 0 ? ` (${rateText(total.requests / span)})` : '';
  const latency =
    total.latency === undefined
      ? ''
      : ` Latency: p50 ${durationText(total.latency.p50)}, p90 ${durationText(total.latency.p90)}, p99 ${durationText(total.latency.p99)}, max ${durationText(total.latency.max)}.`;
  const parts = total.parts === undefined ? '' : partsText(total.parts);
  const day = `${from.slice(0, 19).replace('T', ' ')} to ${to.slice(11, 19)} ${zone}, ${durationText(span)}`;
  return (
    `${day}: ${plural(total.requests, 'request')}${rate}, ${plural(total.responses, 'answer')}, ${plural(total.notifications, 'notification')}; ` +
    `${plural(total.errors, 'error')}, ${numberText(total.unanswered)} unanswered; ` +
    `${bytesText(total.bytesToServer)} to servers, ${bytesText(total.bytesToClient)} to clients.${latency}${parts}`
  );
}

/** Where the time went of what was captured at both ends. */
function partsText({ wayThere, inServer, wayBack }: PartsNumbers): string {
  const part = ({ p50, p99, max }: LatencyNumbers): string =>
    `p50 ${durationText(p50)}, p99 ${durationText(p99)}, max ${durationText(max)}`;
  return ` Of ${plural(inServer.count, 'answer')} both ends were captured: on the way there ${part(wayThere)}; in the server ${part(inServer)}; on the way back ${part(wayBack)}.`;
}

function rowsOf(document: StatsDocument): Row[] {
  const rows = document.groups.map((group): Row => {
    const values = document.by.map((name) => {
      const value = group[name];
      return value === null || value === undefined ? NONE : printable(String(value));
    });
    return { time: timeText(document, group.time), values, numbers: group };
  });
  if (document.other !== undefined)
    rows.push({ time: NONE, values: document.by.map(() => '(other)'), numbers: document.other });
  return rows;
}

/** Time of day with the digits that the interval needs; the day where the capture holds more than one. */
function timeText(document: StatsDocument, time: string | undefined): string {
  if (time === undefined) return '';
  const digits = String(document.interval ?? 0).split('.')[1]?.length ?? 0;
  const length = digits === 0 ? 19 : 20 + digits;
  const several = document.from?.slice(0, 10) !== document.to?.slice(0, 10);
  return several ? time.slice(0, length).replace('T', ' ') : time.slice(11, length);
}

function columns(document: StatsDocument, rows: readonly Row[], { colour, sort }: StatsTextOptions): Column[] {
  const result: Column[] = [];
  if (document.interval !== null) result.push({ title: 'Time', cells: rows.map(({ time }) => time), rank: 0 });
  for (const [place, name] of document.by.entries()) {
    const cells = rows.map(({ values }) => values[place]!);
    const align = name === 'connection' ? 'right' : 'left';
    result.push({
      title: TITLES[name],
      cells,
      align,
      rank: 0,
      ...(name === 'path' ? { shrinkTo: SHORTEST_PATH } : {}),
    });
  }
  const count = (title: string, rank: number, of: (numbers: StatsNumbers) => number, blank?: string): void => {
    const cells = rows.map(({ numbers }) => numberText(of(numbers)));
    result.push({ title, cells, rank, align: 'right', ...(blank === undefined ? {} : { blank }) });
  };
  const latency = (title: string, rank: number, of: 'mean' | 'p50' | 'p90' | 'p99' | 'max'): void => {
    const cells = rows.map(({ numbers }) => (numbers.latency === undefined ? NONE : durationText(numbers.latency[of])));
    result.push({ title, cells, rank, align: 'right', blank: NONE });
  };
  const part = (title: string, rank: number, of: keyof PartsNumbers): void => {
    const cells = rows.map(({ numbers: { parts } }) => (parts === undefined ? NONE : durationText(parts[of].p99)));
    result.push({ title, cells, rank, align: 'right', blank: NONE });
  };
  const bytes = (title: string, rank: number, of: (numbers: StatsNumbers) => number): void => {
    result.push({
      title,
      cells: rows.map(({ numbers }) => bytesText(of(numbers))),
      rank,
      align: 'right',
      blank: '0 B',
    });
  };
  count('requests', 0, (numbers) => numbers.requests);
  const errors = rows.map(({ numbers }) => numberText(numbers.errors));
  const paint = (cell: string): string => (cell === '0' ? cell : colour.red(cell));
  if (!document.by.includes('error'))
    result.push({ title: 'errors', cells: errors, rank: 1, align: 'right', blank: '0', paint });
  if (sort === 'mean') latency('mean', 0, 'mean');
  latency('p50', 2, 'p50');
  latency('p90', 7, 'p90');
  latency('p99', 1, 'p99');
  latency('max', 4, 'max');
  if (rows.some(({ numbers }) => numbers.parts !== undefined)) {
    part('there p99', 2, 'wayThere');
    part('server p99', 2, 'inServer');
    part('back p99', 2, 'wayBack');
  }
  count('answers', 9, (numbers) => numbers.responses);
  count('notified', 3, (numbers) => numbers.notifications, '0');
  count('unanswered', 3, (numbers) => numbers.unanswered, '0');
  bytes('to server', 8, (numbers) => numbers.bytesToServer);
  bytes('to client', 6, (numbers) => numbers.bytesToClient);
  if (sort === 'bytes') bytes('bytes', 0, (numbers) => numbers.bytesToServer + numbers.bytesToClient);
  const always = sort === null ? null : (SORTED[sort] ?? sort);
  return result.map((column) => (column.title === always ? { ...column, rank: 0 } : column));
}

function remarksOn(document: StatsDocument, missing: readonly string[]): string {
  const remarks: string[] = [];
  if (document.groupsNotShown > 0)
    remarks.push(`… and ${plural(document.groupsNotShown, 'more row')}: --top 0 shows all.`);
  if (document.other !== undefined)
    remarks.push('(other) is the sum of what would have made more groups than are kept; filters or --depth help.');
  if (missing.length > 0) remarks.push(`Not shown for want of room: ${missing.join(', ')}.`);
  return remarks.join(' ');
}
