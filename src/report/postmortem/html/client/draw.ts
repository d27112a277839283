import type { FindingData, ReportData } from '../../data.js';
import { named } from '../content/finding.js';
import type { Make } from '../content/make.js';
import { hasTimeline, reportContent, shownTables } from '../content/report.js';
import { Charts } from './charts.js';
import { copyButton } from './copy.js';
import { html } from './dom.js';
import { Lanes } from './lanes.js';
import { FindingMarkers } from './markers.js';
import { TimeRange } from './range.js';
import { dataTable } from './table.js';
import { lightForPrint, themeButton } from './theme.js';

const SEARCHED = 8;

const make: Make<Node> = (tag, attributes, ...children) => html(tag, attributes, ...children);

function zoomButtons(range: TimeRange): HTMLElement {
  const button = (text: string, name: string, act: () => void): HTMLButtonElement => {
    const element = html('button', { type: 'button', 'aria-label': name, title: name }, text);
    element.addEventListener('click', act);
    return element;
  };
  const all = button('All', 'Show the whole capture', () => {
    range.reset();
  });
  all.disabled = true;
  range.onChange(() => {
    all.disabled = range.whole;
  });
  return html(
    'div',
    { class: 'zoom', role: 'group', 'aria-label': 'Zoom' },
    button('+', 'Zoom in', () => {
      range.zoom(0.5);
    }),
    button('−', 'Zoom out', () => {
      range.zoom(2);
    }),
    button('◀', 'Earlier', () => {
      range.move(-0.4);
    }),
    button('▶', 'Later', () => {
      range.move(0.4);
    }),
    all,
  );
}

/** Draws a report into an element. */
export function drawReport(data: ReportData, into: HTMLElement): void {
  const { header, sections } = reportContent(make, data);
  // Where the report is a part of a page, that has its own main.
  const main = html(into === document.body ? 'main' : 'div', { class: 'report' }, ...sections);
  into.append(header, main);
  enliven(data, into);
}

/** Adds to the words of a report what only a script can do: charts, buttons, tables that sort and search. */
export function enliven(data: ReportData, root: HTMLElement): void {
  const main = root.querySelector<HTMLElement>('.report');
  if (main === null) return;
  const redraw: (() => void)[] = [];
  const drawAll = (): void => {
    for (const draw of redraw) draw();
  };
  root.querySelector('.buttons')?.append(themeButton(drawAll), printButton());
  const show = timeline(data, main, redraw);
  for (const finding of data.findings) card(finding, main, show);
  for (const table of shownTables(data)) lively(main, table, SEARCHED);
  openLinked();
  addEventListener('beforeprint', () => {
    for (const details of main.querySelectorAll('details')) details.open = true;
  });
  lightForPrint(drawAll);
  let width = 0;
  const resized = (): void => {
    if (main.clientWidth === width) return;
    width = main.clientWidth;
    drawAll();
  };
  new ResizeObserver(resized).observe(main);
  resized();
}

function printButton(): HTMLElement {
  const print = html('button', { type: 'button' }, 'Print');
  print.addEventListener('click', () => {
    window.print();
  });
  return print;
}

/** Fills the place of the timeline. @returns what brings the time of a finding into it; null where there is none */
function timeline(
  data: ReportData,
  main: HTMLElement,
  redraw: (() => void)[],
): ((finding: FindingData) => void) | null {
  const section = main.querySelector<HTMLElement>('#timeline');
  if (section === null || !hasTimeline(data)) return null;
  const range = new TimeRange(data.from!, Math.max(data.to!, data.from! + 1e-3));
  const bring = (finding: FindingData): void => {
    const pad = Math.max((finding.to - finding.from) * 0.75, (range.last - range.first) / 400);
    range.set(finding.from - pad, finding.to + pad);
  };
  const charts = new Charts(data, range);
  const markers = new FindingMarkers(data.findings, range, (finding) => {
    bring(finding);
    openFinding(document.getElementById(`finding-${finding.number}`));
  });
  const lanes = new Lanes(data, range);
  const title = section.querySelector('h2');
  section.replaceChildren(
    html('div', { class: 'heading' }, title, zoomButtons(range)),
    html(
      'p',
      { class: 'hint' },
      `Drag across the charts to zoom in, double click to see all of it again. A number leads to its finding. Times are ${data.zone}.`,
    ),
    markers.element,
    charts.element,
    ...(data.lanes.length === 0 ? [] : [html('h3', {}, 'Sessions'), lanes.element]),
  );
  redraw.push(
    () => {
      markers.draw();
    },
    () => {
      charts.draw();
    },
    () => {
      lanes.draw();
    },
  );
  addEventListener('beforeprint', () => {
    lanes.showAll();
  });
  return (finding) => {
    bring(finding);
    section.scrollIntoView({ block: 'start' });
    section.focus({ preventScroll: true });
  };
}

/** Unfolds a finding and goes there. */
function openFinding(proof: HTMLElement | null): void {
  if (proof === null) return;
  const details = proof.closest('details');
  if (details !== null) details.open = true;
  (details ?? proof).scrollIntoView({ block: 'start' });
  proof.focus({ preventScroll: true });
}

/** A link to a finding unfolds it. */
function openLinked(): void {
  const follow = (): void => {
    if (location.hash.startsWith('#finding-')) openFinding(document.getElementById(location.hash.slice(1)));
  };
  addEventListener('hashchange', follow);
  follow();
}

/** Buttons of one finding, and its tables. */
function card(finding: FindingData, main: HTMLElement, show: ((finding: FindingData) => void) | null): void {
  const proof = main.querySelector<HTMLElement>(`#finding-${finding.number}`);
  if (proof === null) return;
  for (const item of proof.querySelectorAll('.filters li')) {
    const text = item.querySelector('code')?.textContent ?? '';
    item.append(copyButton(text, `${item.querySelector('.name')?.textContent ?? ''}, ${text}`));
  }
  for (const table of finding.tables) lively(proof, named(table, finding.number), 20);
  if (show === null) return;
  const button = html('button', { type: 'button', class: 'show' }, 'Show on the timeline');
  button.addEventListener('click', () => {
    show(finding);
  });
  proof.append(button);
}

function lively(within: HTMLElement, table: ReportData['tables'][number], searched: number): void {
  within.querySelector(`[data-table="${table.id}"]`)?.replaceWith(dataTable(table, table.rows.length > searched));
}
