import { durationText, numberText, plural } from '../../observations/words.js';
import type { LadderDocument, LadderEntry } from './document.js';
import { printable } from '../text/escape.js';
import { plainText } from '../decode/fields.js';

/** What a line of the ladder is: something that went one way, both ways, or that happened to the connection. */
export interface LadderRow {
  readonly way: 'toServer' | 'toClient' | 'both' | 'note';
  /** As it is called: a number, or `host:number`. */
  readonly frame: string | null;
  readonly time: string;
  /** When it was over: the answer's time, or that of the last of a run. */
  readonly until: string;
  /** Of something that goes both ways: what was asked and what was answered; otherwise only `text`. */
  readonly text: string;
  readonly answer?: string;
  readonly tone: 'plain' | 'good' | 'bad' | 'odd' | 'quiet';
  readonly connection: number | null;
}

const FOLD = 4;
const READS = new Set(['getData', 'exists', 'getChildren', 'getChildren2', 'getACL']);
const text = (value: unknown): string => (typeof value === 'string' ? printable(value) : '');
/** Null where there is none. */
const frameText = (value: unknown): string | null =>
  typeof value === 'number' ? String(value) : typeof value === 'string' ? printable(value) : null;
const frameOf = (value: unknown): string => `#${frameText(value) ?? '?'}`;
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** The lines of a ladder: request and answer together where nothing came between, runs of equal reads as one. */
export function ladderRows(document: LadderDocument, fold: boolean): LadderRow[] {
  const rows: LadderRow[] = [];
  const { events } = document;
  /** Paths of requests that have a row of their own, by `requestKey`. */
  const asked = new Map<string, unknown>();
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!;
    if (event.type !== 'request') {
      rows.push(rowOf(event, event.type === 'response' ? asked.get(requestKey(event.requestFrame, event)) : undefined));
      continue;
    }
    const run = fold ? readsFrom(events, i) : 0;
    if (run >= FOLD) {
      rows.push(foldedRow(events, i, run));
      i += run * 2 - 1;
      continue;
    }
    const next = events[i + 1];
    if (next?.type === 'response' && next.requestFrame === event.frame && next['xid'] === event['xid']) {
      rows.push(exchangeRow(event, next));
      i++;
      continue;
    }
    if (typeof event['path'] === 'string') asked.set(requestKey(event.frame, event), event['path']);
    rows.push(rowOf(event));
  }
  return rows;
}

const requestKey = (frame: unknown, { xid }: LadderEntry): string => `${String(frame)} ${String(xid)}`;

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

/** Number of answered reads from `at` on with the same operation, of children of the same znode. */
function readsFrom(events: readonly LadderEntry[], at: number): number {
  const first = events[at]!;
  const { op, path } = first;
  if (typeof op !== 'string' || typeof path !== 'string' || !READS.has(op)) return 0;
  const parent = parentOf(path);
  let count = 0;
  for (let i = at; i + 1 < events.length; i += 2) {
    const request = events[i]!;
    const answer = events[i + 1]!;
    if (request.type !== 'request' || answer.type !== 'response' || answer.requestFrame !== request.frame) break;
    if (request['op'] !== op || request['watch'] !== first['watch'] || request.connection !== first.connection) break;
    if (answer['err'] !== 0 || typeof request['path'] !== 'string' || parentOf(request['path']) !== parent) break;
    count++;
  }
  return count;
}

function foldedRow(events: readonly LadderEntry[], at: number, count: number): LadderRow {
  const first = events[at]!;
  const paths = new Set<unknown>();
  let shortest = Infinity;
  let longest = 0;
  for (let i = 0; i < count; i++) {
    paths.add(events[at + i * 2]!['path']);
    const latency = number(events[at + i * 2 + 1]!['latency']);
    shortest = Math.min(shortest, latency);
    longest = Math.max(longest, latency);
  }
  const path = text(first['path']);
  const parent = parentOf(path);
  const where = paths.size === 1 ? path : `${parent === '/' ? '' : parent}/*`;
  const last = events[at + count * 2 - 1]!;
  return {
    ...base(first, last),
    way: 'both',
    text: `${numberText(count)} × ${text(first['op'])} ${where}${first['watch'] === true ? ' +watch' : ''}`,
    answer: `answered, ${durationText(shortest)} to ${durationText(longest)} (to ${frameOf(last.frame)})`,
    tone: 'plain',
  };
}

