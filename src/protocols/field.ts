/**
 * How a printed field is declared: once, by the protocol that prints it (`fields.ts` in its folder) or by observations/ for
 * what every line has. The JSON Schema of `zkscope decode --json`, the TypeScript type of a line, the columns of tables and
 * docs/output.md are made of these declarations.
 */

/** Types by name: what they are in TypeScript. their JSON Schema is in report/decode/schema.ts. */
export interface FieldTypes {
  string: string;
  strings: readonly string[];
  boolean: boolean;
  /** Present and true, or absent. */
  flag: true;
  integer: number;
  /** Integer of 0 or more. */
  count: number;
  /** Integers beyond 32 bits, exact as far as a double is; and fractions. */
  number: number;
  /** Duration in seconds, 0 or more. */
  seconds: number;
  /** 64 bits: `0x…`, lower case, no leading zeros. */
  hex64: string;
  /** UTC, ISO 8601, with all digits of the capture. */
  time: string;
  /** `10.0.0.1:2181` or `[fd77::1]:2181`. */
  address: string;
  base64: string;
  /** A name, or the number that has none. */
  nameOrNumber: string | number;
  /** Length of a buffer in bytes; -1 for null. */
  bufferLength: number;
  /** Letters of `cdrwa`. */
  permissions: string;
  /** 64 bits, signed, decimal, not 0. */
  decimal64: string;
}

export type FieldKind = 'request' | 'response' | 'notification' | 'message';

export type FieldType =
  | keyof FieldTypes
  | { readonly oneOf: readonly string[] }
  /** `closed`: the schema promises that there are no other fields. */
  | { readonly object: FieldTable; readonly closed?: true }
  | { readonly list: FieldTable; readonly closed?: true };

export interface Field {
  readonly type: FieldType;
  /** What it means, for people. */
  readonly text: string;
  /** Of numbers that have one: `seconds`, `milliseconds`, `bytes` … */
  readonly unit?: string;
  /** Kinds of lines that may have it; all if absent. */
  readonly kinds?: readonly FieldKind[];
  /** It is null where it applies and is not known; where it does not apply it is absent. */
  readonly nullable?: true;
  /** Never absent. */
  readonly required?: true;
  /** Only if payload bytes are asked for. */
  readonly withData?: true;
}

/** Fields by the names under which they are printed. */
export type FieldTable = Readonly<Record<string, Field>>;

type ValueOf<T extends FieldType> = T extends keyof FieldTypes
  ? FieldTypes[T]
  : T extends { readonly oneOf: readonly (infer Name)[] }
    ? Name
    : T extends { readonly object: infer Table extends FieldTable }
      ? RecordOf<Table>
      : T extends { readonly list: infer Table extends FieldTable }
        ? readonly RecordOf<Table>[]
        : never;

type Value<F extends Field> = ValueOf<F['type']> | (F extends { readonly nullable: true } ? null : never);

type RequiredNames<T extends FieldTable> = {
  [Name in keyof T]: T[Name] extends { readonly required: true } ? Name : never;
}[keyof T];

/** The object whose fields a table declares. */
export type RecordOf<T extends FieldTable> = {
  readonly [Name in RequiredNames<T>]: Value<T[Name]>;
} & {
  readonly [Name in Exclude<keyof T, RequiredNames<T>>]?: Value<T[Name]>;
};

/** Keeps what the compiler knows of a table, and checks it. */
export function defineFields<const T extends FieldTable>(fields: T): T {
  return fields;
}

/** The same fields where a protocol has no requests and answers. */
export function ofAnyKind<T extends FieldTable>(fields: T): T {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      const { kinds, ...rest } = field;
      return [name, kinds === undefined ? field : rest];
    }),
  ) as T;
}

/**
 * A part of the line that `zkscope decode` shows of a message: `label=value`, or the value alone. It is data: escaping,
 * durations and colours are report's.
 */
export interface LinePart {
  readonly label?: string;
  readonly value: unknown;
  readonly tone?: 'bad' | 'faint' | 'warning';
  /** It stands behind what every line ends with (error, latency). */
  readonly last?: true;
}

/** The fields of `names` that a record has, in this order: `[name, label]`, without a label the value alone. */
export function shownParts(
  record: Readonly<Record<string, unknown>>,
  names: readonly (readonly [name: string, label: string])[],
): LinePart[] {
  const parts: LinePart[] = [];
  for (const [name, label] of names) {
    const value = record[name];
    if (value !== undefined && value !== null) parts.push(label === '' ? { value } : { label, value });
  }
  return parts;
}

/** A buffer that is named by its length only. */
export function dataPart(dataLength: unknown): LinePart[] {
  if (typeof dataLength !== 'number') return [];
  return [{ label: 'data', value: dataLength < 0 ? 'null' : `${dataLength} B` }];
}
