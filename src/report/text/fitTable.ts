import type { ChalkInstance } from 'chalk';
import Table from 'cli-table3';
import { BARE } from './bareTable.js';
import { shorten } from './shorten.js';
import { textWidth } from './width.js';

/** One column of a table for the terminal. */
export interface Column {
  readonly title: string;
  /** Plain text, already printable, one for each row. */
  readonly cells: readonly string[];
  readonly align?: 'left' | 'right';
  /** 0 is always shown; the others go when the terminal is narrow, the highest first. */
  readonly rank: number;
  /** Texts that may lose their middle rather than columns go missing, down to this many columns. */
  readonly shrinkTo?: number;
  /** What it keeps before others go missing for its sake. */
  readonly comfortable?: number;
  /** Left out when all its cells are this. */
  readonly blank?: string;
  readonly paint?: (cell: string) => string;
}

export interface FittedTable {
  readonly text: string;
  /** Titles of columns that did not fit. */
  readonly missing: readonly string[];
}

const SPACE = 2;
/** What a column that may shrink keeps before others go for its sake, unless it says otherwise. */
const COMFORTABLE = 32;
/** Rows that are laid out at a time: the layout of very many at once takes very long. */
const BATCH = 500;

interface Measured extends Column {
  width: number;
}

function measure(column: Column): Measured {
  let width = textWidth(column.title);
  for (const cell of column.cells) width = Math.max(width, textWidth(cell));
  return { ...column, width };
}

const total = (columns: readonly Measured[]): number => columns.reduce((sum, { width }) => sum + width + SPACE, -SPACE);

/** Takes width from the columns that may give it, each down to `least(column)`. */
function shrink(columns: readonly Measured[], width: number, least: (column: Measured) => number): void {
  for (const column of columns) {
    if (column.shrinkTo === undefined) continue;
    const excess = total(columns) - width;
    if (excess <= 0) return;
    column.width = Math.max(Math.min(column.width, least(column)), column.width - excess);
  }
}

/** A table without lines that fits the terminal: columns that matter less go first, long texts lose their middle. */
export function fitTable(columns: readonly Column[], width: number, colour: ChalkInstance): FittedTable {
  let shown = columns
    .filter(({ blank, cells }) => blank === undefined || cells.some((cell) => cell !== blank))
    .map(measure);
  const missing: string[] = [];
  shrink(shown, width, (column) => Math.max(column.shrinkTo!, column.comfortable ?? COMFORTABLE));
  while (total(shown) > width) {
    const least = shown.reduce((worst, column) => (column.rank > worst.rank ? column : worst));
    if (least.rank === 0) break;
    missing.unshift(least.title);
    shown = shown.filter((column) => column !== least);
  }
  shrink(shown, width, (column) => column.shrinkTo!);
  return { text: layOut(shown, colour), missing };
}

function layOut(columns: readonly Measured[], colour: ChalkInstance): string {
  const rows = columns[0]?.cells.length ?? 0;
  const lines: string[] = [];
  for (let from = 0; from === 0 || from < rows; from += BATCH) {
    const table = new Table({
      ...(from === 0 ? { head: columns.map(({ title }) => colour.bold(title)) } : {}),
      chars: BARE,
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
      colWidths: columns.map(({ width }) => width),
      colAligns: columns.map(({ align }) => align ?? 'left'),
    });
    for (let row = from; row < Math.min(rows, from + BATCH); row++) {
      table.push(
        columns.map(({ cells, width, paint }) => {
          const text = shorten(cells[row]!, width);
          return paint === undefined ? text : paint(text);
        }),
      );
    }
    lines.push(...table.toString().split('\n'));
  }
  return lines.map((line) => line.trimEnd()).join('\n');
}