function base(event: LadderEntry, last = event): Pick<LadderRow, 'frame' | 'time' | 'until' | 'connection'> {
  return {
    frame: frameText(event.frame),
    time: text(event.time ?? event.from),
    until: text(last.lastTime ?? last.to ?? last.time),
    connection: typeof event.connection === 'number' ? event.connection : null,
  };
}

function exchangeRow(request: LadderEntry, answer: LadderEntry): LadderRow {
  const { text: said, tone } = answerText(answer, request['path']);
  return {
    ...base(request, answer),
    way: 'both',
    text: requestText(request),
    answer: `${said} ${frameOf(answer.frame)}`,
    tone,
  };
}

/** @param asked of an answer: the path of its request, where that has a row */
function rowOf(event: LadderEntry, asked?: unknown): LadderRow {
  switch (event.type) {
    case 'request': {
      const answered = frameText(event.answerFrame) !== null;
      const reached = event.acknowledged === true ? '' : event.acknowledged === false ? ', not acknowledged' : '';
      const unanswered = answered || event['op'] === 'fourLetterWord';
      return {
        ...base(event),
        way: 'toServer',
        text: `${requestText(event)}${unanswered ? '' : ` (no answer${reached})`}`,
        tone: unanswered ? 'plain' : 'bad',
      };
    }
    case 'response': {
      const { text: said, tone } = answerText(event, asked);
      const of = frameText(event.requestFrame) === null ? '' : ` to ${frameOf(event.requestFrame)}`;
      return { ...base(event), way: 'toClient', text: `${text(event['op']) || 'answer'}${of}: ${said}`, tone };
    }
    case 'notification': {
      const lost = !event.acknowledged ? ' (never acknowledged: not received)' : '';
      return {
        ...base(event),
        way: 'toClient',
        text: `${text(event['eventType'])} ${text(event['path'])}${lost}`,
        tone: lost === '' ? 'good' : 'bad',
      };
    }
    case 'pings':
      return pingsRow(event);
    case 'tcp':
      return tcpRow(event);
    case 'attempts':
      return attemptsRow(event);
    case 'gap':
      return { ...base(event), way: 'note', text: gapText(event), tone: 'odd' };
    case 'silence':
      return {
        ...base(event),
        frame: null,
        way: 'note',
        text: `${durationText(number(event.duration))} of silence`,
        tone: 'odd',
      };
    default:
      return leftOutRow(event);
  }
}

function requestText(event: LadderEntry): string {
  const op = text(event['op']);
  if (op === 'connect') {
    const asked = text(event['asked']);
    const session = asked === '' ? 'connect' : asked === '0x0' ? 'connect: a new session' : `connect: session ${asked}`;
    return `${session}, timeout ${number(event['timeout'])} ms`;
  }
  const parts = [op === 'fourLetterWord' ? text(event['word']) : op];
  if (typeof event['path'] === 'string') parts.push(text(event['path']));
  if (event['watch'] === true) parts.push('+watch');
  if (typeof event['mode'] === 'string' && event['mode'] !== 'PERSISTENT') parts.push(event['mode']);
  if (typeof event['version'] === 'number' && event['version'] >= 0) parts.push(`v${event['version']}`);
  for (const name of ['watchMode', 'watcherType', 'scheme'])
    if (typeof event[name] === 'string') parts.push(text(event[name]));
  const watches = ['dataWatches', 'existWatches', 'childWatches', 'persistentWatches', 'persistentRecursiveWatches']
    .filter((name) => Array.isArray(event[name]) && event[name].length > 0)
    .map((name) => `${name}: ${watchList(event, name)}`);
  parts.push(...watches);
  if (Array.isArray(event['ops']))
    parts.push(
      `[${(event['ops'] as LadderEntry[])
        .slice(0, 4)
        .map((o) => `${text(o['op'])} ${text(o['path'])}`)
        .join(', ')}]`,
    );
  return parts.join(' ');
}

