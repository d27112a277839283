import { durationText, plural } from '../../observations/words.js';
import type { AnalyzeDocument, FindingEntry } from '../analyze/document.js';
import { incompleteSessions } from '../analyze/incompleteSessions.js';
import type { VerdictData } from './data.js';

/** How much was seen of what there was. */
interface Seen {
  /** What was lost on the way, one part each. */
  readonly losses: readonly string[];
  /** Findings that filters kept out. */
  readonly hidden: number;
  /** The captures were read a second time for what the cited frames carry. */
  readonly readAgain: boolean;
}

const SENTENCES = 5;

const count = (findings: readonly FindingEntry[], severity: FindingEntry['severity']): number =>
  findings.filter((finding) => finding.severity === severity).length;

/**
 * What happened, in plain words: a headline, the worst findings, what was captured, and what the capture could not show.
 * @param more what is known of a finding beyond its message, by its place in the list
 */
export function verdict(document: AnalyzeDocument, more: (index: number) => string, seen: Seen): VerdictData {
  const { findings, summary, captures } = document;
  const errors = count(findings, 'error');
  const warnings = count(findings, 'warning');
  const grave = findings.filter((finding) => finding.severity !== 'info').slice(0, SENTENCES);
  const sentences: { finding: number | null; text: string }[] = grave.map((finding, i) => {
    // Where there is one finding, its title is the headline.
    const title = findings.length === 1 ? '' : `${finding.title}: `;
    return { finding: i + 1, text: `${title}${finding.message}${more(i)}` };
  });
  if (errors + warnings > grave.length)
    sentences.push({ finding: null, text: `and ${plural(errors + warnings - grave.length, 'more finding')} below.` });
  const interrupted = captures.some((capture) => capture.interrupted === true);
  const packets = captures.reduce((sum, capture) => sum + capture.packets, 0);
  const seconds = spanOf(document);
  const messages = Object.values(summary.protocols).reduce((sum, other) => sum + other.messages, summary.messages);
  return {
    tone: interrupted && errors + warnings === 0 ? 'info' : tone(errors, warnings, findings.length, messages),
    headline: headline(errors, warnings, findings, messages, interrupted),
    sentences,
    counted:
      `${plural(packets, 'packet')}${seconds === null ? '' : ` in ${durationText(seconds)}`}, ` +
      `${plural(summary.connections, 'connection')}, ${plural(summary.sessions, 'session')}, ` +
      `${plural(summary.messages, 'message')} (${plural(summary.requests, 'request')}, ${plural(summary.notifications, 'notification')}).`,
    unseen: unseen(document, seen),
  };
}

function tone(errors: number, warnings: number, findings: number, messages: number): VerdictData['tone'] {
  if (errors > 0) return 'error';
  if (warnings > 0) return 'warning';
  if (findings > 0) return 'info';
  return messages === 0 ? 'empty' : 'good';
}

function headline(
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
  if (parts.length > 0 && first !== undefined)
    return findings.length === 1 ? first.title : `${parts.join(' and ')}. The worst: ${lowerFirst(first.title)}`;
  const nothing = interrupted ? 'Nothing wrong found in the part that was read' : 'Nothing wrong found';
  if (findings.length > 0) return `${nothing}; ${plural(findings.length, 'remark')}`;
  return messages === 0 ? 'Nothing to judge: no ZooKeeper message in the capture' : nothing;
}

/** Lower case at the start, unless the word is a name such as NodeExists or an address. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]+( |$)/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Seconds from the first to the last frame of all captures; null without frames. */
function spanOf({ captures }: AnalyzeDocument): number | null {
  const times = captures.flatMap(({ from, to }) =>
    from === null || to === null ? [] : [Date.parse(from), Date.parse(to)],
  );
  if (times.length === 0) return null;
  return (times.reduce((a, b) => Math.max(a, b)) - times.reduce((a, b) => Math.min(a, b))) / 1000;
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
  if (captures.length > 1)
    parts.push(
      `Frames are numbered across the ${captures.length} captures in order of time, as after merging them (mergecap).`,
    );
  return parts;
}
