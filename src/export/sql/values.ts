import type { DuckDBType } from '@duckdb/node-api';

/** What is not written as it comes, by the beginning of the type's name. */
const INTEGERS = /^(?:U?BIGINT|U?HUGEINT|DECIMAL)/;
const MOMENTS = 'TIMESTAMP';

/**
 * A value as the JSON outputs of zkscope have it: whole numbers as numbers where a double holds them, moments in ISO 8601,
 * and JSON as what it says.
 * @param json what the library makes of it
 */
export function plainValue(json: unknown, type: DuckDBType): unknown {
  if (json === null || json === undefined) return null;
  const name = type.toString();
  if (typeof json === 'string') {
    if (type.alias === 'JSON') return parsed(json);
    if (name.startsWith(MOMENTS)) return moment(json);
    if (!INTEGERS.test(name)) return json;
    const number = Number(json);
    return Number.isInteger(number) && !Number.isSafeInteger(number) ? json : number;
  }
  if (Array.isArray(json) && 'valueType' in type) return json.map((item: unknown) => plainValue(item, type.valueType));
  if (typeof json === 'object' && 'entryNames' in type) {
    const fields = json as Readonly<Record<string, unknown>>;
    const names = type.entryNames;
    return Object.fromEntries(
      names.map((entry, i) => [
        entry,
        plainValue(fields[entry], (type as unknown as { entryTypes: DuckDBType[] }).entryTypes[i]!),
      ]),
    );
  }
  return json;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** `2026-11-20 23:31:02.12` as zkscope writes it, to the micro- or nanosecond; with a zone, or infinity, it stays. */
function moment(text: string): string {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?$/.exec(text);
  if (match === null) return text;
  const [, day, time, fraction = ''] = match;
  return `${day!}T${time!}.${fraction.padEnd(fraction.length > 6 ? 9 : 6, '0')}Z`;
}

/** A value in a cell of CSV or of a table: nested ones as JSON. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A row of CSV (RFC 4180), ending in a newline. */
export function csvRow(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`;
}