function watchList(event: LadderEntry, name: string): string {
  const list = event[name] as unknown[];
  const all = typeof event[`${name}InAll`] === 'number' ? number(event[`${name}InAll`]) : list.length;
  const shown = list.slice(0, 3).map((path) => text(path));
  return all > shown.length ? `${shown.join(' ')} … ${numberText(all)} in all` : shown.join(' ');
}

/** @param asked path of the request: told again only where the answer's is another one */
function answerText(event: LadderEntry, asked?: unknown): { text: string; tone: LadderRow['tone'] } {
  const latency = typeof event['latency'] === 'number' ? ` (${durationText(event['latency'])}${partsText(event)})` : '';
  const slow = number(event['latency']) >= 1;
  if (event['expired'] === true) return { text: `SESSION EXPIRED${latency}`, tone: 'bad' };
  if (typeof event['error'] === 'string') return { text: `${event['error']}${latency}`, tone: 'bad' };
  if (event['op'] === 'connect') {
    return {
      text: `session ${text(event['session'])}, timeout ${number(event['timeout'])} ms${latency}`,
      tone: 'good',
    };
  }
  const parts: string[] = [];
  const stat = event['stat'] as Record<string, unknown> | undefined;
  if (Array.isArray(event['children'])) {
    const count =
      typeof event['childrenInAll'] === 'number' ? number(event['childrenInAll']) : event['children'].length;
    parts.push(plural(count, 'child', 'children'));
    if (stat !== undefined) parts.push(`cversion ${plainText(stat['cversion'])}`);
  } else {
    if (typeof event['path'] === 'string' && event['path'] !== asked) parts.push(text(event['path']));
    if (stat !== undefined) parts.push(`v${plainText(stat['version'])}`);
    if (typeof event['dataLength'] === 'number') parts.push(`${numberText(Math.max(0, event['dataLength']))} B`);
  }
  if (Array.isArray(event['ops'])) {
    const failed = (event['ops'] as LadderEntry[]).find((op) => typeof op['error'] === 'string');
    if (failed !== undefined) return { text: `${text(failed['error'])}${latency}`, tone: 'bad' };
  }
  if (event['truncated'] === true) parts.push('captured only in part');
  return { text: `${parts.length === 0 ? 'ok' : parts.join(', ')}${latency}`, tone: slow ? 'odd' : 'plain' };
}

/** Where the time of an answer went, if its connection was captured at both ends. */
function partsText({ wayThere, inServer, wayBack }: LadderEntry): string {
  if (typeof inServer !== 'number') return '';
  const part = (seconds: unknown): string => durationText(Math.max(0, number(seconds)));
  return `: there ${part(wayThere)}, server ${part(inServer)}, back ${part(wayBack)}`;
}

function pingsRow(event: LadderEntry): LadderRow {
  const count = number(event.count);
  const answered = number(event.answered);
  const shortest = durationText(number(event.shortestInterval));
  const longest = durationText(number(event.longestInterval));
  const every = count < 2 ? '' : shortest === longest ? `, every ${shortest}` : `, every ${shortest} to ${longest}`;
  const missing = count - answered;
  const answer =
    answered === 0
      ? 'no answer'
      : `${missing > 0 ? `${missing} without an answer, the others` : 'answered'} in ${answered > 1 ? '≤ ' : ''}${durationText(number(event.slowest))}`;
  const tone = missing > 0 ? 'bad' : number(event.slowest) >= 1 ? 'odd' : 'quiet';
  const to = event.lastFrame === event.frame ? '' : ` (to ${frameOf(event.lastFrame)})`;
  return {
    ...base(event),
    way: answered === 0 ? 'toServer' : 'both',
    text: answered === 0 ? `${plural(count, 'ping')} (no answer)` : `${plural(count, 'ping')}${every}`,
    ...(answered === 0 ? {} : { answer: `${answer}${to}` }),
    tone,
  };
}

