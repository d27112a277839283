import { listing, numberText } from '../../../../observations/words.js';
import { timeOfDay } from '../../../text/timeOfDay.js';
import type { CaptureData, FindingData, IncidentData, ReportData } from '../../data.js';
import { plainTable } from './cells.js';
import { badge, findingCard } from './finding.js';
import type { Make } from './make.js';

/** The table of findings says once more what the incidents do: it is for programs. */
const NOT_SHOWN = 'findings';
const CAPTURES = 12;
const HOSTS = 6;

/** All of a report that is words: its heading, and what stands below. Charts are added where scripts may run. */
export function reportContent<N>(make: Make<N>, data: ReportData): { readonly header: N; readonly sections: N[] } {
  return {
    header: header(make, data),
    sections: [
      verdict(make, data),
      contents(make, data),
      ...(hasTimeline(data) ? [timelinePlace(make)] : []),
      ...incidents(make, data),
      ...shownTables(data).map((table) =>
        make('section', { class: 'tables', id: table.id }, make('h2', {}, table.title), plainTable(make, table)),
      ),
    ],
  };
}

export function hasTimeline({ from, to, levels }: ReportData): boolean {
  return from !== null && to !== null && levels.length > 0;
}

export function shownTables({ tables }: ReportData): ReportData['tables'] {
  return tables.filter(({ id }) => id !== NOT_SHOWN);
}

function header<N>(make: Make<N>, data: ReportData): N {
  const { captures, version } = data;
  const lines = captures.slice(0, CAPTURES).map((capture) => make('li', {}, captureLine(capture, data.zone)));
  if (captures.length > CAPTURES)
    lines.push(make('li', {}, `and ${numberText(captures.length - CAPTURES)} more captures`));
  return make(
    'header',
    { class: 'page' },
    make('div', {}, make('p', { class: 'product' }, `zkscope ${version}`), make('h1', {}, 'What the capture shows')),
    make('div', { class: 'buttons' }),
    make('ul', { class: 'captures' }, ...lines),
  );
}

function captureLine({ file, packets, from, to, truncated }: CaptureData, zone: string): string {
  const when =
    from === null || to === null
      ? 'no packets'
      : `${from.slice(0, 10)}, ${timeOfDay(from)} to ${timeOfDay(to)} ${zone}`;
  return `${file}: ${when}, ${numberText(packets)} packets${truncated ? ', cut short' : ''}`;
}

function verdict<N>(make: Make<N>, data: ReportData): N {
  const { tone, headline, sentences, counted, unseen } = data.verdict;
  const items = sentences.map(({ finding, text }) => {
    const found = finding === null ? undefined : data.findings[finding - 1];
    const link =
      found === undefined
        ? null
        : make(
            'a',
            { href: `#finding-${found.number}`, 'aria-label': `Finding ${found.number}` },
            badge(make, found.severity, found.number),
          );
    return make('li', {}, link, ' ', make('span', {}, text));
  });
  return make(
    'section',
    { class: `verdict ${tone}`, 'aria-label': 'Verdict' },
    make('h2', {}, headline),
    items.length === 0 ? null : make('ol', { class: 'sentences' }, ...items),
    make('p', { class: 'counted' }, counted),
    unseen.length === 0
      ? make(
          'p',
          { class: 'unseen' },
          'Nothing was lost: every byte of the connections was captured and decoded. What happened before, after and elsewhere is not in the capture.',
        )
      : make('ul', { class: 'unseen' }, ...unseen.map((text) => make('li', {}, text))),
  );
}

function contents<N>(make: Make<N>, data: ReportData): N {
  const link = (id: string, text: string): N => make('li', {}, make('a', { href: `#${id}` }, text));
  const items: N[] = [];
  if (hasTimeline(data)) items.push(link('timeline', 'Timeline'));
  for (const { number, title } of data.incidents.filter(({ severity }) => severity !== 'info'))
    items.push(link(`incident-${number}`, `${number}. ${title}`));
  if (data.incidents.some(({ severity }) => severity === 'info')) items.push(link('remarks', 'Remarks'));
  for (const { id, title, rows } of shownTables(data)) items.push(link(id, `${title} (${numberText(rows.length)})`));
  return make('nav', { class: 'contents', 'aria-label': 'Contents' }, make('ul', {}, ...items));
}

function timelinePlace<N>(make: Make<N>): N {
  return make(
    'section',
    { id: 'timeline', 'aria-labelledby': 'timeline-title', tabindex: -1 },
    make('h2', { id: 'timeline-title' }, 'Timeline'),
    make(
      'p',
      { class: 'note needs-script' },
      'The charts are drawn by a script, which does not run here. All else is below.',
    ),
  );
}

function incidents<N>(make: Make<N>, data: ReportData): N[] {
  const grave = data.incidents.filter(({ severity }) => severity !== 'info');
  const light = data.incidents.filter(({ severity }) => severity === 'info');
  const sections: N[] = [];
  if (grave.length > 0)
    sections.push(
      make(
        'section',
        { id: 'incidents', 'aria-labelledby': 'incidents-title' },
        make('h2', { id: 'incidents-title' }, grave.length === 1 ? 'What happened' : 'Incidents'),
        ...grave.map((incident, place) => story(make, incident, data, place === 0)),
      ),
    );
  const remarks = light.flatMap((incident) => findingsOf(incident, data));
  if (remarks.length > 0)
    sections.push(
      make(
        'section',
        { id: 'remarks', 'aria-labelledby': 'remarks-title' },
        make('h2', { id: 'remarks-title' }, 'Remarks'),
        ...remarks.map((finding) => findingCard(make, finding, data.zone, false)),
      ),
    );
  if (data.findingsNote !== null) sections.push(make('p', { class: 'note' }, data.findingsNote));
  return sections;
}

function findingsOf({ findings }: IncidentData, data: ReportData): FindingData[] {
  return findings.map((number) => data.findings[number - 1]).filter((finding) => finding !== undefined);
}

/** One event: its cause, what followed in order, and what was never put right. */
function story<N>(make: Make<N>, incident: IncidentData, data: ReportData, first: boolean): N {
  const { number, severity, title, hosts, fromText, toText, unrepaired, next } = incident;
  const when = `${timeOfDay(fromText).slice(0, 12)} – ${timeOfDay(toText).slice(0, 12)} ${data.zone}`;
  const cards = findingsOf(incident, data).map((finding, place) =>
    findingCard(make, finding, data.zone, first && place === 0),
  );
  const open = unrepaired.map((text) => make('li', {}, text));
  return make(
    'article',
    { class: `incident ${severity}`, id: `incident-${number}` },
    make('h3', {}, `${number}. ${title}`),
    make('p', { class: 'whom' }, hosts.length === 0 ? when : `${when}: ${listing(hosts, HOSTS)}`),
    ...cards,
    open.length === 0
      ? null
      : make('div', { class: 'open' }, make('strong', {}, 'Never put right:'), make('ul', {}, ...open)),
    make('p', { class: 'next' }, 'Look further: ', make('code', {}, next)),
  );
}
