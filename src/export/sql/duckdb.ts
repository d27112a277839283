import type { SqlColumn, ColumnType } from './columns.js';
import type { Table } from './tables.js';

const SIMPLE = {
  text: 'VARCHAR',
  texts: 'VARCHAR[]',
  integer: 'BIGINT',
  count: 'UBIGINT',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  time: 'TIMESTAMP_NS',
  json: 'JSON',
} as const;

/** The type of a column as DuckDB names it. */
export function duckdbType(type: ColumnType): string {
  if (typeof type === 'string') return SIMPLE[type];
  return 'object' in type ? struct(type.object) : `${struct(type.list)}[]`;
}

function struct(columns: readonly SqlColumn[]): string {
  return `STRUCT(${columns.map(({ name, type }) => `${quoted(name)} ${duckdbType(type)}`).join(', ')})`;
}

/** A name as SQL has it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as SQL has it. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** `CREATE TABLE` with what each column means. */
export function createDuckdb({ name, text, columns }: Table): string {
  const lines = columns.map((column, i) => {
    const comma = i < columns.length - 1 ? ',' : '';
    return `  ${quoted(column.name)} ${duckdbType(column.type)}${comma}${column.text === '' ? '' : ` -- ${column.text}`}`;
  });
  return `-- ${text}\nCREATE TABLE ${name} (\n${lines.join('\n')}\n);\n`;
}
