import { printableJson } from '../text/escape.js';
import type { Format } from './format.js';
import { JsonLines } from './jsonLines.js';

const described = (schema: string | null): string =>
  schema === null ? '' : ` (zkscope schema ${schema} describes it)`;

/**
 * A document as JSON.stringify(document, null, 2) gives it, in pieces: one for each item of its lists, of which there may be
 * many thousand, so that neither their text nor its bytes are in memory at a time.
 */
export function* documentPieces(document: unknown): Generator<string> {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    yield JSON.stringify(document, null, 2);
    return;
  }
  let before = '{\n';
  for (const [key, value] of Object.entries(document) as [string, unknown][]) {
    if (value === undefined) continue;
    const name = `${before}  ${JSON.stringify(key)}: `;
    before = ',\n';
    if (!Array.isArray(value) || value.length === 0) yield name + indented(value);
    else {
      let open = `${name}[`;
      for (const item of value as readonly unknown[]) {
        yield `${open}\n    ${indentedItem(item)}`;
        open = ',';
      }
      yield '\n  ]';
    }
  }
  yield before === '{\n' ? '{}' : '\n}';
}

/** What stands around a value that is nested as deeply as it will be printed. */
const AROUND = ['{\n  "": ', '\n}'] as const;
const AROUND_ITEM = ['{\n  "": [\n    ', '\n  ]\n}'] as const;

function indented(value: unknown): string {
  return JSON.stringify({ '': value }, null, 2).slice(AROUND[0].length, -AROUND[1].length);
}

/** What JSON cannot say (undefined, a function) is null in a list. */
function indentedItem(item: unknown): string {
  return JSON.stringify({ '': [item] }, null, 2).slice(AROUND_ITEM[0].length, -AROUND_ITEM[1].length);
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
