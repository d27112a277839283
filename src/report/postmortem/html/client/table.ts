import { compareNames, numberText } from '../../../../observations/words.js';
import type { TableData } from '../../data.js';
import { isNumeric } from '../../tableRows.js';
import { tableCell } from '../content/cells.js';
import type { Make } from '../content/make.js';
import { html } from './dom.js';

const make: Make<Node> = (tag, attributes, ...children) => html(tag, attributes, ...children);

type Cell = string | number | null;
type Row = readonly Cell[];

/** Rows that are in the page at a time; the rest come by a button. */
const PAGE = 100;

/** Order of two cells: numbers by size, text by its words and the numbers in it, nothing last. */
export function compareCells(a: Cell, b: Cell): number {
  if (a === b) return 0;
  if (a === null || a === '') return b === null || b === '' ? 0 : 1;
  if (b === null || b === '') return -1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return compareNames(String(a), String(b));
}

/** Rows in the order of a column; what is empty stays last in both directions. */
export function sortRows(rows: readonly Row[], column: number, down: boolean): Row[] {
  const empty = (row: Row): boolean => row[column] === null || row[column] === undefined || row[column] === '';
  const full = rows.filter((row) => !empty(row));
  full.sort((a, b) => (down ? -1 : 1) * compareCells(a[column] ?? null, b[column] ?? null));
  return [...full, ...rows.filter(empty)];
}

/** Rows that hold every word of the search, wherever. */
export function searchRows(rows: readonly Row[], search: string): Row[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return [...rows];
  return rows.filter((row) => {
    const text = row
      .map((cell) => String(cell ?? ''))
      .join('\t')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** A table that sorts by its headings, and, with `search`, filters by what is typed. Draws a page of rows at a time. */
export function dataTable(data: TableData, search: boolean): HTMLElement {
  let { column, down } = data.sort ?? { column: -1, down: false };
  let shown = PAGE;
  let found: Row[] = [...data.rows];
  const body = html('tbody');
  const headings = data.columns.map(({ name, kind }, i) => {
    const button = html('button', { type: 'button' }, name);
    const heading = html('th', { scope: 'col', class: isNumeric(kind) ? 'number' : null }, button);
    button.addEventListener('click', () => {
      down = column === i ? !down : isNumeric(kind);
      column = i;
      shown = PAGE;
      draw();
    });
    return heading;
  });
  const more = html('button', { type: 'button', class: 'more' });
  more.addEventListener('click', () => {
    shown += PAGE;
    draw();
  });
  const count = html('p', { class: 'count', role: 'status' });
  const table = html(
    'table',
    { class: 'data', id: `table-${data.id}` },
    html('caption', { class: 'offscreen' }, data.title),
    html('thead', {}, html('tr', {}, ...headings)),
    body,
  );
  const box = html('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': data.title }, table);
  const parts: HTMLElement[] = [];
  if (search) {
    const input = html('input', { type: 'search', placeholder: 'Search', 'aria-label': `Search ${data.title}` });
    input.addEventListener('input', () => {
      found = searchRows(data.rows, input.value);
      shown = PAGE;
      draw();
    });
    parts.push(html('div', { class: 'search' }, input, count));
  }
  const draw = (): void => {
    const sorted = column < 0 ? found : sortRows(found, column, down);
    body.replaceChildren(
      ...sorted
        .slice(0, shown)
        .map((row) => html('tr', {}, ...data.columns.map(({ kind }, i) => tableCell(make, row[i] ?? null, kind)))),
    );
    for (const [i, heading] of headings.entries()) {
      if (i === column) heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      else heading.removeAttribute('aria-sort');
    }
    const left = sorted.length - shown;
    more.hidden = left <= 0;
    more.textContent = `Show ${numberText(Math.min(PAGE, Math.max(left, 0)))} more of ${numberText(Math.max(left, 0))}`;
    count.textContent =
      found.length === data.rows.length
        ? `${numberText(data.rows.length)} rows`
        : `${numberText(found.length)} of ${numberText(data.rows.length)} rows`;
  };
  draw();
  return html('div', { class: 'table' }, ...parts, box, more);
}
