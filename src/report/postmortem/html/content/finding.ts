import type { FactData, FindingData } from '../../data.js';
import { plainTable } from './cells.js';
import { ladder } from './ladder.js';
import type { Make } from './make.js';

const ICONS = { error: '✕', warning: '!', info: 'i' } as const;

/** The round number of a finding or an incident, in the colour of its severity. */
export function badge<N>(make: Make<N>, severity: FindingData['severity'], number: number): N {
  return make('span', { class: `badge ${severity}`, 'aria-hidden': 'true' }, String(number));
}

/**
 * One finding: what it says, and folded up what proves it.
 * @param open it is unfolded to begin with
 */
export function findingCard<N>(make: Make<N>, finding: FindingData, zone: string, open: boolean): N {
  const { number, severity, title, rule, confidence, message, remedy, filters, tables } = finding;
  const evidence = ladder(make, finding, zone);
  const body: (N | null)[] = [facts(make, finding.facts)];
  if (evidence !== null) body.push(make('h4', {}, 'The frames that prove it'), evidence);
  if (filters.length > 0) body.push(make('h4', {}, 'Look it up in Wireshark'), filterList(make, finding));
  for (const table of tables) body.push(make('h4', {}, table.title), plainTable(make, named(table, number)));
  body.push(make('p', { class: 'remedy' }, make('strong', {}, 'What to do: '), remedy));
  return make(
    'details',
    { class: `finding ${severity}`, open },
    make(
      'summary',
      {},
      badge(make, severity, number),
      make(
        'span',
        { class: 'says' },
        make(
          'strong',
          { id: `title-${number}` },
          make('span', { class: 'severity' }, `${ICONS[severity]} ${severity}`),
          ' ',
          title,
        ),
        ' ',
        make('span', { class: 'rule' }, `${rule}, ${confidence}`),
        make('span', { class: 'message' }, message),
      ),
    ),
    make(
      'div',
      {
        class: 'proof',
        id: `finding-${number}`,
        role: 'group',
        tabindex: -1,
        'aria-labelledby': `title-${number}`,
      },
      ...body,
    ),
  );
}

/** Tables of findings have names of their own in the page. */
export function named<T extends { readonly id: string }>(table: T, number: number): T {
  return { ...table, id: `${table.id}-${number}` };
}

function facts<N>(make: Make<N>, list: readonly FactData[]): N {
  const items = list.map(({ name, values, code }) =>
    make(
      'div',
      {},
      make('dt', {}, name),
      make('dd', {}, ...values.flatMap((value) => (code ? [make('code', {}, value), ' '] : [value]))),
    ),
  );
  return make('dl', { class: 'facts' }, ...items);
}

function filterList<N>(make: Make<N>, { filters }: FindingData): N {
  return make(
    'ul',
    { class: 'filters' },
    ...filters.map(({ name, text }) => make('li', {}, make('span', { class: 'name' }, name), make('code', {}, text))),
  );
}
