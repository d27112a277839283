import { durationText, listing, plural } from '../../observations/words.js';
import type { ChalkInstance } from 'chalk';
import type { Status } from '../../model/journals/path/index.js';
import { timeOfDay } from '../text/timeOfDay.js';
import { printable } from '../text/escape.js';
import { frameFilters } from '../text/hostFrames.js';
import { pathAtText } from './textAt.js';
import type { PathChangeEntry, PathDocument, PathIntervalEntry, PathLogEntry, PathSessionEntry } from './document.js';
import { textWidth } from '../text/width.js';
import { captureSpan } from '../text/span.js';
import { wrap } from '../text/wrap.js';

export interface PathTextOptions {
  readonly colour: ChalkInstance;
  /** Of the times in the document. */
  readonly zone?: string;
  /** Columns of the terminal. */
  readonly width: number;
  /** Rows of a list that are shown; the latest where it is one over time. */
  readonly limit: number;
  /** What each session was told and read, one line each. */
  readonly log: boolean;
  /** What was lost on the way, one part each; empty where nothing was. */
  readonly losses: readonly string[];
}

const LABELS: Record<Status, string> = {
  outOfDate: 'OUT OF DATE',
  possiblyOutOfDate: 'POSSIBLY OUT OF DATE',
  unknown: 'UNKNOWN',
  pending: 'CHANGE UNDER WAY',
  upToDate: 'UP TO DATE',
  notFollowing: 'NOT WATCHING',
  ended: 'ENDED',
};
/** Sessions of one kind that are told each on its own. */
const EACH = 6;
const FULL = 10;
/** Names that a stale session misses or has too many. */
const NAMES = 12;

