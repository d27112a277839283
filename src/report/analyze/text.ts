import { durationText, numberText, plural } from '../../observations/words.js';
import type { ChalkInstance } from 'chalk';
import Table from 'cli-table3';
import type { AnalyzeDocument, CaptureEntry, FindingEntry, OperationEntry, SummaryEntry } from './document.js';
import type { Severity } from '../../rules/finding.js';
import { findingsOf, incidentLines, incidentText, label, nextText } from './incidentText.js';
import { pairText } from './bothEnds.js';
import { BARE } from '../text/bareTable.js';
import { printable } from '../text/escape.js';
import { incompleteSessions } from './incompleteSessions.js';
import { wrap } from '../text/wrap.js';
import { secondsBetween } from '../text/span.js';

export interface AnalyzeTextOptions {
  readonly colour: ChalkInstance;
  /** Of the times in the document. */
  readonly zone?: string;
  /** Columns of the terminal. */
  readonly width: number;
  /** What was lost on the way, one part each; empty where nothing was. */
  readonly losses: readonly string[];
  /** Findings that filters kept out. */
  readonly hidden: number;
}

/** Findings that are told in full; the rest is one line each, and beyond that a number. */
const FULL = 25;
const SHORT = 50;
const MAX_ROWS = 12;
/** Captures that have a line each. */
const MOST_CAPTURES = 3;
/** Pairs of hosts that are told of. */
const MOST_PAIRS = 8;

