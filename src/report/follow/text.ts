import { durationText, listing, plural } from '../../observations/words.js';
import type { ChalkInstance } from 'chalk';
import { printable } from '../text/escape.js';
import { lostText } from '../analyze/bothEnds.js';
import type { LadderDocument } from './document.js';
import { ladderRows, type LadderRow } from './rows.js';
import { padEnd, padStart, pieces, textWidth } from '../text/width.js';
import { wrap } from '../text/wrap.js';

export interface LadderTextOptions {
  readonly colour: ChalkInstance;
  /** Of the times in the document. */
  readonly zone?: string;
  /** Columns of the terminal. */
  readonly width: number;
  /** Lines of the ladder; of a longer one the beginning and the end are shown. */
  readonly rows: number;
  /** Runs of reads of one znode's children as one line. */
  readonly fold: boolean;
  /** What was lost on the way, one part each; empty where nothing was. */
  readonly losses: readonly string[];
}

const RAIL = '│';
const LEAST_INSIDE = 34;
/** Least columns of a frame. */
const FRAME = 7;

/** `zkscope follow` for people: a ladder, the client on the left, the server on the right. */
export function ladderText(document: LadderDocument, options: LadderTextOptions): string {
  const { colour, width, losses } = options;
  const parts = [heading(document, options), ladder(document, options)];
  if (losses.length > 0)
    parts.push(colour.yellow(wrap(`Not seen in the capture as a whole: ${losses.join('; ')}.`, width)));
  return `${parts.join('\n\n')}\n`;
}

function heading(document: LadderDocument, { colour, width }: LadderTextOptions): string {
  const { sessions, connections, timeout, requests, notifications, pings, target } = document;
  const who = sessions.length === 0 ? 'session id not captured' : `session ${listing(sessions, 4)}`;
  const granted = timeout === null ? '' : `, timeout ${timeout} ms`;
  const title =
    target.kind === 'session'
      ? `Session ${target.value}${granted}`
      : `${target.kind === 'connection' ? `Connection ${target.value}` : printable(target.value)}: ${who}${granted}`;
  const counted = `${plural(requests - pings, 'request')}, ${plural(pings, 'ping')}, ${plural(notifications, 'notification')} over ${plural(connections.length, 'connection')}.`;
  const lines = [colour.bold(wrap(title, width)), wrap(counted, width)];
  for (const entry of connections.slice(0, 8)) {
    const lost = entry.gapBytes.toServer + entry.gapBytes.toClient;
    const again = entry.retransmissions.toServer + entry.retransmissions.toClient;
    const facts = [
      `${entry.from.slice(11, 23)} to ${entry.to.slice(11, 23)}`,
      ...(entry.midStream ? ['begun before the capture'] : []),
      entry.end === 'open'
        ? 'open at the end'
        : entry.end === 'fin'
          ? 'closed by FIN'
          : entry.end === 'rst'
            ? 'ended by RST'
            : entry.end,
      ...(again > 0 ? [plural(again, 'retransmission')] : []),
      ...(entry.bothEnds === undefined ? [] : [`captured at both ends: ${lostText(entry.bothEnds)}`]),
      ...(lost > 0 ? [`${plural(lost, 'byte')} not captured`] : []),
    ];
    lines.push(
      wrap(`connection ${entry.connection}: ${entry.client} → ${entry.server}, ${facts.join(', ')}`, width, '  '),
    );
  }
  if (connections.length > 8) lines.push(`  … and ${plural(connections.length - 8, 'more connection')}`);
  return lines.join('\n');
}

function ladder(document: LadderDocument, options: LadderTextOptions): string {
  const { width, colour } = options;
  const rows = ladderRows(document, options.fold);
  const shown = bounded(rows, options.rows);
  const short = width < 110;
  const frames = shown.map((row) => (typeof row === 'string' ? 0 : textWidth(row.frame ?? '')));
  const frame = Math.max(FRAME, ...frames);
  const beside = frame + (short ? 24 : 27) + 2;
  const layout: Layout = { short, frame, inside: Math.max(LEAST_INSIDE, width - beside), colour };
  const ends = new Map(document.connections.map((entry) => [entry.connection, `${entry.client} → ${entry.server}`]));
  const lines: string[] = [];
  let day = '';
  let connection: number | null = null;
  let last: number | null = null;
  for (const row of shown) {
    if (typeof row === 'string') {
      lines.push(colour.yellow(wrap(row, width, '  ')));
      last = null;
      continue;
    }
    if (row.time.slice(0, 10) !== day) {
      day = row.time.slice(0, 10);
      lines.push(colour.bold(`${day} ${options.zone ?? 'UTC'}`));
    }
    if (row.connection !== null && row.connection !== connection) {
      connection = row.connection;
      const name = ends.get(connection) ?? '';
      lines.push(colour.bold(wrap(`connection ${connection}: ${name}`, width, '  ')));
    }
    const delta =
      last === null || row.way === 'note' ? '' : `+${durationText(Math.max(0, secondsOf(row.time) - last))}`;
    if (row.way !== 'note') last = secondsOf(row.until);
    lines.push(...rowLines(row, delta, layout));
  }
  return lines.join('\n');
}

