import type { Field, FieldTable } from '../../protocols/field.js';
import { allProtocols } from '../../protocols/registry.js';
import { messageFields, otherLines } from '../fields.js';
import { journalLines } from './fields.js';

type Line = Readonly<Record<string, unknown>>;

/**
 * Makes lines of rows again (`schema decode --sql clickhouse`): what a line of its kind does not have is left out, and so
 * are nulls where a field is never null; nested values are those that the text says, numbers and flags what they were.
 */
export class TableRows {
  private readonly others = new Map<string, FieldTable>(
    Object.entries({ ...otherLines, ...journalLines }).map(([kind, { fields }]) => [kind, fields]),
  );
  private readonly messages = new Map<string, FieldTable>(
    allProtocols().map(({ name, fields }) => [name, { ...messageFields, ...fields }]),
  );

  /** Names of fields whose values are nested. */
  private readonly nested = new Set<string>();

  constructor() {
    for (const table of [...this.others.values(), ...this.messages.values()])
      for (const [name, field] of Object.entries<Field>(table)) if (isNested(field)) this.nested.add(name);
  }

  /** A line as it was written, whether it has been the row of a table or not. */
  line(line: Line): Line {
    return this.isRow(line) ? this.unpacked(line) : line;
  }

  /** A row has fields that no line has together; lines that go into a table have nested values as text. */
  private isRow(line: Line): boolean {
    if ('midStream' in line && 'event' in line) return true;
    for (const name in line) if (typeof line[name] === 'string' && this.nested.has(name)) return true;
    return false;
  }

  private unpacked(row: Line): Line {
    const table = this.others.get(String(row['kind'])) ?? this.messages.get(String(row['protocol'])) ?? messageFields;
    const line: Record<string, unknown> = {};
    for (const [name, field] of Object.entries<Field>(table)) {
      const value = valueOf(row[name], field);
      if (value !== undefined) line[name] = value;
    }
    return line;
  }
}

/** Undefined where the line did not have the field. */
function valueOf(value: unknown, field: Field): unknown {
  const { type, nullable } = field;
  if (value === null) return nullable === true ? null : undefined;
  switch (type) {
    case 'boolean':
    case 'flag':
      if (typeof value === 'number') return value !== 0 || type === 'boolean' ? value !== 0 : undefined;
      return value === false && type === 'flag' ? undefined : value;
    case 'integer':
    case 'count':
    case 'number':
    case 'seconds':
    case 'bufferLength':
      // 64 bits come between quotes from some.
      return typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
    case 'nameOrNumber':
      return typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value;
    default:
      return isNested(field) ? nestedValue(value) : value;
  }
}

function isNested({ type }: Field): boolean {
  return (typeof type === 'object' && !('oneOf' in type)) || type === 'strings';
}

function nestedValue(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
}

/** A line whose nested values are text, as a table can hold them. */
export function flatLine(line: Record<string, unknown>): Record<string, unknown> {
  for (const [name, value] of Object.entries(line))
    if (typeof value === 'object' && value !== null) line[name] = JSON.stringify(value);
  return line;
}
