import type { FactData, FindingData } from '../../data.js';
import { copyButton } from './copy.js';
import { html } from './dom.js';
import { ladder } from './ladder.js';
import { dataTable } from './table.js';

const ICONS = { error: '✕', warning: '!', info: 'i' } as const;

/** The round number of a finding, in the colour of its severity. */
export function badge(finding: FindingData): HTMLElement {
  return html('span', { class: `badge ${finding.severity}`, 'aria-hidden': 'true' }, String(finding.number));
}

/** One finding in full. `show` brings its time into the timeline. */
export function findingCard(finding: FindingData, show: (finding: FindingData) => void): HTMLElement {
  const { number, severity, title, rule, confidence, message, remedy } = finding;
  const button = html('button', { type: 'button', class: 'show' }, 'Show on the timeline');
  button.addEventListener('click', () => {
    show(finding);
  });
  const card = html(
    'article',
    { class: `finding ${severity}`, id: `finding-${number}`, tabindex: -1, 'aria-labelledby': `title-${number}` },
    html(
      'header',
      {},
      badge(finding),
      html(
        'h3',
        { id: `title-${number}` },
        html('span', { class: 'severity' }, `${ICONS[severity]} ${severity}`),
        ' ',
        title,
      ),
      html('span', { class: 'rule' }, `${rule}, ${confidence}`),
    ),
    html('p', { class: 'message' }, message),
    facts(finding.facts),
  );
  const evidence = ladder(finding);
  if (evidence !== null) card.append(html('h4', {}, 'The frames that prove it'), evidence);
  if (finding.filters.length > 0) card.append(html('h4', {}, 'Look it up in Wireshark'), filters(finding));
  for (const table of finding.tables) {
    const named = { ...table, id: `${table.id}-${number}` };
    card.append(html('h4', {}, table.title), dataTable(named, table.rows.length > 20));
  }
  card.append(html('p', { class: 'remedy' }, html('strong', {}, 'What to do: '), remedy), button);
  return card;
}

function facts(list: readonly FactData[]): HTMLElement {
  const items = list.map(({ name, values, code }) =>
    html(
      'div',
      {},
      html('dt', {}, name),
      html('dd', {}, ...values.flatMap((value) => (code ? [html('code', {}, value), ' '] : [value]))),
    ),
  );
  return html('dl', { class: 'facts' }, ...items);
}

function filters({ filters: list }: FindingData): HTMLElement {
  return html(
    'ul',
    { class: 'filters' },
    ...list.map(({ name, text }) =>
      html(
        'li',
        {},
        html('span', { class: 'name' }, name),
        html('code', {}, text),
        copyButton(text, `${name}, ${text}`),
      ),
    ),
  );
}
