import type { TreeDocument, TreeEntry } from '../../report/tree/document.js';
import type { ReportDocument } from '../../report/postmortem/document.js';
import { drawReport } from '../../report/postmortem/html/client/draw.js';
import { html } from '../../report/postmortem/html/client/dom.js';
import { printable } from '../../report/text/escape.js';
import { shortNames } from '../../report/text/shortNames.js';
import { addressOf } from './commandLine.js';
import { COMMANDS, filtersIn, type PageCommand } from './commands.js';
import { linkNames, terminalText } from './terminalText.js';
import { button } from './save.js';

/** Runs a command for a view; null where another command came in between. */
export type Run = (words: readonly string[], colour: boolean) => Promise<Shown | null>;

export interface Shown {
  readonly status: number;
  readonly text: string;
  /** What the command said beside its output. */
  readonly said: string;
}

/** Saves what a command writes. */
export type Save = (words: readonly string[], name: string) => void;

/** What the views are drawn with. */
export interface Drawing {
  readonly run: Run;
  readonly save: Save;
  readonly into: HTMLElement;
  /** Base of the names of what is saved. */
  readonly name: string;
}

/** Draws what a command says. */
export async function drawView(words: readonly string[], drawing: Drawing): Promise<void> {
  const [name = 'analyze', ...rest] = words;
  const command = COMMANDS.find((one) => one.name === name)!;
  if (command.asks !== null && operand(rest) === null) {
    await ask(command, words, drawing);
    return;
  }
  if (name === 'report') await report(words, drawing);
  else if (name === 'slice') {
    file(words, 'The connections that the filters select, as a small capture (pcapng).', drawing);
  } else if (name === 'annotate') file(words, 'The capture with findings as packet comments (pcapng).', drawing);
  else {
    await text(words, drawing);
    if (name === 'analyze') await report(['report', ...rest], drawing);
  }
}

/** The first word that is neither an option nor its value. */
function operand(words: readonly string[]): string | null {
  return words.find((word, i) => !word.startsWith('--') && words[i - 1]?.startsWith('--') !== true) ?? null;
}

function heading(title: string, buttons: readonly HTMLElement[]): HTMLElement {
  return html('div', { class: 'heading' }, html('h2', {}, title), html('div', { class: 'buttons' }, ...buttons));
}

async function text(words: readonly string[], { run, save, into, name }: Drawing): Promise<void> {
  const [command = ''] = words;
  const title = COMMANDS.find((one) => one.name === command)?.title ?? command;
  const shown = await run(words, true);
  if (shown === null) return;
  const buttons =
    shown.text === ''
      ? []
      : [
          button('Save text', () => {
            save(words, `${name}-${command}.txt`);
          }),
          ...(['rules', 'help'].includes(command)
            ? []
            : [
                button('Save JSON', () => {
                  save([...words, '--json'], `${name}-${command}.${command === 'decode' ? 'ndjson' : 'json'}`);
                }),
              ]),
        ];
  const section = html('section', { 'aria-label': title }, heading(title, buttons), ...said(shown));
  if (shown.text !== '') section.append(terminalText(shown.text, filtersIn(words)));
  into.append(section);
}

/** What the command said beside its output: why there is none, or what was not decoded. */
function said({ said: lines, status, text: output }: Shown): HTMLElement[] {
  const trimmed = lines.trim().replaceAll(/^zkscope: /gm, '');
  if (trimmed === '') return output === '' ? [html('p', { class: 'said' }, 'There is nothing to show.')] : [];
  const failed = status === 2;
  return [html('p', { class: failed ? 'said failed' : 'said', role: failed ? 'alert' : null }, trimmed)];
}

