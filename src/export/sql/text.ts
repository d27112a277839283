import { createClickhouse } from './clickhouse.js';
import { createDuckdb } from './duckdb.js';
import { linesTable, table, tableNames } from './tables.js';

/** The statements that make the tables, for people and for the database's own shell. */
export function sqlText(database: 'clickhouse' | 'duckdb'): string {
  if (database === 'clickhouse') return createClickhouse(linesTable());
  return tableNames.map((name) => createDuckdb(table(name))).join('\n');
}
