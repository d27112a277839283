import { printableJson } from '../text/escape.js';
import type { Format } from './format.js';
import { JsonLines } from './jsonLines.js';

const described = (schema: string | null): string =>
  schema === null ? '' : ` (zkscope schema ${schema} describes it)`;

/** JSON: a document indented, records one a line. What a terminal would act on is escaped, as JSON can. */
export const json: Format = {
  name: 'json',
  documentHelp: (schema) => `one JSON document${described(schema)}`,
  recordHelp: (schema) => `one JSON object a line${described(schema)}`,
  document: (document) => `${printableJson(JSON.stringify(document, null, 2))}\n`,
  record: (record) => `${printableJson(JSON.stringify(record))}\n`,
  lines: (send) => new JsonLines(send),
};
