import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { Chalk } from 'chalk';
import type { DuckDBResult, DuckDBType } from '@duckdb/node-api';
import { Database, DatabaseError, NoDatabaseError } from '../export/sql/database.js';
import { literal } from '../export/sql/duckdb.js';
import { Rows } from '../export/sql/rows.js';
import { table, tableNames, type TableName } from '../export/sql/tables.js';
import { cellText, csvRow, plainValue } from '../export/sql/values.js';
import { tablesOf, usedColumns } from '../export/sql/wanted.js';
import { isFiltering, MessageFilter } from '../observations/filter.js';
import { printable } from '../report/text/escape.js';
import { fitTable } from '../report/text/fitTable.js';
import { plural } from '../observations/words.js';
import type { QueryOptions } from './commands/query.js';
import { filterOptions } from './options/captureOptions.js';
import { FilteredAnalysis } from './options/filteredAnalysis.js';
import { chosenFormat } from './options/formatOptions.js';
import { readOptions } from './options/readOptions.js';
import { say, sayLosses } from './present.js';
import { type Reading, readInto } from './reading/run.js';
import { correctedClock } from './show.js';
import { colourLevel, terminalWidth } from './terminal/colour.js';
import { Output } from './terminal/output.js';
import { exitInterrupted, UsageError } from './usage.js';

