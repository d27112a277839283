/** The page: captures are dropped on it, and it shows what the command line would say of them. */
import { html } from '../../report/postmortem/html/client/dom.js';
import { themeButton } from '../../report/postmortem/html/client/theme.js';
import { bytesText } from '../../report/text/bytes.js';
import { Bar } from './bar.js';
import { addressOf, commandOf, lineOf, parseLine } from './commandLine.js';
import { COMMAND_NAMES, COMMANDS, FILTERS, filtersIn, withoutFilters } from './commands.js';
import { filesOf, freeName, type Given, isKeyLog } from './given.js';
import { Program } from './program.js';
import { button, saveBlob } from './save.js';
import { drawView, type Shown } from './views.js';

/** Characters of text that a view asks for. */
const MOST_TEXT = 2_000_000;
/** Results that are kept. */
const KEPT = 30;

const textOf = (id: string): string => document.getElementById(id)?.textContent ?? '';

const program = new Program(textOf('worker'));
const bar = new Bar(
  () => {
    program.interrupt();
  },
  () => {
    program.stop();
    bar.end();
  },
);
let given: readonly Given[] = [];
let words: readonly string[] = ['analyze'];
let drawn = 0;
const known = new Map<string, Shown>();

const choose = html('input', { type: 'file', multiple: true, id: 'choose', class: 'offscreen' });
const fileList = html('ul', { class: 'given', 'aria-label': 'Open files' });
const drop = html(
  'section',
  { class: 'drop', 'aria-label': 'Open captures' },
  html('label', { for: 'choose', class: 'choose' }, 'Choose captures'),
  choose,
  html('span', { class: 'or' }, ' or drop them here'),
  html(
    'p',
    { class: 'kinds' },
    'What tcpdump -w and Wireshark write (pcap, pcapng), plain, gzip or zstd; several files of a ring or of several hosts; journals of zkscope decode --json --connections; key logs (SSLKEYLOGFILE) for TLS.',
  ),
  fileList,
);
const views = html('nav', { 'aria-label': 'Views' });
const line = html('input', {
  ...{ type: 'text', id: 'line', spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off' },
});
const commandForm = html(
  'form',
  { class: 'line', 'aria-label': 'Command line' },
  html('label', { for: 'line' }, 'zkscope'),
  line,
);
const fields = FILTERS.map(({ option, label, example }) => {
  const input = html('input', { type: 'text', id: `filter${option}`, placeholder: example, spellcheck: 'false' });
  return { option, label, input };
});
const filterForm = html(
  'form',
  { class: 'filters-form', 'aria-label': 'Filters' },
  ...fields.map(({ option, label, input }) => html('div', {}, html('label', { for: `filter${option}` }, label), input)),
  html(
    'div',
    { class: 'apply' },
    html('button', { type: 'submit' }, 'Apply'),
    html('button', { type: 'reset' }, 'Clear'),
  ),
);
const filterCount = html('span', {});
const filters = html('details', { class: 'filter-box' }, html('summary', {}, 'Filters', filterCount), filterForm);
const main = html('main', { tabindex: -1 });
const tools = html('div', { class: 'tools' }, views, filters, commandForm);

/** The files of a command, behind its words. */
function argvOf(command: readonly string[]): string[] {
  const captures = given.filter(({ keyLog }) => !keyLog).map(({ name }) => name);
  const keys = given.filter(({ keyLog }) => keyLog).flatMap(({ name }) => ['--tls-keys', name]);
  const [name = ''] = command;
  const own = command.filter((word) => !captures.includes(word));
  const reads = COMMANDS.find((one) => one.name === name)?.captures === true;
  return reads ? [...own, ...keys, '--', ...captures] : [...own];
}

/** Columns that fit the page. */
function columns(): number {
  const probe = html('pre', { class: 'terminal probe', 'aria-hidden': 'true' }, '0'.repeat(100));
  main.append(probe);
  const one = probe.getBoundingClientRect().width / 100;
  probe.remove();
  return Math.max(40, Math.floor((main.clientWidth - 34) / one));
}

async function execute(command: readonly string[], colour: boolean, turn: number): Promise<Shown | null> {
  const width = columns();
  const key = JSON.stringify([command, width]);
  const before = known.get(key);
  if (before !== undefined) return before;
  bar.begin();
  const result = await program.run(argvOf(command), {
    ...{ columns: width, colour, limit: command.includes('--json') ? Infinity : MOST_TEXT },
    onProgress: (read, total) => {
      bar.update(read, total);
    },
  });
  if (turn !== drawn) return null;
  bar.end();
  if (result === null) return { status: 2, text: '', said: 'Cancelled.' };
  const shown = { status: result.status, text: await result.output.text(), said: result.said };
  known.set(key, shown);
  for (const oldest of known.keys()) {
    if (known.size <= KEPT) break;
    known.delete(oldest);
  }
  return shown;
}

/** Runs a command again for its whole output, and gives it as a file. */
async function save(command: readonly string[], name: string): Promise<void> {
  bar.begin();
  const result = await program.run(argvOf(command), {
    onProgress: (read, total) => {
      bar.update(read, total);
    },
  });
  bar.end();
  if (result === null) return;
  if (result.status === 2 || result.output.size === 0) {
    main.prepend(html('p', { class: 'said failed', role: 'alert' }, result.said.trim()));
    return;
  }
  saveBlob(result.output, name);
}

async function draw(): Promise<void> {
  const turn = ++drawn;
  program.stop();
  bar.end();
  toolsFor();
  main.replaceChildren();
  main.removeAttribute('data-ready');
  const [name = ''] = words;
  const needs = COMMANDS.find((one) => one.name === name)?.captures === true;
  document.body.classList.toggle('empty', given.length === 0 && needs);
  if (needs && !given.some(({ keyLog }) => !keyLog)) {
    main.append(welcome());
  } else {
    const [first] = given;
    const base = (first?.name ?? 'zkscope')
      .replace(/^.*\//, '')
      .replace(/\.(?:pcap|pcapng|cap|gz|zst|ndjson)\b.*$/, '');
    await drawView(words, {
      ...{ into: main, name: base },
      run: (command, colour) => execute(command, colour, turn),
      save: (command, file) => {
        void save(command, file);
      },
    });
  }
  if (turn !== drawn) return;
  main.dataset['ready'] = 'true';
  const title = COMMANDS.find((one) => one.name === name)?.title ?? name;
  document.title = given.length === 0 ? 'zkscope: open a capture' : `${title}: ${given[0]!.name}`;
  if (given.length > 0) bar.say(`${title}: shown`);
}

function welcome(): HTMLElement {
  return html(
    'section',
    { class: 'welcome' },
    html('h2', {}, 'What did ZooKeeper’s clients really see?'),
    html(
      'p',
      {},
      'Open a capture taken during an outage: the page decodes every ZooKeeper message in it, works out who knew what and when, and says what went wrong, with the frames that prove it.',
    ),
    html(
      'p',
      {},
      html('a', { href: addressOf(['hex']) }, 'Or paste the bytes of a message'),
      ' to have them explained.',
    ),
  );
}

function toolsFor(): void {
  const [name = ''] = words;
  const kept = filtersIn(words);
  views.replaceChildren(
    ...COMMANDS.filter(({ title }) => title !== null).map((one) =>
      html(
        'a',
        {
          href: addressOf([one.name, ...(one.captures ? kept : [])]),
          'aria-current': one.name === name ? 'page' : null,
        },
        one.title,
      ),
    ),
  );
  line.value = lineOf(words);
  for (const { option, input } of fields) {
    const at = kept.indexOf(option);
    input.value = at < 0 ? '' : (kept[at + 1] ?? '');
  }
  const count = kept.filter((word, i) => i % 2 === 0 && word !== '--time').length;
  filterCount.textContent = count === 0 ? '' : ` (${count})`;
}

function fileItem(file: Given): HTMLElement {
  const size = bytesText(file.blob.size);
  const remove = button(
    '×',
    () => {
      setGiven(given.filter((other) => other !== file));
    },
    { 'aria-label': `Close ${file.name}` },
  );
  return html('li', {}, html('bdi', {}, file.name), ` ${size}${file.keyLog ? ', key log' : ''} `, remove);
}

function setGiven(files: readonly Given[]): void {
  given = files;
  known.clear();
  program.setFiles(given.map(({ name, blob }) => ({ name, blob })));
  fileList.replaceChildren(...given.map(fileItem));
  void draw();
}

async function add(files: readonly File[]): Promise<void> {
  const more: Given[] = [...given];
  for (const file of files) {
    const taken = more.map(({ name }) => name);
    more.push({ name: freeName(file.name, taken), blob: file, keyLog: await isKeyLog(file) });
  }
  if (files.length > 0) setGiven(more);
}

function route(): void {
  const command = location.hash === '' ? ['analyze'] : commandOf(location.hash, COMMAND_NAMES);
  // An address of a finding or a section of the report: the browser goes there by itself.
  if (command === null) return;
  words = command;
  void draw();
}

function go(command: readonly string[]): void {
  const address = addressOf(command);
  if (location.hash === address) void draw();
  else location.hash = address;
}

function listen(): void {
  choose.addEventListener('change', () => {
    void add([...(choose.files ?? [])]);
    choose.value = '';
  });
  addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) drop.classList.remove('over');
  });
  addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    if (event.dataTransfer !== null) void filesOf(event.dataTransfer).then(add);
  });
  commandForm.addEventListener('submit', (event) => {
    event.preventDefault();
    const typed = parseLine(line.value).filter((word, i) => i > 0 || word !== 'zkscope');
    go(COMMAND_NAMES.includes(typed[0] ?? '') ? typed : ['analyze', ...typed]);
  });
  filterForm.addEventListener('submit', (event) => {
    event.preventDefault();
    const chosen = fields.flatMap(({ option, input }) =>
      input.value.trim() === '' ? [] : [option, input.value.trim()],
    );
    go([...withoutFilters(words), ...chosen]);
  });
  filterForm.addEventListener('reset', () => {
    go(withoutFilters(words));
  });
  addEventListener('hashchange', route);
}

function start(): void {
  const licences = html('details', {}, html('summary', {}, 'Licences'), html('pre', {}, textOf('licences')));
  document.body.append(
    html('a', { class: 'skip', href: '#main' }, 'Skip to the result'),
    html(
      'header',
      { class: 'top' },
      html('h1', {}, 'zkscope'),
      html(
        'p',
        { class: 'promise' },
        'Everything stays on this machine: the page’s own policy lets it load and send nothing.',
      ),
      html(
        'div',
        { class: 'buttons' },
        themeButton(() => {
          void draw();
        }),
      ),
    ),
    drop,
    tools,
    bar.element,
    main,
    html('footer', {}, licences),
  );
  main.id = 'main';
  listen();
  route();
  document.documentElement.dataset['ready'] = 'true';
}

start();
