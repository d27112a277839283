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
    if (!Array.isArray(value) || value.length === 0) yield name + indented(value, '\n  ');
    else {
      let open = `${name}[`;
      for (const item of value as readonly unknown[]) {
        yield `${open}\n    ${indented(item, '\n    ')}`;
        open = ',';
      }
      yield '\n  ]';
    }
  }
  yield before === '{\n' ? '{}' : '\n}';
}

/** A line break in JSON is always one between its parts. */
function indented(value: unknown, lineBreak: string): string {
  return (JSON.stringify(value, null, 2) as string | undefined)?.replaceAll('\n', lineBreak) ?? 'null';
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