async function report(words: readonly string[], drawing: Drawing): Promise<void> {
  const { run, save, into, name } = drawing;
  const shown = await run([...words, '--json', '--as-shown'], false);
  if (shown === null) return;
  if (shown.text === '') {
    // Where what stands above says already that nothing is there, that is enough; why there is no report is not.
    const told = into.querySelector('[role="alert"]') !== null;
    if (into.childElementCount === 0 || (shown.status === 2 && !told)) into.append(html('section', {}, ...said(shown)));
    return;
  }
  const { tool, ...data } = JSON.parse(shown.text) as ReportDocument;
  const section = html('section', { class: 'report', 'aria-label': 'Report' });
  const buttons = [
    button('Save report (HTML)', () => {
      save(words, `${name}.html`);
    }),
    button('Markdown', () => {
      save([...words, '--markdown'], `${name}.md`);
    }),
    button('JSON', () => {
      save([...words, '--json'], `${name}.json`);
    }),
    button('Capture with comments', () => {
      save(['annotate'], `${name}-commented.pcapng`);
    }),
  ];
  section.append(heading('Report', buttons));
  into.append(section);
  const drawn = html('div', {});
  section.append(drawn);
  drawReport({ version: tool.version, ...shortNames(data) }, drawn);
  // The page has one of its own.
  drawn.querySelector('.theme')?.remove();
  linkNames(section);
  const filtered = filtersIn(words).some((word, i) => i % 2 === 0 && word !== '--time');
  for (const card of section.querySelectorAll('.proof')) {
    const number = card.id.replace('finding-', '');
    if (filtered) continue;
    card.append(
      ' ',
      button('Save its frames (pcapng)', () => {
        save(['slice', '--finding', number], `${name}-finding-${number}.pcapng`);
      }),
    );
  }
}

/** A command that writes a capture: there is nothing to show. */
function file(words: readonly string[], what: string, { save, into, name }: Drawing): void {
  const command = words[0]!;
  const give = button('Save it', () => {
    save(words, `${name}-${command}.pcapng`);
  });
  into.append(html('section', {}, html('h2', {}, command), html('p', {}, what), give));
}

/** Asks what a command is to be about; where the captures can say what there is, it stands below, to choose from. */
async function ask({ name, title, asks }: PageCommand, words: readonly string[], drawing: Drawing): Promise<void> {
  const { label, example, help } = asks!;
  const input =
    name === 'hex'
      ? html('textarea', { id: 'asked', rows: 6, placeholder: example, spellcheck: 'false' })
      : html('input', { id: 'asked', type: 'text', placeholder: example, spellcheck: 'false', autocapitalize: 'off' });
  const at = html('input', { id: 'asked-at', type: 'text', placeholder: '+90s or 19:56:02' });
  const form = html(
    'form',
    { class: 'ask' },
    html('label', { for: 'asked' }, label),
    input,
    ...(name === 'path' ? [html('label', { for: 'asked-at' }, 'At (may stay empty)'), at] : []),
    html('button', { type: 'submit' }, 'Show'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const value = input.value.trim();
    if (value === '') return;
    const moment = at.value.trim();
    location.hash = addressOf([name, value, ...words.slice(1), ...(moment === '' ? [] : ['--at', moment])]);
  });
  drawing.into.append(html('section', {}, html('h2', {}, title ?? name), form));
  if (name === 'path') await znodes(words.slice(1), drawing);
  if (help.length > 0) await text([...help, ...words.slice(1)], drawing);
}

/** Znodes that a list names; more, and a tree is read better. */
const MOST_ZNODES = 60;

/** Znodes to choose from, those first that most sessions read and that changed most. */
async function znodes(filters: readonly string[], { run, into }: Drawing): Promise<void> {
  const shown = await run(['tree', ...filters, '--json'], false);
  if (shown === null || shown.text === '') return;
  const all: TreeEntry[] = [];
  const collect = (entry: TreeEntry): void => {
    if (entry.readers + entry.writes + entry.watches > 0) all.push(entry);
    for (const child of entry.nodes) collect(child);
  };
  for (const root of (JSON.parse(shown.text) as TreeDocument).roots) collect(root);
  all.sort((a, b) => weight(b) - weight(a) || (a.path < b.path ? -1 : 1));
  const items = all.slice(0, MOST_ZNODES).map(({ path }) => {
    return html(
      'li',
      {},
      html('a', { href: addressOf(['path', path, ...filters]) }, html('code', {}, printable(path))),
    );
  });
  if (items.length === 0) return;
  into.append(
    html('section', {}, html('h3', {}, 'Most read, watched and written'), html('ul', { class: 'znodes' }, ...items)),
  );
}

const weight = ({ readers, writes, watches }: TreeEntry): number => readers + writes + watches;
