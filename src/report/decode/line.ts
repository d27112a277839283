import type { ChalkInstance } from 'chalk';
import { durationText } from '../text/duration.js';
import { printable } from '../text/escape.js';
import { plainText } from './fields.js';
import type { MessageRecord } from '../../observations/record.js';
import { etcdAndTlsDetails } from './others.js';
import { quorumDetails } from './quorum.js';

/** Text of the fields that are not columns of their own, for one message. */
function details(record: MessageRecord, colour: ChalkInstance): string {
  const parts: string[] = [];
  const add = (name: string, label = name): void => {
    const value = record[name];
    if (value === undefined || value === null) return;
    parts.push(`${label}=${plainText(value)}`);
  };
  if (record['kind'] === 'gap') return colour.yellow(gapText(record));
  if (record['protocol'] === 'etcd' || record['protocol'] === 'tls') return etcdAndTlsDetails(record, colour);
  if (record['protocol'] === 'zab' || record['protocol'] === 'election') return quorumDetails(record, colour);
  if (typeof record['path'] === 'string') parts.push(printable(record['path']));
  else if (typeof record['requestPath'] === 'string') parts.push(colour.dim(printable(record['requestPath'])));
  if (record['watch'] === true) parts.push('watch');
  for (const name of ['eventType', 'state', 'mode', 'word', 'watchMode', 'watcherType', 'scheme']) {
    if (record[name] !== undefined && record[name] !== 'SyncConnected') parts.push(plainText(record[name]));
  }
  add('version');
  add('timeout');
  add('ttl');
  add('lastZxidSeen');
  if (record['expired'] === true) parts.push(colour.red('session expired'));
  if (typeof record['dataLength'] === 'number')
    parts.push(record['dataLength'] < 0 ? 'data=null' : `data=${record['dataLength']} B`);
  if (Array.isArray(record['children'])) parts.push(`children=${record['children'].length}`);
  if (Array.isArray(record['ops'])) parts.push(opsText(record['ops'] as MessageRecord[]));
  for (const name of [
    'dataWatches',
    'existWatches',
    'childWatches',
    'persistentWatches',
    'persistentRecursiveWatches',
  ]) {
    const list = record[name];
    if (Array.isArray(list) && list.length > 0) parts.push(`${name}=${list.length}`);
  }
  const stat = record['stat'] as MessageRecord | undefined;
  if (stat !== undefined) parts.push(colour.dim(`v${String(stat['version'])} mzxid=${String(stat['mzxid'])}`));
  if (record['kind'] === 'response') add('zxid');
  if (typeof record['error'] === 'string') parts.push(colour.red(record['error']));
  if (typeof record['latency'] === 'number') parts.push(colour.dim(durationText(record['latency'])));
  if (record['truncated'] === true) parts.push(colour.yellow('(truncated)'));
  if (typeof record['data'] === 'string') parts.push(`base64:${record['data']}`);
  return parts.join(' ');
}

function opsText(ops: MessageRecord[]): string {
  const shown = ops.slice(0, 4).map((op) => {
    const path = typeof op['path'] === 'string' ? ` ${printable(op['path'])}` : '';
    const error = typeof op['error'] === 'string' ? ` ${op['error']}` : '';
    return `${String(op['op'])}${path}${error}`;
  });
  return `[${shown.join(', ')}${ops.length > shown.length ? `, … ${ops.length} in all` : ''}]`;
}

function gapText(record: MessageRecord): string {
  const bytes = `${Number(record['bytes']).toLocaleString('en')} bytes`;
  const where = record['direction'] === 'request' ? 'to the server' : 'to the client';
  switch (record['reason']) {
    case 'foreign':
      return `${bytes} ${where} are not ZooKeeper's: ${printable(String(record['foreign']))}`;
    case 'skipped':
      return `${bytes} ${where} belong to no message that could be aligned`;
    default:
      return `${bytes} ${where} are not in the capture`;
  }
}

/** One line a message, in columns that grow with what they have to hold. */
export class MessageLines {
  private day = '';
  private clientWidth = 21;
  private serverWidth = 15;

  constructor(private readonly colour: ChalkInstance) {}

  /** The line (or two: a heading where a new day begins), with its line end. */
  format(record: MessageRecord): string {
    const time = String(record['time']);
    const day = time.slice(0, 10);
    const { colour } = this;
    const heading = day === this.day ? '' : `${colour.bold(`${day} UTC`)}\n`;
    this.day = day;
    const client = String(record['client']);
    const server = String(record['server']);
    this.clientWidth = Math.max(this.clientWidth, client.length);
    this.serverWidth = Math.max(this.serverWidth, server.length);
    const kind = record['kind'];
    const arrow = kind === 'request' || record['direction'] === 'request' ? '→' : '←';
    const session = typeof record['session'] === 'string' ? record['session'] : '-';
    const op = (plainText(record['op']) || (kind === 'gap' ? 'gap' : '?')).padEnd(13);
    return (
      `${heading}${String(record['frame']).padStart(6)} ${time.slice(11, -1)} ` +
      `${client.padEnd(this.clientWidth)} ${arrow} ${server.padEnd(this.serverWidth)} ${session.padEnd(18)} ` +
      `${kind === 'notification' ? colour.cyan(op) : op} ${details(record, colour)}`.trimEnd() +
      '\n'
    );
  }
}
