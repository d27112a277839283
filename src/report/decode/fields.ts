import { printable } from '../text/escape.js';
import type { MessageRecord } from '../../observations/record.js';

/** Value at a dotted name such as `stat.czxid`, undefined where there is none. */
function valueAt(record: MessageRecord, names: readonly string[]): unknown {
  let value: unknown = record;
  for (const name of names) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as MessageRecord)[name];
  }
  return value;
}

/** A value of a record as plain text: what is not simple as JSON. */
export function plainText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Makes the `--fields` printer: tab-separated columns in the order asked for, empty where a message has none. */
export function fieldsFormatter(fields: readonly string[]): (record: MessageRecord) => string {
  const paths = fields.map((field) => field.split('.'));
  return (record) => `${paths.map((names) => plainText(valueAt(record, names))).join('\t')}\n`;
}
