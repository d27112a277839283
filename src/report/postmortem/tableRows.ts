import type { CellKind, TableData } from './data.js';

/** Whether the cells of a column are numbers, which stand to the right. */
export const isNumeric = (kind: CellKind): boolean => kind === 'number' || kind === 'frame' || kind === 'seconds';

/** The rows as the table says that they are sorted to begin with. */
export function sortedRows({ rows, sort }: TableData): TableData['rows'] {
  if (sort === null) return rows;
  const { column, down } = sort;
  const value = (row: (typeof rows)[number]): number => Number(row[column] ?? -1);
  return [...rows].sort((a, b) => (down ? value(b) - value(a) : value(a) - value(b)));
}
