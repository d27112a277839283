import { type LinePart, shownParts } from '../field.js';

const SHOWN = [
  ['leaseId', 'lease'],
  ['ttl', 'ttl'],
  ['grantedTtl', 'granted'],
  ['keys', 'keys'],
  ['key', 'key'],
  ['status', ''],
  ['raftTerm', 'term'],
  ['http2Error', ''],
] as const;

/** What the line of a message of etcd shows, beside the columns that all lines have. */
export function etcdLine(record: Readonly<Record<string, unknown>>): LinePart[] {
  const parts: LinePart[] = [];
  const { path, grpcStatus } = record;
  // The operation is the path, or says more than it.
  if (typeof path === 'string' && record['transport'] === 'http' && !String(record['op']).endsWith(path)) {
    parts.push({ value: path });
  }
  parts.push(...shownParts(record, SHOWN));
  if (typeof grpcStatus === 'string' && grpcStatus !== 'OK') parts.push({ value: grpcStatus, tone: 'bad' });
  if (record['guessed'] === true) parts.push({ value: '(guessed by its shape)', tone: 'warning', last: true });
  return parts;
}
