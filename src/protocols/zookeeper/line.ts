import { dataPart, type LinePart, shownParts } from '../field.js';
import { isCreate } from './format/opcodes.js';

type Fields = Readonly<Record<string, unknown>>;

/** Operations of a multi that a line names; of more it says how many there are. */
const NAMED_OPS = 4;

/** Fields that a line shows as `name=value`, behind those that stand for themselves. */
const LABELLED = ['version', 'timeout', 'ttl', 'lastZxidSeen'].map((name) => [name, name] as const);
const WATCH_LISTS = ['dataWatches', 'existWatches', 'childWatches', 'persistentWatches', 'persistentRecursiveWatches'];

/**
 * What the line of a message of ZooKeeper's client protocol shows, beside the columns that all lines have. The path of an
 * answer is faint unless it is the znode that was created: it repeats the request's.
 */
export function zookeeperLine(record: Fields): LinePart[] {
  const parts: LinePart[] = [];
  const { path, children, ops, stat, kind, op, error } = record;
  const repeated = kind === 'response' && (error !== undefined || !isCreate(String(op)));
  if (typeof path === 'string') parts.push({ value: path, ...(repeated ? { tone: 'faint' } : {}) });
  if (record['watch'] === true) parts.push({ value: 'watch' });
  for (const name of ['eventType', 'state', 'mode', 'word', 'watchMode', 'watcherType', 'scheme']) {
    if (record[name] !== undefined && record[name] !== 'SyncConnected') parts.push({ value: record[name] });
  }
  parts.push(...shownParts(record, LABELLED));
  if (record['expired'] === true) parts.push({ value: 'session expired', tone: 'bad' });
  parts.push(...dataPart(record['dataLength']));
  if (Array.isArray(children)) parts.push({ label: 'children', value: children.length });
  if (Array.isArray(ops)) parts.push({ value: opsText(ops as Fields[]) });
  for (const name of WATCH_LISTS) {
    const list = record[name];
    if (Array.isArray(list) && list.length > 0) parts.push({ label: name, value: list.length });
  }
  if (stat !== undefined) {
    const { version, mzxid } = stat as Fields;
    parts.push({ value: `v${String(version)} mzxid=${String(mzxid)}`, tone: 'faint' });
  }
  if (record['kind'] === 'response') parts.push(...shownParts(record, [['zxid', 'zxid']]));
  return parts;
}

function opsText(ops: readonly Fields[]): string {
  const shown = ops.slice(0, NAMED_OPS).map(({ op, path, error }) => {
    return [op, path, error].filter((part) => typeof part === 'string').join(' ');
  });
  return `[${shown.join(', ')}${ops.length > shown.length ? `, … ${ops.length} in all` : ''}]`;
}
