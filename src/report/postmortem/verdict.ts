import { durationText, plural } from '../../observations/words.js';
import type { AnalyzeDocument, FindingEntry, IncidentEntry } from '../analyze/document.js';
import { incompleteSessions } from '../analyze/incompleteSessions.js';
import type { VerdictData } from './data.js';
import { secondsBetween, spanOf } from '../text/span.js';

/** How much was seen of what there was. */
interface Seen {
  /** What was lost on the way, one part each. */
  readonly losses: readonly string[];
  /** Findings that filters kept out. */
  readonly hidden: number;
  /** The captures were read a second time for what the cited frames carry. */
  readonly readAgain: boolean;
}

const SENTENCES = 12;

const count = (findings: readonly FindingEntry[], severity: FindingEntry['severity']): number =>
  findings.filter((finding) => finding.severity === severity).length;

/**
 * What happened, in plain words: a headline, the worst findings, what was captured, and what the capture could not show.
 * @param more what is known of a finding beyond its message, by its place in the list
 */
export function verdict(document: AnalyzeDocument, more: (index: number) => string, seen: Seen): VerdictData {
  const { findings, summary, captures, incidents } = document;
  const errors = count(findings, 'error');
  const warnings = count(findings, 'warning');
  const places = new Map(findings.map(({ id }, place) => [id, place]));
  const grave = incidents.filter((incident) => incident.severity !== 'info');
  const sentences: { finding: number | null; text: string }[] = grave.slice(0, SENTENCES).map((incident) => {
    const [first = 0, ...rest] = incident.findings.flatMap((id) => places.get(id) ?? []);
    const cause = findings[first]!;
    // Where there is one incident, its title is the headline.
    const title = grave.length === 1 ? '' : `${cause.title}: `;
    const followed = rest
      .map((place) => findings[place]!)
      .filter(({ severity }) => severity !== 'info')
      .map((finding) => lowerFirst(finding.title));
    const then = followed.length === 0 ? '' : ` Then: ${[...new Set(followed)].join('; ')}.`;
    return { finding: first + 1, text: `${title}${cause.message}${more(first)}${then}` };
  });
  if (grave.length > sentences.length)
    sentences.push({ finding: null, text: `and ${plural(grave.length - sentences.length, 'more incident')} below.` });
  const interrupted = captures.some((capture) => capture.interrupted === true);
  const packets = captures.reduce((sum, capture) => sum + capture.packets, 0);
  const seconds = secondsOf(document);
  const messages = Object.values(summary.protocols).reduce((sum, other) => sum + other.messages, summary.messages);
  return {
    tone: interrupted && errors + warnings === 0 ? 'info' : tone(errors, warnings, findings.length, messages),
    headline: headline(grave, errors, warnings, findings, messages, interrupted),
    sentences,
    counted: countedText(document, packets, seconds),
    unseen: unseen(document, seen),
  };
}

/** What was captured: of ZooKeeper's clients and servers where there is anything of them, and of every other protocol. */
function countedText({ summary }: AnalyzeDocument, packets: number, seconds: number | null): string {
  const parts = [`${plural(packets, 'packet')}${seconds === null ? '' : ` in ${durationText(seconds)}`}`];
  const others = Object.entries(summary.protocols).filter(([, { messages }]) => messages > 0);
  if (summary.messages > 0 || others.length === 0)
    parts.push(
      plural(summary.connections, 'connection'),
      plural(summary.sessions, 'session'),
      `${plural(summary.messages, 'message')} (${plural(summary.requests, 'request')}, ${plural(summary.notifications, 'notification')})`,
    );
  for (const [name, { connections, messages, requests }] of others)
    parts.push(
      `${name}: ${plural(connections, 'connection')}, ${plural(messages, 'message')}${requests > 0 ? ` (${plural(requests, 'request')})` : ''}`,
    );
  return `${parts.join(', ')}.`;
}

function tone(errors: number, warnings: number, findings: number, messages: number): VerdictData['tone'] {
  if (errors > 0) return 'error';
  if (warnings > 0) return 'warning';
  if (findings > 0) return 'info';
  return messages === 0 ? 'empty' : 'good';
}

function headline(
  grave: readonly IncidentEntry[],
  errors: number,
  warnings: number,
  findings: readonly FindingEntry[],
  messages: number,
  interrupted: boolean,
): string {
  const parts = [errors > 0 ? plural(errors, 'error') : '', warnings > 0 ? plural(warnings, 'warning') : ''].filter(
    (part) => part !== '',
  );
  const [first] = findings;
  const [worst] = grave;
  if (worst !== undefined && grave.length === 1) return worst.title;
  if (worst !== undefined)
    return `${plural(grave.length, 'incident')} (${parts.join(', ')}). The worst: ${lowerFirst(worst.title)}`;
  if (parts.length > 0 && first !== undefined) return first.title;
  const nothing = interrupted ? 'Nothing wrong found in the part that was read' : 'Nothing wrong found';
  if (findings.length > 0) return `${nothing}; ${plural(findings.length, 'remark')}`;
  return messages === 0 ? 'Nothing to judge: no ZooKeeper message in the capture' : nothing;
}

/** Lower case at the start, unless the word is a name such as NodeExists or an address. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]*( |$)/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Seconds from the first to the last frame of all captures; null without frames. */
function secondsOf({ captures }: AnalyzeDocument): number | null {
  const span = spanOf(captures);
  return span === null ? null : secondsBetween(span.from, span.to);
}

function unseen(document: AnalyzeDocument, { losses, hidden, readAgain }: Seen): string[] {
  const { captures, findings } = document;
  const parts = losses.map((loss) => `${upperFirst(loss)}.`);
  const { beganBefore, withGaps } = incompleteSessions(document);
  if (beganBefore !== null)
    parts.push(
      `${upperFirst(beganBefore)} began before the capture: what they had watched and registered by then is unknown.`,
    );
  if (withGaps !== null) parts.push(`${upperFirst(withGaps)} gaps.`);
  if (hidden > 0) parts.push(`${plural(hidden, 'finding')} kept out by the filters of the command.`);
  if (!readAgain && findings.length > 0)
    parts.push(
      'The capture could be read only once: the evidence says what the findings say, not who sent which frame.',
    );
  const first = captures[0]?.host;
  if (new Set(captures.map(({ host }) => host)).size > 1)
    parts.push(`Frames are numbered on each host: ${first}:17 is the 17th that was captured on ${first}.`);
  else if (captures.length > 1)
    parts.push(
      `Frames are numbered across the ${captures.length} captures in order of time, as after merging them (mergecap).`,
    );
  return parts;
}
