import { numberText } from '../../../../observations/words.js';
import type { CaptureData, FindingData, ReportData } from '../../data.js';
import { Charts, FindingMarkers } from './charts.js';
import { html } from './dom.js';
import { badge, findingCard } from './finding.js';
import { timeOfDay } from '../../../text/timeOfDay.js';
import { Lanes } from './lanes.js';
import { TimeRange } from './range.js';
import { dataTable } from './table.js';
import { lightForPrint, themeButton } from './theme.js';

const SEARCHED = 8;

function captureLine({ file, packets, from, to, truncated }: CaptureData): string {
  const when =
    from === null || to === null ? 'no packets' : `${from.slice(0, 10)}, ${timeOfDay(from)} to ${timeOfDay(to)} UTC`;
  return `${file}: ${when}, ${numberText(packets)} packets${truncated ? ', cut short' : ''}`;
}

function header(data: ReportData, theme: HTMLElement): HTMLElement {
  const print = html('button', { type: 'button' }, 'Print');
  print.addEventListener('click', () => {
    window.print();
  });
  const captures = data.captures.slice(0, 12).map((capture) => html('li', {}, captureLine(capture)));
  if (data.captures.length > 12)
    captures.push(html('li', {}, `and ${numberText(data.captures.length - 12)} more captures`));
  return html(
    'header',
    { class: 'page' },
    html(
      'div',
      {},
      html('p', { class: 'product' }, `zkscope ${data.version}`),
      html('h1', {}, 'What the capture shows'),
    ),
    html('div', { class: 'buttons' }, theme, print),
    html('ul', { class: 'captures' }, ...captures),
  );
}

function verdict({ verdict: { tone, headline, sentences, counted, unseen }, findings }: ReportData): HTMLElement {
  const list = html('ol', { class: 'sentences' });
  for (const { finding, text } of sentences) {
    const item = html('li');
    const found = finding === null ? undefined : findings[finding - 1];
    if (found !== undefined) {
      const link = html('a', { href: `#finding-${found.number}` }, badge(found));
      link.setAttribute('aria-label', `Finding ${found.number}`);
      item.append(link, ' ');
    }
    item.append(html('span', {}, text));
    list.append(item);
  }
  const box = html('section', { class: `verdict ${tone}`, 'aria-label': 'Verdict' }, html('h2', {}, headline));
  if (sentences.length > 0) box.append(list);
  box.append(html('p', { class: 'counted' }, counted));
  box.append(
    unseen.length === 0
      ? html(
          'p',
          { class: 'unseen' },
          'Nothing was lost: every byte of the connections was captured and decoded. What happened before, after and elsewhere is not in the capture.',
        )
      : html('ul', { class: 'unseen' }, ...unseen.map((text) => html('li', {}, text))),
  );
  return box;
}

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
  // Where the report is a part of a page, that has its own main.
  const main = html(into === document.body ? 'main' : 'div');
  const redraw: (() => void)[] = [];
  const drawAll = (): void => {
    for (const draw of redraw) draw();
  };
  into.append(header(data, themeButton(drawAll)), main);
  main.append(verdict(data));
  let show: (finding: FindingData) => void = () => undefined;
  if (data.from !== null && data.to !== null && data.levels.length > 0) {
    const range = new TimeRange(data.from, Math.max(data.to, data.from + 1e-3));
    const section = html('section', { id: 'timeline', 'aria-labelledby': 'timeline-title', tabindex: -1 });
    show = (finding) => {
      const pad = Math.max((finding.to - finding.from) * 0.75, (range.last - range.first) / 400);
      range.set(finding.from - pad, finding.to + pad);
      section.scrollIntoView({ block: 'start' });
      section.focus({ preventScroll: true });
    };
    const charts = new Charts(data, range);
    const markers = new FindingMarkers(data.findings, range, (finding) => {
      const card = document.getElementById(`finding-${finding.number}`);
      const pad = Math.max((finding.to - finding.from) * 0.75, (range.last - range.first) / 400);
      range.set(finding.from - pad, finding.to + pad);
      card?.scrollIntoView({ block: 'start' });
      card?.focus({ preventScroll: true });
    });
    const lanes = new Lanes(data, range);
    section.append(
      html('div', { class: 'heading' }, html('h2', { id: 'timeline-title' }, 'Timeline'), zoomButtons(range)),
      html(
        'p',
        { class: 'hint' },
        'Drag across the charts to zoom in, double click to see all of it again. A number leads to its finding. Times are UTC.',
      ),
      markers.element,
      charts.element,
      html('h3', {}, 'Sessions'),
      lanes.element,
    );
    main.append(section);
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
  }
  if (data.findings.length > 0) {
    const section = html(
      'section',
      { id: 'findings', 'aria-labelledby': 'findings-title' },
      html('h2', { id: 'findings-title' }, 'Findings'),
    );
    section.append(...data.findings.map((finding) => findingCard(finding, show)));
    if (data.findingsNote !== null) section.append(html('p', { class: 'note' }, data.findingsNote));
    main.append(section);
  }
  for (const table of data.tables)
    main.append(
      html('section', { class: 'tables' }, html('h2', {}, table.title), dataTable(table, table.rows.length > SEARCHED)),
    );
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
