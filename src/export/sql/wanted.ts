import type { SqlColumn } from './columns.js';
import { tableNames, type Table, type TableName } from './tables.js';

/** What of a query names nothing: texts and comments. */
const NO_NAMES = /'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g;

/** The tables that a query may mean: those whose names are in it. */
export function tablesOf(sql: string): Set<TableName> {
  const words = wordsOf(sql);
  return new Set(tableNames.filter((name) => words.has(name)));
}

/**
 * A table with only those columns that a query can mean, so that no others need be filled; all of them where it may mean
 * any (`SELECT *`).
 */
export function usedColumns(table: Table, sql: string): Table {
  const text = sql.replace(NO_NAMES, ' ');
  const plain = /^\s*(?:select|with)\b/i.test(text) && !/\b(?:columns|natural|describe|summarize|pivot)\b/i.test(text);
  // After FROM without SELECT, and in a star, are all columns.
  const star = text.replace(/count\s*\(\s*\*\s*\)/gi, ' ').includes('*') || /[(;]\s*from\b/i.test(text);
  if (!plain || star) return table;
  const words = wordsOf(sql);
  const used = ({ name }: SqlColumn): boolean => words.has(name.toLowerCase());
  const columns = table.columns.filter(used);
  // A row needs something in it to be counted.
  return { ...table, columns: columns.length > 0 ? columns : table.columns.slice(0, 1) };
}

function wordsOf(sql: string): Set<string> {
  return new Set(sql.replace(NO_NAMES, ' ').toLowerCase().match(/\w+/g) ?? []);
}
