import { numberText } from '../../../../observations/words.js';
import { timeOfDay } from '../../../text/timeOfDay.js';
import type { CellKind, TableData } from '../../data.js';
import { sortedRows, isNumeric } from '../../tableRows.js';
import { spanText } from '../client/format.js';
import type { Make } from './make.js';

type Cell = string | number | null;

const NOTHING = '–';

/** What a cell says. */
function cellText(value: Cell, kind: CellKind): string {
  if (value === null || value === '') return NOTHING;
  if (typeof value === 'string') return kind === 'time' ? timeOfDay(value) : value;
  if (kind === 'frame') return String(value);
  return kind === 'seconds' ? spanText(value) : numberText(value);
}

export function tableCell<N>(make: Make<N>, value: Cell, kind: CellKind): N {
  const text = cellText(value, kind);
  const attributes = { class: isNumeric(kind) ? 'number' : kind };
  if (kind === 'findings' && value !== null && value !== '') {
    const links = text.split(' ').flatMap((number) => [make('a', { href: `#finding-${number}` }, number), ' ']);
    return make('td', attributes, ...links);
  }
  return make('td', attributes, kind === 'code' && text !== NOTHING ? make('code', {}, text) : text);
}

/** Rows that are in a page which no script has made livelier. */
const ROWS = 100;

/** A table as it is to begin with: the client puts one that sorts and searches in its place. */
export function plainTable<N>(make: Make<N>, table: TableData): N {
  const { id, title, columns, rows } = table;
  const head = columns.map(({ name, kind }) =>
    make('th', { scope: 'col', class: isNumeric(kind) ? 'number' : null }, name),
  );
  const body = sortedRows(table)
    .slice(0, ROWS)
    .map((row) => make('tr', {}, ...columns.map(({ kind }, i) => tableCell(make, row[i] ?? null, kind))));
  const more = rows.length - ROWS;
  return make(
    'div',
    { class: 'table', 'data-table': id },
    make(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': title },
      make(
        'table',
        { class: 'data' },
        make('caption', { class: 'offscreen' }, title),
        make('thead', {}, make('tr', {}, ...head)),
        make('tbody', {}, ...body),
      ),
    ),
    more <= 0 ? null : make('p', { class: 'note' }, `and ${numberText(more)} more rows, which a script would show`),
  );
}