const TCP: Readonly<Record<string, readonly [string, LadderRow['tone']]>> = {
  syn: ['SYN', 'quiet'],
  synRetransmission: ['SYN again: the first had no answer', 'bad'],
  synAck: ['SYN-ACK', 'quiet'],
  refused: ['RST: connection refused', 'bad'],
  fin: ['FIN', 'odd'],
  finRetransmission: ['FIN again: not acknowledged', 'bad'],
  rst: ['RST', 'bad'],
  retransmission: ['retransmission', 'bad'],
  keepAlive: ['TCP keep-alive', 'quiet'],
  zeroWindow: ['window 0: it takes no more bytes for now', 'bad'],
  dsack: ['D-SACK: what was sent again had arrived before', 'quiet'],
  outOfOrder: ['bytes that come late: their first copy was lost before the capture', 'bad'],
};

function tcpRow(event: LadderEntry): LadderRow {
  const [name, tone] = TCP[text(event.kind)] ?? [text(event.kind), 'odd'];
  const count = number(event.count);
  const often =
    count > 1
      ? `, ${numberText(count)} times (to ${frameOf(event.lastFrame)}, ${text(event.lastTime).slice(11, 23)})`
      : '';
  return {
    ...base(event),
    way: event.direction === 'toServer' ? 'toServer' : 'toClient',
    text: `${name}${often}`,
    tone,
  };
}

const OUTCOMES: Readonly<Record<string, string>> = {
  refused: 'refused (SYN answered by RST)',
  noSynAck: 'SYN without an answer',
  noAnswer: 'connect request without an answer',
  nothingSaid: 'opened, and nothing said',
};

function attemptsRow(event: LadderEntry): LadderRow {
  const count = number(event.count);
  const outcome = OUTCOMES[text(event.outcome)] ?? '';
  const until = count > 1 ? ` until ${text(event.lastTime).slice(11, 23)} (${frameOf(event.lastFrame)})` : '';
  const servers = (event.servers as string[]).map((server) => printable(server)).join(', ');
  const said = `${plural(count, 'attempt')} from ${text(event.ip)} to ${servers}: ${outcome}${until}; of the same host, perhaps of another client`;
  return { ...base(event), way: 'note', text: said, tone: 'bad' };
}

function gapText(event: LadderEntry): string {
  const where = event.direction === 'request' ? 'to the server' : 'to the client';
  const bytes = `${plural(number(event.bytes), 'byte')} ${where}`;
  if (event['reason'] === 'foreign') return `${bytes} are not ZooKeeper's: ${text(event['foreign'])}`;
  if (event['reason'] === 'encrypted') return `${bytes} are encrypted: ${text(event['encrypted'])}`;
  return event['reason'] === 'skipped' ? `${bytes} could not be aligned` : `${bytes} are not in the capture`;
}

function leftOutRow(event: LadderEntry): LadderRow {
  const ops = Object.entries((event.byOp ?? {}) as Record<string, number>)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 4)
    .map(([op, count]) => `${numberText(count)} ${printable(op)}`);
  const said = `${plural(number(event.events), 'event')} left out, frames ${frameText(event.frame) ?? '?'} to ${frameText(event.lastFrame) ?? '?'}${ops.length > 0 ? ` (${ops.join(', ')})` : ''}: --limit, --from and --to choose`;
  return { ...base(event), frame: null, way: 'note', text: said, tone: 'odd' };
}
