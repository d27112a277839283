import type { ChalkInstance } from 'chalk';
import { durationText } from '../text/duration.js';
import { printable } from '../text/escape.js';
import { plainText } from './fields.js';
import type { MessageRecord } from '../../observations/record.js';

/** Fields of ZAB's and the election's messages that a line shows, each as `label=value`; without a label the value alone. */
const SHOWN: readonly (readonly [name: string, label: string])[] = [
  ['sender', 'from'],
  ['receiver', 'to'],
  ['learner', 'learner'],
  ['state', ''],
  ['leader', 'leader'],
  ['zxid', 'zxid'],
  ['electionEpoch', 'round'],
  ['peerEpoch', 'epoch'],
  ['authStatus', ''],
  ['acknowledges', 'of'],
  ['request', ''],
  ['txn', ''],
  ['path', ''],
  ['timeout', 'timeout'],
  ['valid', 'valid'],
  ['currentEpoch', 'currentEpoch'],
  ['designatedLeader', 'designatedLeader'],
];

/** Details of a line of `zkscope decode` about a message between ZooKeeper's servers. */
export function quorumDetails(record: MessageRecord, colour: ChalkInstance): string {
  const parts: string[] = [];
  for (const [name, label] of SHOWN) {
    const value = record[name];
    if (value === undefined || value === null) continue;
    parts.push(label === '' ? plainText(value) : `${label}=${plainText(value)}`);
  }
  const { addresses, dataLength, ops, sessions, acks } = record as Record<string, unknown>;
  if (Array.isArray(addresses)) parts.push(plainText(addresses.join(', ')));
  if (typeof dataLength === 'number') parts.push(dataLength < 0 ? 'data=null' : `data=${dataLength} B`);
  if (Array.isArray(ops)) parts.push(`ops=${ops.length}`);
  if (Array.isArray(sessions)) parts.push(`sessions=${sessions.length}`);
  if (Array.isArray(acks)) parts.push(`acks=${acks.length}`);
  if (record['op'] === 'snapshot') parts.push(`${Number(record['length']).toLocaleString('en')} B`);
  if (typeof record['error'] === 'string') parts.push(colour.red(printable(record['error'])));
  const wait = record['latency'] ?? record['duration'];
  if (typeof wait === 'number') parts.push(colour.dim(durationText(wait)));
  if (record['synchronising'] === true) parts.push(colour.dim('(synchronising)'));
  if (record['truncated'] === true) parts.push(colour.yellow('(truncated)'));
  if (typeof record['data'] === 'string') parts.push(`base64:${record['data']}`);
  return parts.join(' ');
}
