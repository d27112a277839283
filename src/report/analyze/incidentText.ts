import type { ChalkInstance } from 'chalk';
import type { Severity } from '../../rules/finding.js';
import { listing } from '../../observations/words.js';
import { printable } from '../text/escape.js';
import { textWidth } from '../text/width.js';
import { wrap } from '../text/wrap.js';
import type { AnalyzeDocument, CaptureEntry, FindingEntry, IncidentEntry } from './document.js';

/** How it is printed: colours, columns. */
export interface IncidentStyle {
  readonly colour: ChalkInstance;
  readonly width: number;
}

const MAX_EVIDENCE = 8;
/** Of an incident of several findings: frames of the cause, consequences, addresses. */
const CAUSE_FRAMES = 4;
const CONSEQUENCES = 12;
const HOSTS = 4;
const LABEL = '  cause  ';

export function label(severity: Severity, colour: ChalkInstance): string {
  const text = severity.toUpperCase();
  if (severity === 'error') return colour.red.bold(text);
  return severity === 'warning' ? colour.yellow.bold(text) : colour.cyan.bold(text);
}

/** An incident of one finding, in full. */
function findingText(incident: IncidentEntry, finding: FindingEntry, style: IncidentStyle): string {
  const { colour, width } = style;
  const lines = [
    ...headLines(
      incident.incident,
      finding.severity,
      `${headText(incident, finding)} [${finding.rule}, ${finding.confidence}]`,
      style,
    ),
    wrap(printable(finding.message), width, '  '),
    ...evidence(finding, MAX_EVIDENCE, width, colour),
  ];
  lines.push(colour.green(wrap(`What to do: ${printable(finding.remedy)}`, width, '  ')));
  return lines.join('\n');
}

/** Since when, and until when, who is hit, and by what. */
function headText({ from, to, hosts }: IncidentEntry, { title }: FindingEntry): string {
  return `${time(from)} – ${time(to)}  ${hostsText(hosts)}: ${printable(title)}`;
}

/** The story of one event: its cause, whom it hit, what followed, and what was never put right. */
export function incidentText(
  incident: IncidentEntry,
  findings: readonly FindingEntry[],
  next: string,
  { colour, width }: IncidentStyle,
): string {
  const [cause, ...rest] = findings;
  if (cause === undefined) return '';
  if (rest.length === 0) return findingText(incident, cause, { colour, width });
  const lines = [
    ...headLines(incident.incident, incident.severity, headText(incident, cause), { colour, width }),
    part('cause', `${printable(cause.message)} [${cause.rule}, ${cause.confidence}]`, width, colour),
    ...evidence(cause, CAUSE_FRAMES, width, colour),
  ];
  for (const finding of rest.slice(0, CONSEQUENCES)) {
    // What stayed broken is said below, with all its names.
    const short = finding.severity === 'info' || finding.unrepaired !== undefined;
    const what = printable(short ? finding.title : finding.message);
    const frames = finding.evidence.slice(0, 2).map(({ frame }) => frame);
    const where = frames.length === 0 ? '' : ` (frame${frames.length === 1 ? '' : 's'} ${frames.join(', ')})`;
    lines.push(
      part('then', `${time(finding.from)} ${what} [${finding.rule}, ${finding.confidence}]${where}`, width, colour),
    );
  }
  if (rest.length > CONSEQUENCES) lines.push(colour.dim(`         … ${rest.length - CONSEQUENCES} more in --json`));
  for (const open of incident.unrepaired) lines.push(part('open', printable(open), width, colour));
  const worst = findings.find(({ severity }) => severity === incident.severity) ?? cause;
  const remedies = [...new Set([cause.remedy, worst.remedy])];
  for (const remedy of remedies) lines.push(colour.green(part('to do', printable(remedy), width, null)));
  // A command is one line, however long: it is to be copied.
  lines.push(`${colour.bold('  next'.padEnd(LABEL.length))}${next}`);
  return lines.join('\n');
}

/** One line for each incident, with the command that shows more of it. */
export function incidentLines(
  incidents: readonly IncidentEntry[],
  captures: readonly CaptureEntry[],
  { colour, width }: IncidentStyle,
): string[] {
  return incidents.map((incident) => {
    const about = `${hostsText(incident.hosts)}: ${printable(incident.title)}`;
    const next = `→ ${nextText(incident, captures)}`;
    const lines = headLines(incident.incident, incident.severity, about, { colour, width });
    const whole = `${incident.incident} ${incident.severity} ${about} ${next}`;
    // A command is one line, however long: it is to be copied.
    return textWidth(whole) <= width ? `${lines.join('')} ${next}` : [...lines, `    ${next}`].join('\n');
  });
}

/** The first lines of what is told: its number, how bad it is, and what it is about. */
function headLines(place: number, severity: Severity, text: string, { colour, width }: IncidentStyle): string[] {
  const head = `${place} ${severity.toUpperCase()} `;
  const [first = '', ...more] = wrap(`${head}${text}`, width - 4).split('\n');
  const title = `${place} ${label(severity, colour)} ${colour.bold(first.slice(head.length))}`;
  return [title, ...more.map((line) => `    ${colour.bold(line)}`)];
}

/** The command to run next, as it is typed. */
export function nextText({ next }: IncidentEntry, captures: readonly CaptureEntry[]): string {
  const words = ['zkscope', next.command, shellWord(next.argument)];
  if (next.command !== 'rules') {
    const [first] = captures;
    if (first !== undefined) words.push(shellWord(first.file));
    if (captures.length > 1) words.push('…');
  }
  return words.join(' ');
}

/** A word for a shell, whatever the capture says: quoted where it has to be, without control characters. */
function shellWord(text: string): string {
  const safe = printable(text);
  return /^[\w./:@%+=,-]+$/.test(safe) && !safe.startsWith('-') ? safe : `'${safe.replaceAll("'", "'\\''")}'`;
}

/** The findings of an incident that are in the document, the cause first. */
export function findingsOf(incident: IncidentEntry, { findings }: AnalyzeDocument): FindingEntry[] {
  const byId = new Map(findings.map((finding) => [finding.id, finding]));
  return incident.findings.map((id) => byId.get(id)).filter((finding) => finding !== undefined);
}

function hostsText(hosts: readonly string[]): string {
  return hosts.length === 0 ? 'the ensemble' : listing(hosts.map(printable), HOSTS);
}

/** `00:18:43.238` of a printed time. */
function time(text: string): string {
  return text.slice(11, 23);
}

function part(name: string, text: string, width: number, colour: ChalkInstance | null): string {
  const indent = ' '.repeat(LABEL.length);
  const [first = '', ...rest] = wrap(text, Math.max(24, width - LABEL.length)).split('\n');
  const head = `  ${name}`.padEnd(LABEL.length);
  return [(colour === null ? head : colour.bold(head)) + first, ...rest.map((line) => indent + line)].join('\n');
}

function evidence(finding: FindingEntry, most: number, width: number, colour: ChalkInstance): string[] {
  const lines: string[] = [];
  for (const { frame, time, text } of finding.evidence.slice(0, most)) {
    const place = `    frame ${frame}  ${time.slice(11, -1)}  `;
    const [first = '', ...rest] = wrap(printable(text), Math.max(24, width - place.length)).split('\n');
    lines.push(colour.dim(place) + first, ...rest.map((line) => ' '.repeat(place.length) + line));
  }
  if (finding.evidence.length > most)
    lines.push(colour.dim(`    … ${finding.evidence.length - most} more frames in --json`));
  return lines;
}
