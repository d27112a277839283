import type { ChalkInstance } from 'chalk';
import { durationText } from '../text/duration.js';
import { plainText } from './fields.js';
import { printable } from '../text/escape.js';
import type { MessageRecord } from '../../observations/record.js';

/** Fields of etcd's and TLS' messages that a line shows, each as `label=value`; without a label the value alone. */
const SHOWN: readonly (readonly [name: string, label: string])[] = [
  ['serverName', ''],
  ['tlsVersion', ''],
  ['description', ''],
  ['outcome', ''],
  ['leaseId', 'lease'],
  ['ttl', 'ttl'],
  ['grantedTtl', 'granted'],
  ['keys', 'keys'],
  ['key', 'key'],
  ['status', ''],
  ['raftTerm', 'term'],
  ['http2Error', ''],
];

/** Details of a line of `zkscope decode` about a message of etcd or TLS. */
export function etcdAndTlsDetails(record: MessageRecord, colour: ChalkInstance): string {
  const parts: string[] = [];
  const path = record['path'];
  // The operation is the path, or says more than it.
  if (typeof path === 'string' && record['transport'] === 'http' && !String(record['op']).endsWith(path)) {
    parts.push(printable(path));
  }
  for (const [name, label] of SHOWN) {
    const value = record[name];
    if (value === undefined || value === null) continue;
    parts.push(label === '' ? plainText(value) : `${label}=${plainText(value)}`);
  }
  const grpcStatus = record['grpcStatus'];
  if (typeof grpcStatus === 'string' && grpcStatus !== 'OK') parts.push(colour.red(printable(grpcStatus)));
  if (typeof record['error'] === 'string') parts.push(colour.red(printable(record['error'])));
  const wait = record['latency'] ?? record['duration'];
  if (typeof wait === 'number') parts.push(colour.dim(durationText(wait)));
  if (record['guessed'] === true) parts.push(colour.yellow('(guessed by its shape)'));
  if (record['truncated'] === true) parts.push(colour.yellow('(truncated)'));
  return parts.join(' ');
}
