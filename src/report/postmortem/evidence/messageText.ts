import type { MessageRecord } from '../../../observations/record.js';

const NAMES = 3;

/** One message in a few words, without payload or credentials: `getChildren2 /a watch`, `create answered NodeExists`. */
export function messageText(record: MessageRecord): string {
  const text = (name: string): string | null => {
    const value = record[name];
    return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null;
  };
  const op = text('op') ?? (record['kind'] === 'response' ? 'answer' : 'message');
  const parts: string[] = [];
  const path = text('path');
  if (record['kind'] === 'notification') parts.push(text('eventType') ?? 'notification');
  else parts.push(record['kind'] === 'response' ? `${op} answered` : op);
  if (path !== null) parts.push(path);
  if (record['kind'] === 'request') {
    if (record['watch'] === true) parts.push('watch=true');
    else if (record['watch'] === false) parts.push('watch=false');
    const mode = text('mode');
    if (mode !== null) parts.push(mode);
  } else if (record['kind'] === 'response') answer(record, parts, text);
  if (op === 'connect') handshake(record, parts, text);
  if (Array.isArray(record['ops'])) parts.push(operations(record['ops'] as MessageRecord[]));
  if (record['truncated'] === true) parts.push('(captured in part)');
  return parts.join(' ');
}

type Text = (name: string) => string | null;

function answer(record: MessageRecord, parts: string[], text: Text): void {
  const error = text('error');
  if (error !== null) parts.push(error);
  const children = record['children'];
  if (Array.isArray(children)) parts.push(`${children.length} ${children.length === 1 ? 'child' : 'children'}`);
  const stat = record['stat'] as MessageRecord | undefined;
  if (stat !== undefined && error === null) {
    if (Array.isArray(children)) parts.push(`cversion ${String(stat['cversion'])}`);
    else parts.push(`version ${String(stat['version'])}`);
  }
  const zxid = text('zxid');
  if (zxid !== null && text('op') !== 'connect') parts.push(`zxid ${zxid}`);
}

function handshake(record: MessageRecord, parts: string[], text: Text): void {
  const session = text('session');
  const asked = text('sessionId') ?? session;
  if (record['expired'] === true) parts.push('session 0, timeout 0: expired');
  else if (asked !== null && asked !== '0x0') parts.push(`session ${asked}`);
  else if (record['kind'] === 'request') parts.push('new session');
  const timeout = text('timeout');
  if (timeout !== null && record['expired'] !== true) parts.push(`timeout ${timeout} ms`);
}

function operations(ops: readonly MessageRecord[]): string {
  const shown = ops
    .slice(0, NAMES)
    .map((op) => `${String(op['op'])} ${typeof op['path'] === 'string' ? op['path'] : ''}`.trimEnd());
  return `[${shown.join(', ')}${ops.length > shown.length ? `, … ${ops.length} in all` : ''}]`;
}