const secondsOf = (time: string): number =>
  Date.parse(`${time.slice(0, 19)}Z`) / 1000 + Number(`0.${time.slice(20, -1)}`);

/** The rows to be shown, with a sentence in place of those that are too many. */
function bounded(rows: readonly LadderRow[], limit: number): (LadderRow | string)[] {
  if (rows.length <= limit) return [...rows];
  const half = Math.max(1, Math.floor(limit / 2));
  const left = rows.slice(half, rows.length - half);
  const frames = left.map(({ frame }) => frame).filter((frame) => frame !== null);
  return [
    ...rows.slice(0, half),
    `… ${plural(left.length, 'line')} left out, from frame ${frames[0] ?? '?'} to ${frames.at(-1) ?? '?'}: --limit, --from and --to choose`,
    ...rows.slice(-half),
  ];
}

interface Layout {
  /** Columns of the frame. */
  readonly frame: number;
  readonly short: boolean;
  /** Columns between the rails. */
  readonly inside: number;
  readonly colour: ChalkInstance;
}

function rowLines(row: LadderRow, delta: string, { short, frame, inside, colour }: Layout): string[] {
  const clock = row.time.slice(11, short ? 23 : 26);
  const place = `${padStart(row.frame ?? '', frame)} ${clock.padEnd(short ? 12 : 15)} ${delta.padStart(9)} `;
  const paint = painter(row.tone, colour);
  const lines = drawn(row, inside);
  const blank = ' '.repeat(place.length);
  return lines.map((line, i) => {
    const body = `${colour.dim(RAIL)}${paint(line)}${colour.dim(RAIL)}`;
    return `${colour.dim(i === 0 ? place : blank)}${body}`;
  });
}

function painter(tone: LadderRow['tone'], colour: ChalkInstance): (text: string) => string {
  switch (tone) {
    case 'good':
      return colour.cyan;
    case 'bad':
      return colour.red;
    case 'odd':
      return colour.yellow;
    case 'quiet':
      return colour.dim;
    default:
      return (text) => text;
  }
}

/** What stands between the rails, in lines of exactly `inside` columns. */
function drawn(row: LadderRow, inside: number): string[] {
  if (row.way === 'note') {
    const text = ` ${row.text} `;
    const room = inside - textWidth(text);
    if (room < 0)
      return wrap(row.text, inside - 4)
        .split('\n')
        .map((line) => padEnd(`  ${line}`, inside));
    return [padEnd(`${'┄'.repeat(Math.floor(room / 2))}${text}`, inside, '┄')];
  }
  if (row.way === 'both') {
    const answer = row.answer ?? '';
    const used = textWidth(row.text) + textWidth(answer) + 8;
    if (used <= inside) return [padEnd(`${row.text} ──▶ ${' '.repeat(inside - used)}◀─ ${answer}`, inside)];
    return [...toServer(row.text, inside), ...toClient(answer, inside)];
  }
  return row.way === 'toServer' ? toServer(row.text, inside) : toClient(row.text, inside);
}

function linesOf(text: string, most: number): string[] {
  if (text.split(' ').every((word) => textWidth(word) <= most)) return wrap(text, most).split('\n');
  // A path longer than a line is cut into as many lines as it takes: nothing of it is lost.
  return pieces(text, most);
}

function toServer(text: string, inside: number): string[] {
  const lines = linesOf(text, inside - 3);
  const last = lines.pop() ?? '';
  return [...lines.map((line) => padEnd(line, inside)), `${last} ${'─'.repeat(inside - textWidth(last) - 2)}▶`];
}

function toClient(text: string, inside: number): string[] {
  const [first = '', ...rest] = linesOf(text, inside - 3);
  return [`◀${'─'.repeat(inside - textWidth(first) - 2)} ${first}`, ...rest.map((line) => padStart(line, inside))];
}
