import type { ColumnType, SqlColumn } from '../export/sql/columns.js';
import { table, type TableName } from '../export/sql/tables.js';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.(\d{6}|\d{9})Z$/;
const columns = new Map<TableName, readonly SqlColumn[]>();

/** Throws where a row holds what its table has no column for, or a value that its column cannot take. */
export function checkRow(name: TableName, row: object): void {
  let known = columns.get(name);
  if (known === undefined) columns.set(name, (known = table(name).columns));
  checkObject(name, known, row);
}

function checkObject(where: string, known: readonly SqlColumn[], row: object): void {
  const names = new Set(known.map(({ name }) => name));
  for (const [name, value] of Object.entries(row))
    if (value !== undefined && !names.has(name)) throw new Error(`${where}: no column ${name}`);
  for (const { name, type, required } of known) {
    const value = (row as Readonly<Record<string, unknown>>)[name] ?? null;
    if (value !== null) checkValue(`${where}.${name}`, type, value);
    else if (required) throw new Error(`${where}: no ${name}`);
  }
}

function checkValue(where: string, type: ColumnType, value: unknown): void {
  if (typeof type === 'string') {
    if (!FITS[type](value)) throw new Error(`${where} is no ${type}: ${JSON.stringify(value)}`);
  } else if ('object' in type) checkObject(where, type.object, value as object);
  else for (const item of value as readonly object[]) checkObject(where, type.list, item);
}

const FITS: Readonly<Record<ColumnType & string, (value: unknown) => boolean>> = {
  // What is a name or a number is kept as text.
  text: (value) => typeof value === 'string' || typeof value === 'number',
  texts: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  integer: (value) => Number.isInteger(value),
  count: (value) => Number.isInteger(value) && Number(value) >= 0,
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  boolean: (value) => typeof value === 'boolean',
  time: (value) => typeof value === 'string' && TIME.test(value),
  json: () => true,
};
