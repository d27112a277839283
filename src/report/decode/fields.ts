import { printable } from '../text/escape.js';
import type { MessageRecord } from '../../observations/record.js';

/** Value at a dotted name such as `stat.czxid`, undefined where there is none. */
function valueAt(record: MessageRecord, names: readonly string[]): unknown {
  let value: unknown = record;
  for (const name of names) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as MessageRecord)[name];
  }
  return value;
}

/** A value of a record as plain text: what is not simple as JSON. */
export function plainText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

/** How columns are told apart. */
export interface ColumnStyle {
  /** A first line with the names of the columns. */
  readonly header: boolean;
  /** CSV (RFC 4180) in place of tabs. */
  readonly csv: boolean;
}

/** Makes the `--fields` printer: columns in the order asked for, empty where a message has none. */
export function fieldsFormatter(fields: readonly string[], { csv }: ColumnStyle): (record: MessageRecord) => string {
  const paths = fields.map((field) => field.split('.'));
  const line = csv ? csvLine : tabLine;
  return (record) => line(paths.map((names) => plainText(valueAt(record, names))));
}

/** The first line of columns that have one. */
export function fieldsHeader(fields: readonly string[], { csv }: ColumnStyle): string {
  return (csv ? csvLine : tabLine)(fields);
}

function tabLine(cells: readonly string[]): string {
  return `${cells.join('\t')}\n`;
}

/** A cell that a spreadsheet would run as a formula. */
const FORMULA = /^[=+\-@]/;
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

function csvLine(cells: readonly string[]): string {
  const cell = (text: string): string => {
    const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return `${cells.map(cell).join(',')}\r\n`;
}
