import { printableJson } from '../text/escape.js';
import type { Format } from './format.js';
import { JsonLines } from './jsonLines.js';

const described = (schema: string | null): string =>
  schema === null ? '' : ` (zkscope schema ${schema} describes it)`;

/** Values within one piece, or so. */
const MOST_VALUES = 200;

/**
 * A document as JSON.stringify(document, null, 2) gives it, in pieces that are not long (names apart): lists and trees may
 * have hundreds of thousands of items, so that neither their text nor its bytes are in memory at a time.
 */
export function* documentPieces(document: unknown, most = MOST_VALUES): Generator<string> {
  yield* pieces(document, '', '\n', most);
}

/** @param before what stands before the value */
function* pieces(value: unknown, before: string, lineBreak: string, most: number): Generator<string> {
  if (typeof value !== 'object' || value === null || valuesIn(value, most) < most) {
    yield before + indented(value, lineBreak);
    return;
  }
  const inner = `${lineBreak}  `;
  const list = Array.isArray(value);
  const [opened, closed] = list ? '[]' : '{}';
  const first = before + opened! + inner;
  let open = first;
  const items: Iterable<readonly [string | number, unknown]> = list
    ? (value as unknown[]).entries()
    : Object.entries(value as Record<string, unknown>);
  for (const [key, item] of items) {
    if (item === undefined && !list) continue;
    yield* pieces(item, list ? open : `${open}${JSON.stringify(key)}: `, inner, most);
    open = `,${inner}`;
  }
  yield open === first ? before + opened! + closed! : lineBreak + closed!;
}

/** How many values there are in one, those in them included; no more than `most` are counted. */
function valuesIn(value: unknown, most: number): number {
  if (typeof value !== 'object' || value === null) return 1;
  let count = 1;
  for (const item of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) {
    count += valuesIn(item, most - count);
    if (count >= most) break;
  }
  return count;
}

/** Deeper than this what is around a value would be longer than most values. */
const NESTED = 8;

/** What JSON cannot say (undefined, a function) is null in a list. */
function indented(value: unknown, lineBreak: string): string {
  const depth = (lineBreak.length - 1) / 2;
  // A line break in JSON is always one between its parts.
  if (depth > NESTED)
    return (JSON.stringify(value, null, 2) as string | undefined)?.replaceAll('\n', lineBreak) ?? 'null';
  // Nested as deeply as it will be printed: in lists, each of which opens and closes in a line of its own.
  let nested = value;
  for (let i = 0; i < depth; i++) nested = [nested];
  const text = JSON.stringify(nested, null, 2) as string | undefined;
  return text?.slice(depth * (depth + 3), text.length - depth * (depth + 1)) ?? 'null';
}

/** JSON: a document indented, records one a line. What a terminal would act on is escaped, as JSON can. */
export const json: Format = {
  name: 'json',
  documentHelp: (schema) => `one JSON document${described(schema)}`,
  recordHelp: (schema) => `one JSON object a line${described(schema)}`,
  document: (document) => `${printableJson(JSON.stringify(document, null, 2))}\n`,
  *pieces(document) {
    for (const piece of documentPieces(document)) yield printableJson(piece);
    yield '\n';
  },
  record: (record) => `${printableJson(JSON.stringify(record))}\n`,
  lines: (send) => new JsonLines(send),
};