/** How a query begins; what does not, or is a file, is a capture. */
const QUERY = /^\s*(?:--|\/\*|\(|(?:select|with|from|describe|summarize|show|pivot|explain|values)\b)/i;
const FORMATS: Readonly<Record<string, string>> = {
  '.parquet': 'FORMAT parquet, COMPRESSION zstd',
  '.csv': 'FORMAT csv, HEADER',
  '.ndjson': 'FORMAT json',
};
/**
 * Rows that are laid out for people.
 * @bound rows
 */
const MOST_ROWS = 10_000;

/** Reads captures into tables and answers a query, or writes files. Throws UsageError, CaptureError and OutputError. */
export async function query(words: readonly string[], options: QueryOptions): Promise<void> {
  const { sql, captures } = taken(words);
  const { output: to } = options;
  if (sql === null && to === undefined) throw new UsageError("a query comes first: zkscope query 'SELECT …' zk.pcap");
  if (captures.length === 0) throw new UsageError('name the captures behind the query');
  if (to !== undefined && FORMATS[extname(to)] === undefined)
    throw new UsageError(`${to}: its name has to end in .parquet, .csv or .ndjson`);
  const database = await open();
  try {
    const reading = await fill(database, captures, options, sql);
    if (to === undefined) await show(await database.query(sql!), options);
    else await write(database, sql, to);
    sayLosses(reading.losses(), reading.messages > 0 ? null : reading.nothingFound());
    exitInterrupted(reading.interrupted);
  } catch (error) {
    if (error instanceof DatabaseError) throw new UsageError(`query: ${oneLine(error.message)}`);
    throw error;
  } finally {
    await database.close();
  }
}

function taken(words: readonly string[]): { readonly sql: string | null; readonly captures: readonly string[] } {
  const [first = '', ...rest] = words;
  return QUERY.test(first) && !existsSync(first) ? { sql: first, captures: rest } : { sql: null, captures: words };
}

async function open(): Promise<Database> {
  try {
    return await Database.open();
  } catch (error) {
    if (error instanceof NoDatabaseError) throw new UsageError(error.message);
    throw error;
  }
}

async function fill(
  database: Database,
  captures: readonly string[],
  options: QueryOptions,
  sql: string | null,
): Promise<Reading> {
  const clock = correctedClock(options);
  const wanted = filterOptions(options);
  const tables: ReadonlySet<TableName> = sql === null ? new Set(tableNames) : tablesOf(sql);
  for (const name of tables) {
    const whole = table(name);
    await database.create(sql === null ? whole : usedColumns(whole, sql));
  }
  const analysis = tables.has('sessions') || tables.has('findings') ? new FilteredAnalysis(options, clock) : null;
  const rows = new Rows(database, {
    clock,
    filter: isFiltering(wanted) ? new MessageFilter(wanted, clock) : null,
    tables,
    analysis: analysis?.analysis ?? null,
  });
  const output = { signal: new AbortController().signal, drain: () => database.drain() };
  const reading = await readInto(captures, rows.sink, { ...readOptions(options), clock, output });
  analysis?.end(reading.last.time);
  rows.end(reading.captures);
  await database.drain(true);
  return reading;
}

async function show(result: DuckDBResult, options: QueryOptions): Promise<void> {
  const names = result.deduplicatedColumnNames();
  const types = result.columnTypes();
  const output = new Output();
  const format = chosenFormat(options);
  if (format === null && options.csv !== true) {
    await showTable(result, names, types, output);
    return;
  }
  if (options.csv === true) output.write(csvRow(names));
  for await (const chunk of result.yieldRowsJson()) {
    for (const row of chunk) {
      const values = row.map((value, i) => plainValue(value, types[i]!));
      if (format === null) output.write(printableCsv(values));
      else output.write(format.record(Object.fromEntries(names.map((name, i) => [name, values[i]]))));
    }
    await output.drain();
    if (output.closed) return;
  }
  await output.finish();
}

function printableCsv(values: readonly unknown[]): string {
  return csvRow(values.map((value) => cellText(value)));
}

async function showTable(
  result: DuckDBResult,
  names: readonly string[],
  types: readonly DuckDBType[],
  output: Output,
): Promise<void> {
  const rows: string[][] = [];
  let more = false;
  for await (const chunk of result.yieldRowsJson()) {
    for (const row of chunk) {
      more = rows.length >= MOST_ROWS;
      if (more) break;
      rows.push(row.map((value, i) => printable(cellText(plainValue(value, types[i]!)))));
    }
    if (more) break;
  }
  const columns = names.map((name, i) => ({
    title: printable(name),
    cells: rows.map((row) => row[i]!),
    align: /INT|DOUBLE|FLOAT|DECIMAL/.test(types[i]!.toString()) ? ('right' as const) : ('left' as const),
    rank: i,
    shrinkTo: 12,
  }));
  const colour = new Chalk({ level: colourLevel() });
  const { text, missing } = fitTable(columns, terminalWidth(), colour);
  output.write(rows.length === 0 ? '' : `${text}\n`);
  await output.finish();
  const others = missing.length > 8 ? ' …' : '';
  const unseen = `no room for ${plural(missing.length, 'column')} (${missing.slice(0, 8).join(', ')}${others})`;
  const left = missing.length === 0 ? [] : [`${unseen}: COLUMNS=200, --csv or --json`];
  const cut = more ? [`only the first ${MOST_ROWS} rows: --csv and --json have all`] : [];
  const none = rows.length === 0 ? ['no rows'] : [];
  if (!output.closed && left.length + cut.length + none.length > 0) say([...none, ...cut, ...left]);
}

async function write(database: Database, sql: string | null, to: string): Promise<void> {
  const ending = extname(to);
  const copies =
    sql === null
      ? tableNames.map((name) => [name, `${to.slice(0, -ending.length)}-${name}${ending}`] as const)
      : [[`(${sql.replace(/[\s;]+$/, '')})`, to] as const];
  for (const [rows, file] of copies) await database.run(`COPY ${rows} TO ${literal(file)} (${FORMATS[ending]!})`);
  const files = copies.map(([, file]) => file);
  say([`wrote ${plural(files.length, 'file')}: ${files.join(', ')}`]);
}

/** What DuckDB says, without the picture of where it is. */
function oneLine(message: string): string {
  return message
    .split(/\n\s*\n?LINE /)[0]!
    .replace(/\s*\n\s*/g, ' ')
    .trim();
}