/** The first screen: what was captured, what went wrong (worst first), and the short tables. */
export function analyzeText(document: AnalyzeDocument, options: AnalyzeTextOptions): string {
  const parts = [
    heading(document, options),
    findings(document, options),
    tables(document, options),
    closing(document, options),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heading(
  { captures, summary }: AnalyzeDocument,
  { colour, width, losses, zone = 'UTC' }: AnalyzeTextOptions,
): string {
  const lines =
    captures.length <= MOST_CAPTURES
      ? captures.map((capture) => captureLine(capture, zone))
      : [capturesLine(captures, zone)];
  const counted =
    `${plural(
      captures.reduce((sum, c) => sum + c.packets, 0),
      'packet',
    )}, ${plural(summary.connections, 'connection')}, ` +
    `${plural(summary.sessions, 'session')}, ${plural(summary.messages, 'message')} ` +
    `(${plural(summary.requests, 'request')}, ${plural(summary.notifications, 'notification')})`;
  lines.push(counted, ...otherProtocols(summary), ...(summary.pairs ?? []).slice(0, MOST_PAIRS).map(pairText));
  if (summary.onlyDirection !== null) {
    const [held, other] =
      summary.onlyDirection === 'toServer' ? ['clients sent', 'servers answered'] : ['servers sent', 'clients asked'];
    lines.push(`Only one direction was captured: what ${held}. What ${other} is unknown, and proves nothing.`);
  }
  const text = lines.map((line) => wrap(line, width)).join('\n');
  const lost =
    losses.length === 0
      ? 'Nothing was lost: every byte of the connections was captured and decoded.'
      : `Not seen: ${losses.join('; ')}.`;
  return `${colour.bold(text)}\n${(losses.length === 0 ? colour.dim : colour.yellow)(wrap(lost, width))}`;
}

/** One line for each protocol beside ZooKeeper's own that has messages. */
function otherProtocols({ protocols }: SummaryEntry): string[] {
  return Object.entries(protocols)
    .filter(([, { messages }]) => messages > 0)
    .map(([name, { connections, messages, requests }]) => {
      const asked = requests > 0 ? ` (${plural(requests, 'request')})` : '';
      return `${printable(name)}: ${plural(connections, 'connection')}, ${plural(messages, 'message')}${asked}`;
    });
}

function captureLine({ file, from, to }: CaptureEntry, zone: string): string {
  return `${printable(file)}: ${from === null || to === null ? 'no packets' : spanText(from, to, zone)}`;
}

/** Many files, a ring above all, are one capture: what matters is from when to when. */
function capturesLine(captures: readonly CaptureEntry[], zone: string): string {
  const times = captures.flatMap(({ from, to }) => (from === null || to === null ? [] : [{ from, to }]));
  const earliest = times.map(({ from }) => from).reduce((a, b) => (a < b ? a : b), times[0]?.from ?? '');
  const latest = times.map(({ to }) => to).reduce((a, b) => (a > b ? a : b), '');
  const named = `${plural(captures.length, 'capture')} (${printable(captures[0]!.file)} …)`;
  return `${named}: ${times.length === 0 ? 'no packets' : spanText(earliest, latest, zone)}`;
}

function spanText(from: string, to: string, zone: string): string {
  const seconds = secondsBetween(from, to);
  const end = to.slice(0, 10) === from.slice(0, 10) ? to.slice(11, 19) : to.slice(0, 19).replace('T', ' ');
  return `${from.slice(0, 19).replace('T', ' ')} to ${end} ${zone}, ${durationText(seconds)}`;
}

/** By incident, the worst first; remarks that belong to none of those are one line each. */
function findings(document: AnalyzeDocument, options: AnalyzeTextOptions): string {
  const { captures, incidents } = document;
  const grave = incidents.filter(({ severity }) => severity !== 'info');
  const light = incidents.filter(({ severity }) => severity === 'info');
  const told = grave.slice(0, FULL);
  const parts = told.map((incident) =>
    incidentText(incident, findingsOf(incident, document), nextText(incident, captures), options),
  );
  const brief = [...grave.slice(FULL), ...light].flatMap((incident) => findingsOf(incident, document));
  const lines = brief.slice(0, SHORT).map((finding) => briefly(finding, options));
  if (brief.length > SHORT)
    lines.push(
      options.colour.dim(
        `… and ${plural(brief.length - SHORT, 'more finding')}: --json has them all, --rule and --severity choose`,
      ),
    );
  if (lines.length > 0) parts.push(lines.join('\n'));
  return parts.join('\n\n');
}

function briefly(finding: FindingEntry, { colour, width }: AnalyzeTextOptions): string {
  const frames = finding.evidence.slice(0, 3).map((evidence) => evidence.frame);
  const where = frames.length === 0 ? '' : ` (frame${frames.length === 1 ? '' : 's'} ${frames.join(', ')})`;
  const text = `${finding.severity.toUpperCase()} ${finding.from.slice(11, 23)} ${printable(finding.title)} [${finding.rule}, ${finding.confidence}]: ${printable(finding.message)}${where}`;
  return wrap(text, width, '  ').trimStart().replace(/^\w+/, label(finding.severity, colour));
}

function table(head: string[], rows: string[][], colour: ChalkInstance): string {
  const result = new Table({
    head,
    chars: BARE,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
  });
  result.push(...rows);
  const [first = '', ...rest] = result
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  return [colour.bold(first), ...rest].join('\n');
}

function operationRow([op, entry]: [string, OperationEntry]): string[] {
  const time = (value: number | undefined): string => (value === undefined ? '-' : durationText(value));
  const { latency } = entry;
  return [
    printable(op),
    numberText(entry.requests),
    numberText(entry.errors),
    time(latency?.p50),
    time(latency?.p99),
    time(latency?.max),
  ];
}

/** An operation and an error that it got, how often, and of how many requests. */
interface Failure {
  readonly op: string;
  readonly error: string;
  readonly count: number;
  readonly requests: number;
}

const FAILURES = 6;
/** So many, and such a share, of an operation's requests are worth a word even where no rule has one. */
const MANY_FAILURES = 100;
const MOST = 0.5;

function failures({ byOp }: SummaryEntry): Failure[] {
  return Object.entries(byOp)
    .flatMap(([op, { requests, errorsByName = {} }]) =>
      Object.entries(errorsByName).map(([error, count]) => ({ op, error, count, requests })),
    )
    .sort((a, b) => b.count - a.count);
}

const failureText = ({ op, error, count, requests }: Failure): string =>
  `${printable(error)} for ${numberText(count)} of ${numberText(requests)} ${printable(op)}`;

function errorsText(summary: SummaryEntry, { colour, width }: AnalyzeTextOptions): string | null {
  const all = failures(summary);
  if (all.length === 0) return null;
  const shown = all.slice(0, FAILURES).map(failureText);
  const more = all.length > FAILURES ? `; … ${numberText(all.length - FAILURES)} more in --json` : '';
  return colour.dim(wrap(`Errors: ${shown.join('; ')}${more}.`, width));
}

function tables({ summary }: AnalyzeDocument, options: AnalyzeTextOptions): string {
  const { colour } = options;
  const operations = Object.entries(summary.byOp).sort((a, b) => b[1].requests - a[1].requests);
  const servers = [...summary.servers].sort((a, b) => b.requests - a.requests);
  const parts: string[] = [];
  if (operations.length > 0) {
    parts.push(
      table(
        ['Operation', 'requests', 'errors', 'p50', 'p99', 'max'],
        operations.slice(0, MAX_ROWS).map(operationRow),
        colour,
      ),
    );
    if (operations.length > MAX_ROWS)
      parts.push(colour.dim(`… ${plural(operations.length - MAX_ROWS, 'more operation')} in --json`));
  }
  const errors = errorsText(summary, options);
  if (errors !== null) parts.push(errors);
  if (servers.length > 0) {
    const rows = servers
      .slice(0, MAX_ROWS)
      .map((s) => [s.server, ...[s.connections, s.sessions, s.requests, s.responses].map(numberText)]);
    parts.push(table(['Server', 'connections', 'sessions', 'requests', 'responses'], rows, colour));
    if (servers.length > MAX_ROWS)
      parts.push(colour.dim(`… ${plural(servers.length - MAX_ROWS, 'more server')} in --json`));
  }
  return parts.join('\n\n');
}

function closing(document: AnalyzeDocument, { colour, width, hidden }: AnalyzeTextOptions): string {
  const { findings: list, summary } = document;
  const count = (severity: Severity): number => list.filter((finding) => finding.severity === severity).length;
  const aside = hidden === 0 ? '' : ` ${plural(hidden, 'finding')} kept out by the filters.`;
  if (count('error') + count('warning') === 0) {
    if (summary.messages === 0 && otherProtocols(summary).length === 0)
      return colour.bold(wrap(`Nothing to judge: no ZooKeeper message in the capture.${aside}`, width));
    const soFar = document.captures.some(({ interrupted }) => interrupted === true) ? ' in the part that was read' : '';
    const infos = count('info') === 0 ? '' : ` (${plural(count('info'), 'remark')})`;
    const often = failures(summary).filter(({ count, requests }) => count >= MANY_FAILURES && count >= MOST * requests);
    const though = often.length === 0 ? '' : `, though the answer was ${often.map(failureText).join(', ')}`;
    return colour.bold(wrap(`Nothing wrong found${soFar}${infos}${though}.${aside} ${blindSpots(document)}`, width));
  }
  const grave = document.incidents.filter(({ severity }) => severity !== 'info');
  const text =
    `${plural(list.length, 'finding')}: ${plural(count('error'), 'error')}, ${plural(count('warning'), 'warning')}, ${numberText(count('info'))} info; ` +
    `of ${plural(grave.length, 'incident')}, the worst first.${aside} zkscope rules NAME explains a rule.`;
  const lines = incidentLines(grave.slice(0, FULL), document.captures, { colour, width });
  if (grave.length > FULL) lines.push(colour.dim(`… and ${plural(grave.length - FULL, 'more incident')}`));
  return [colour.bold(wrap(text, width)), ...lines].join('\n');
}

/** What a capture without findings could not have shown. */
function blindSpots(document: AnalyzeDocument): string {
  const { beganBefore, withGaps } = incompleteSessions(document);
  const parts: string[] = [];
  if (beganBefore !== null)
    parts.push(`${beganBefore} began before the capture, so what they had watched and registered is unknown`);
  if (withGaps !== null) parts.push(`${withGaps} gaps`);
  parts.push('what happened before, after and elsewhere is not in it');
  return `It could not have seen everything: ${parts.join('; ')}.`;
}
