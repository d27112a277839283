import type { ColumnType, SqlColumn } from './columns.js';
import type { Table } from './tables.js';

/** Of these no line of a table is without. */
const KEY = new Set(['host', 'run', 'seq']);

const TYPES = {
  text: 'String',
  texts: 'String',
  integer: 'Int64',
  count: 'UInt64',
  number: 'Float64',
  boolean: 'UInt8',
  time: 'String',
  json: 'String',
} as const;

function typeName({ name, type, required }: SqlColumn): string {
  const plain = typeof type === 'string' ? TYPES[type] : 'String';
  return required || KEY.has(name) ? plain : `Nullable(${plain})`;
}

/** What is said of a column: of what ClickHouse holds as text, that it is JSON. */
function comment({ type, text }: SqlColumn): string {
  const nested: ColumnType[] = ['texts', 'json'];
  const json = typeof type !== 'string' || nested.includes(type);
  return `${text}${json ? ' (JSON)' : ''}`;
}

/**
 * The table that all lines of a journal go into (`decode --json --connections --flat --host NAME`), whatever their kind:
 * so they come out again in the order in which they were written.
 */
export function createClickhouse({ name, text, columns }: Table): string {
  const lines = columns.map((column) => `  \`${column.name}\` ${typeName(column)}, -- ${comment(column)}`);
  return [
    `-- ${text}; a host is NAME.ENSEMBLE where there are several ensembles`,
    `CREATE TABLE ${name} (`,
    ...lines,
    "  `ensemble` String ALIAS if(position(host, '.') = 0, '', substring(host, position(host, '.') + 1)),",
    "  `day` Date ALIAS toDate(toDateTime(toUInt32(ts), 'UTC'))",
    ") ENGINE = MergeTree PARTITION BY toDate(toDateTime(toUInt32(ts), 'UTC')) ORDER BY (host, run, seq);",
    '',
    '-- its messages alone',
    `CREATE VIEW zkscope_messages AS SELECT * FROM ${name} WHERE kind IN ('request', 'response', 'notification', 'message');`,
    '',
  ].join('\n');
}
