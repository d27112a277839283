import { printable } from './escape.js';
import { plural } from '../../observations/words.js';

/** Of an entry of `captures`. */
interface Spanned {
  readonly file: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** First and last time of all captures, as texts; null where none has a packet. */
export function spanOf(captures: readonly Spanned[]): { readonly from: string; readonly to: string } | null {
  const times = (of: (capture: Spanned) => string | null): string[] =>
    captures
      .map(of)
      .filter((time) => time !== null)
      .sort();
  const from = times((capture) => capture.from)[0];
  const to = times((capture) => capture.to).at(-1);
  return from === undefined || to === undefined ? null : { from, to };
}

/** Seconds from one time of a document to another, to the millisecond. */
export function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

/** `a.pcap, 2026-11-21 00:17:27 to 00:17:59 UTC`: of several captures all their time. */
export function captureSpan(captures: readonly Spanned[], zone: string): string {
  const [first] = captures;
  const name =
    captures.length === 1 && first !== undefined ? printable(first.file) : plural(captures.length, 'capture');
  const span = spanOf(captures);
  if (span === null) return name;
  const moment = (time: string): string => time.slice(0, 19).replace('T', ' ');
  const sameDay = span.from.slice(0, 10) === span.to.slice(0, 10);
  return `${name}, ${moment(span.from)} to ${sameDay ? span.to.slice(11, 19) : moment(span.to)} ${zone}`;
}
