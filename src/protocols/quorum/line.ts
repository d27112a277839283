import { dataPart, type LinePart, shownParts } from '../field.js';

const SHOWN = [
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
] as const;

/** What the line of a message between ZooKeeper's servers shows, beside the columns that all lines have. */
export function quorumLine(record: Readonly<Record<string, unknown>>): LinePart[] {
  const parts = shownParts(record, SHOWN);
  const { addresses } = record;
  if (Array.isArray(addresses)) parts.push({ value: addresses.join(', ') });
  parts.push(...dataPart(record['dataLength']));
  for (const name of ['ops', 'sessions', 'acks']) {
    const list = record[name];
    if (Array.isArray(list)) parts.push({ label: name, value: list.length });
  }
  if (record['op'] === 'snapshot') parts.push({ value: `${Number(record['length']).toLocaleString('en')} B` });
  if (record['synchronising'] === true) parts.push({ value: '(synchronising)', tone: 'faint', last: true });
  return parts;
}
