import { html } from '../../report/postmortem/html/client/dom.js';
import { addressOf } from './commandLine.js';

/**
 * Characters of a text that are drawn; more would make the page slow.
 * @bound characters
 */
const MOST = 600_000;

/** SGR parameters that the program uses, as classes. */
const STYLES: Readonly<Record<string, string>> = {
  1: 'bold',
  2: 'dim',
  3: 'italic',
  4: 'underline',
  31: 'red',
  32: 'green',
  33: 'yellow',
  34: 'blue',
  35: 'magenta',
  36: 'cyan',
  90: 'dim',
};
const ENDS: Readonly<Record<string, readonly string[]>> = {
  22: ['bold', 'dim'],
  23: ['italic'],
  24: ['underline'],
  39: ['red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'dim'],
};

// eslint-disable-next-line no-control-regex -- that is how colours are written
const COLOUR = /\u001b\[([\d;]*)m/;

/** Sessions (which are longer than zxids), clients (whose ports are high), znodes, frames and rules, which lead on. */
const LINKS =
  /\b0x[0-9a-f]{12,16}\b|\b(?:\d{1,3}\.){3}\d{1,3}:\d{5}\b|(?<![\w./~…-])\/[^\s'"`,;()[\]{}<>…]*[^\s'"`,;()[\]{}<>….:](?!…)|\bframe (\d+)\b|(?<=\[)([a-z]+(?:-[a-z]+)*)(?=, (?:proven|likely|possible)\])/g;

/** Text for people, as the program writes it for a terminal, as elements: colours, and links to what it names. */
export function terminalText(text: string, filters: readonly string[]): HTMLElement {
  const element = html('pre', { class: 'terminal', tabindex: 0 });
  let on = new Set<string>();

  for (const [i, part] of text.slice(0, MOST).split(COLOUR).entries()) {
    if (i % 2 === 1) {
      for (const code of part.split(';')) on = styled(on, code);
      continue;
    }
    if (part === '') continue;
    const pieces = linked(part, filters);
    if (on.size === 0) element.append(...pieces);
    else {
      const span = html('span', { class: [...on].join(' ') });
      span.append(...pieces);
      element.append(span);
    }
  }
  if (text.length > MOST) element.append('\n… (save it to see the rest)\n');
  return element;
}

function styled(on: ReadonlySet<string>, code: string): Set<string> {
  if (code === '' || code === '0') return new Set();
  const style = STYLES[code];
  if (style !== undefined) return new Set([...on, style]);
  const ended = ENDS[code] ?? [];
  return new Set([...on].filter((name) => !ended.includes(name)));
}

function linked(text: string, filters: readonly string[]): (string | Node)[] {
  const parts: (string | Node)[] = [];
  let from = 0;
  for (const match of text.matchAll(LINKS)) {
    parts.push(text.slice(from, match.index), html('a', { href: addressOf(target(match, filters)) }, match[0]));
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

function target([text, frame, rule]: RegExpMatchArray, filters: readonly string[]): string[] {
  if (rule !== undefined) return ['rules', rule];
  if (frame !== undefined) return ['decode', '--frame', frame];
  return [text.startsWith('/') ? 'path' : 'follow', text, ...filters];
}

/** Makes names of sessions and znodes in a report links, where they stand as a whole. */
export function linkNames(element: HTMLElement): void {
  for (const code of element.querySelectorAll('.facts code, td.code code')) {
    const text = code.textContent;
    if (code.closest('a') !== null || text.includes('…')) continue;
    const command = /^0x[0-9a-f]{12,16}$/.test(text) ? 'follow' : text.startsWith('/') ? 'path' : null;
    if (command === null) continue;
    code.replaceChildren(html('a', { href: addressOf([command, text]) }, text));
  }
}