/** `zkscope path` for people: the verdict first, then what proves it, then the history. */
export function pathText(document: PathDocument, options: PathTextOptions): string {
  const parts = [heading(document, options)];
  if (document.at !== undefined) parts.push(pathAtText(document, options));
  else
    parts.push(
      ...verdicts(document, options),
      ...logs(document, options),
      children(document, options),
      node(document, options),
    );
  if (options.losses.length > 0) {
    const lost = `Not seen in the capture as a whole: ${options.losses.join('; ')}. What was in it is unknown.`;
    parts.push(options.colour.yellow(wrap(lost, options.width)));
  }
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heading(document: PathDocument, { colour, width, zone = 'UTC' }: PathTextOptions): string {
  const { captures, summary, sessions, path } = document;
  const stale = summary.outOfDate + summary.possiblyOutOfDate;
  const readers = new Set(sessions.map(({ client, session }) => `${client} ${session ?? ''}`)).size;
  const of = plural(readers, 'session that watched or read it', 'sessions that watched or read it');
  const lines = [colour.bold(wrap(`${printable(path)} in ${captureSpan(captures, zone)}`, width))];
  if (readers === 0) lines.push('No session watched or read it in this capture.');
  else if (stale === 0 && summary.unknown === 0) lines.push(wrap(`Nobody is out of date: ${of}.`, width));
  return lines.join('\n');
}

function label(status: Status, colour: ChalkInstance): string {
  const text = LABELS[status];
  if (status === 'outOfDate') return colour.red.bold(text);
  if (status === 'possiblyOutOfDate' || status === 'unknown') return colour.yellow.bold(text);
  return status === 'upToDate' ? colour.green.bold(text) : colour.cyan.bold(text);
}

const named = ({ client, session, about }: PathSessionEntry): string =>
  `${client}${session === null ? '' : ` (session ${session})`}${about === 'data' ? ', data' : ''}`;

function verdicts({ sessions }: PathDocument, options: PathTextOptions): string[] {
  const parts: string[] = [];
  for (const status of Object.keys(LABELS) as Status[]) {
    const group = sessions.filter((session) => session.status === status);
    if (group.length === 0) continue;
    if (status === 'outOfDate' || status === 'possiblyOutOfDate') parts.push(...wrong(group, options));
    else parts.push(others(status, group, options));
  }
  return parts;
}

function wrong(group: readonly PathSessionEntry[], options: PathTextOptions): string[] {
  const full = Math.min(FULL, options.limit);
  const parts = group.slice(0, full).map((session) => staleText(session, options));
  const rest = group.slice(full);
  if (rest.length > 0) {
    const lines = rest.slice(0, options.limit).map((session) => {
      return wrap(
        `${LABELS[session.status]}: ${named(session)} since ${timeOfDay(session.since ?? '')}${differenceText(session)}`,
        options.width,
        '  ',
      ).trimStart();
    });
    if (rest.length > options.limit)
      lines.push(`… and ${plural(rest.length - options.limit, 'more session')}: --all shows them`);
    parts.push(lines.join('\n'));
  }
  return parts;
}

function differenceText({ missing, extra, about }: Pick<PathSessionEntry, 'missing' | 'extra' | 'about'>): string {
  if (about === 'data') return '';
  if (missing.length + extra.length === 0) return '; the names are the same, but they are not the same znodes';
  const parts: string[] = [];
  if (missing.length > 0) parts.push(`misses ${listing(missing.map(printable))}`);
  if (extra.length > 0) parts.push(`has ${listing(extra.map(printable))} too many`);
  return `; ${parts.join('; ')}`;
}

function staleText(session: PathSessionEntry, { colour, width, limit }: PathTextOptions): string {
  const { missing, extra, evidence, status, confidence, since, intervals, sinceFrame } = session;
  const open = intervals.find((interval) => interval.to === null);
  const lasting = open === undefined ? '' : `, ${durationText(open.duration)} to the end of the capture`;
  const when = since === undefined ? '' : ` since ${timeOfDay(since)} (frame ${sinceFrame ?? 0}${lasting})`;
  const head = wrap(`${LABELS[status]}: ${named(session)}${when} [${confidence}]`, width, '  ').trimStart();
  const lines = [label(status, colour) + head.slice(LABELS[status].length)];
  const marked = (names: readonly string[], sign: string, text: string): void => {
    const most = limit === Infinity ? limit : NAMES;
    for (const name of names.slice(0, most)) lines.push(`  ${sign} ${text} ${colour.bold(printable(name))}`);
    if (names.length > most)
      lines.push(`  ${sign} … and ${plural(names.length - most, 'more', 'more')}: --all shows them`);
  };
  marked(missing, '+', 'misses  ');
  marked(extra, '−', 'too many');
  lines.push(wrap(printable(session.message), width, '  '));
  for (const { frame, time, text } of evidence) {
    const place = `    frame ${frame}  ${timeOfDay(time)}  `;
    const [first = '', ...rest] = wrap(printable(text), Math.max(24, width - place.length)).split('\n');
    lines.push(colour.dim(place) + first, ...rest.map((line) => ' '.repeat(place.length) + line));
  }
  if (evidence.length > 0)
    for (const { host, filter } of frameFilters(evidence.map(({ frame }) => frame)))
      lines.push(colour.dim(`    Wireshark${host === null ? '' : ` (${printable(host)})`}: ${filter}`));
  const before = intervals.filter((interval) => interval.to !== null);
  if (before.length > 0) lines.push(beforeText(before, { colour, width, limit }));
  return lines.join('\n');
}

function beforeText(
  intervals: readonly PathIntervalEntry[],
  { colour, width, limit }: Pick<PathTextOptions, 'colour' | 'width' | 'limit'>,
): string {
  const durations = intervals.map(({ duration }) => duration);
  const blind = intervals.filter((interval) => interval.blind).length;
  const span =
    intervals.length === 1
      ? `for ${durationText(durations[0]!)}`
      : `for ${durationText(Math.min(...durations))} to ${durationText(Math.max(...durations))}`;
  const text = `Out of date before that ${plural(intervals.length, 'time')}, ${span}${blind > 0 ? `; ${blind} of them began in a blind window` : ''}:`;
  const lines = [wrap(text, width, '  ')];
  const most = Math.min(limit, limit === Infinity ? Infinity : 8);
  // The longest are what hurt; they are shown in the order of time.
  const shown = new Set([...intervals].sort((a, b) => b.duration - a.duration).slice(0, most));
  for (const interval of intervals) {
    if (!shown.has(interval)) continue;
    const parts = [
      ...interval.missing.map((name) => `+${printable(name)}`),
      ...interval.extra.map((name) => `−${printable(name)}`),
    ];
    const frames = `${interval.changeFrame}-${interval.readAgainFrame ?? '?'}`;
    const place = `    ${timeOfDay(interval.from)}  ${durationText(interval.duration).padStart(8)}  ${frames.padEnd(11)}  `;
    const detail = `${parts.slice(0, 6).join(' ')}${parts.length > 6 ? ` … ${parts.length} in all` : ''}${interval.blind ? ' (blind)' : ''}`;
    const [first = '', ...rest] = wrap(detail.trim(), Math.max(56, width) - place.length).split('\n');
    lines.push(colour.dim(place) + first, ...rest.map((line) => ' '.repeat(place.length) + line));
  }
  if (shown.size < intervals.length)
    lines.push(colour.dim(`    … and ${plural(intervals.length - shown.size, 'shorter one')}: --all shows all`));
  return lines.join('\n');
}

function others(status: Status, group: readonly PathSessionEntry[], { colour, width, limit }: PathTextOptions): string {
  const each = limit === Infinity ? group.length : EACH;
  const text = (line: string): string => {
    const wrapped = wrap(`${LABELS[status]}: ${printable(line)}`, width, '  ').trimStart();
    return label(status, colour) + wrapped.slice(LABELS[status].length);
  };
  if (group.length <= each)
    return group
      .map((session) => text(`${named(session)}: ${session.message}${lastRead(session)}${gone(session)}`))
      .join('\n');
  // Who will not be told of the next change is worth a line of its own.
  const unwatching = status === 'upToDate' ? group.filter((session) => !session.watching) : [];
  const shown = unwatching.length <= each ? unwatching : [];
  const rest = group.filter((session) => !shown.includes(session));
  const told = rest.reduce((sum, session) => sum + session.notifications, 0);
  const again = rest.reduce((sum, session) => sum + session.readAgain, 0);
  const slowest = Math.max(0, ...rest.map((session) => session.slowest ?? 0));
  const summed =
    told === 0 ? '' : ` ${plural(told, 'notification')}, ${again} followed by a read within ${durationText(slowest)}.`;
  const lines = shown.map((session) => text(`${named(session)}: ${session.message}`));
  lines.push(
    text(
      `${plural(rest.length, 'session')}: ${listing(
        rest.map(({ client }) => client),
        4,
      )}.${summed}`,
    ),
  );
  return lines.join('\n');
}

function lastRead({ believed, status, about }: PathSessionEntry): string {
  if (believed === null || (status !== 'upToDate' && status !== 'pending')) return '';
  const { frame, children: names, cversion, version } = believed;
  const facts = [
    `frame ${frame}`,
    ...(names === undefined ? [] : [plural(names.length, 'child', 'children')]),
    ...(about === 'children' && cversion !== undefined ? [`cversion ${cversion}`] : []),
    ...(about === 'data' && version !== undefined ? [`version ${version}`] : []),
  ];
  return ` Last read: ${facts.join(', ')}.`;
}

function gone(session: PathSessionEntry): string {
  return session.gaps > 0 && session.status !== 'unknown' ? ' Parts of the session are missing from the capture.' : '';
}

/** What a session was told, read and wrote. */
function logs({ sessions }: PathDocument, { log, colour, width, limit }: PathTextOptions): string[] {
  if (!log) return [];
  return sessions
    .filter((session) => session.log.length > 0)
    .slice(0, limit)
    .map((session) => {
      const shown = session.log.slice(-limit);
      const lines = [colour.bold(wrap(`What ${named(session)} was told and read`, width))];
      if (shown.length < session.log.length)
        lines.push(colour.dim(`  … ${plural(session.log.length - shown.length, 'earlier line')}: --all shows them`));
      for (const entry of shown) lines.push(logLine(entry, { colour, width }));
      return lines.join('\n');
    });
}

function logLine(entry: PathLogEntry, { colour, width }: Pick<PathTextOptions, 'colour' | 'width'>): string {
  const clock = width < 100 ? timeOfDay(entry.time).slice(0, 12) : timeOfDay(entry.time);
  const place = colour.dim(`  ${clock} ${String(entry.frame).padStart(6)}  `);
  if (entry.type === 'told') {
    const text = `◀ ${entry.eventType}${entry.acknowledged ? '' : ', never acknowledged'}`;
    return place + (entry.acknowledged ? colour.cyan(text) : colour.red(text));
  }
  const { op, watch, count, children: names, cversion, version, error, used, type } = entry;
  const facts = [
    ...(type === 'write' ? [] : [watch ? '+watch' : 'no watch']),
    ...(error === undefined ? [] : [error]),
    ...(names === undefined ? [] : [plural(names, 'child', 'children')]),
    ...(cversion === undefined ? [] : [`cversion ${cversion}`]),
    ...(version === undefined ? [] : [`version ${version}`]),
    ...(count > 1 ? [`${count} times`] : []),
    ...(used ? [] : ['not used']),
  ];
  return `${place}▶ ${op}${facts.length > 0 ? ` ${facts.join(', ')}` : ''}`;
}

function children({ children: list }: PathDocument, options: PathTextOptions): string {
  const { colour, width, limit } = options;
  const { first, last, changes, unseenChanges, changesNotShown } = list;
  if (first === null && changes.length + changesNotShown === 0) return '';
  const added = changes.filter(({ kind }) => kind === 'create').length;
  const counts =
    first === null || last === null
      ? 'Children: no list was captured'
      : `Children: ${first.length} at first, ${last.length} at the end`;
  const lines = [
    colour.bold(
      wrap(
        `${counts}; ${changes.length === 0 ? (changesNotShown > 0 ? 'no change passes the filters' : 'no change seen') : `+${added} −${changes.length - added}`}`,
        width,
      ),
    ),
  ];
  if (unseenChanges > 0)
    lines.push(
      colour.yellow(
        wrap(`cversion counts ${plural(unseenChanges, 'more change')} that no answer and no list shows.`, width, '  '),
      ),
    );
  const shown = changes.slice(-limit);
  if (shown.length < changes.length)
    lines.push(
      colour.dim(
        `  … ${plural(changes.length - shown.length, 'earlier change')}: --all shows them, --from and --to choose`,
      ),
    );
  for (const change of shown) lines.push(changeLine(change, options));
  return lines.join('\n');
}

function author({ client, cause, knownFrom, kind, ephemeral, session }: PathChangeEntry): string {
  const who = client ?? (session === null ? null : `session ${session}`);
  if (who === null) {
    if (knownFrom === 'list') return 'only seen in a list';
    if (knownFrom === 'stat') return 'only seen in a Stat';
    return knownFrom === 'notification' ? 'only seen in a notification' : '';
  }
  if (cause === 'closeSession') return `${who} closes`;
  if (cause === 'expired') return `${who} was gone`;
  return kind === 'create' && ephemeral === true ? `ephemeral of ${who}` : `by ${who}`;
}

/** Time, frame, zxid, what, by whom; the session id where there is room for it. */
function changeLine(change: PathChangeEntry, { colour, width }: PathTextOptions): string {
  const { kind, child, frame, time, zxid, zxidUpTo, session } = change;
  const sign = kind === 'create' ? '+' : kind === 'delete' ? '−' : '·';
  const paint = kind === 'create' ? colour.green : kind === 'delete' ? colour.red : colour.cyan;
  const clock = width < 100 ? timeOfDay(time).slice(0, 12) : timeOfDay(time);
  const place = `  ${clock} ${String(frame).padStart(6)} ${(zxid ?? (zxidUpTo === undefined ? '?' : `≤${zxidUpTo}`)).padStart(12)}  `;
  const verb = kind === 'create' ? 'created' : kind === 'delete' ? 'deleted' : kind;
  const what = child ?? `${verb}${change.version === undefined ? '' : ` v${change.version}`}`;
  const name = `${sign} ${printable(what)}`;
  const room = width - place.length;
  let tail = printable(author(change));
  if (session !== null && change.client !== null && textWidth(name) + textWidth(tail) + session.length + 3 <= room)
    tail += ` ${session}`;
  const painted = paint(sign) + name.slice(1);
  if (textWidth(name) + 2 + textWidth(tail) <= room)
    return `${colour.dim(place)}${painted}  ${colour.dim(tail)}`.trimEnd();
  return `${colour.dim(place)}${painted}\n${colour.dim(`${' '.repeat(place.length + 2)}${tail}`)}`;
}

function node({ node: znode, path }: PathDocument, options: PathTextOptions): string {
  const { colour, width, limit } = options;
  const { changes, refusals, exists } = znode;
  if (changes.length + refusals.length === 0) return '';
  const state = exists === null ? '' : exists ? ', there at the end' : ', gone at the end';
  const lines = [colour.bold(wrap(`The znode ${printable(path)} itself${state}`, width))];
  const shown = changes.slice(-limit);
  if (shown.length < changes.length)
    lines.push(colour.dim(`  … ${plural(changes.length - shown.length, 'earlier change')}: --all shows them`));
  for (const change of shown) lines.push(changeLine(change, options));
  if (refusals.length > 0) lines.push('  Refused:');
  for (const { op, error, frame, time, client, count } of refusals.slice(0, limit)) {
    const place = `  ${timeOfDay(time)} ${String(frame).padStart(6)}  `;
    lines.push(
      colour.dim(place) +
        `${op} of ${client} is answered ${colour.yellow(error)}${count > 1 ? `, ${count} times` : ''}`,
    );
  }
  if (refusals.length > limit)
    lines.push(colour.dim(`  … and ${plural(refusals.length - limit, 'more refusal')}: --all shows them`));
  return lines.join('\n');
}
