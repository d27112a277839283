import { errorText } from './meaning.js';
import type { AnnotatedMessage } from './message.js';
import type { AnnotatedField } from './reader.js';
import { eventTypeName, keeperStateName } from '../../protocols/zookeeper/format/enums.js';
import { layoutNamed } from '../../protocols/zookeeper/format/layout.js';

const EVENTS = new Map<string, string>([
  ['NodeCreated', 'PATH was created'],
  ['NodeDeleted', 'PATH was deleted'],
  ['NodeDataChanged', 'the data of PATH changed'],
  ['NodeChildrenChanged', 'the list of children of PATH changed'],
]);

/** What the message is, in one sentence for someone who has never seen the protocol. May hold text of the paste. */
export function headline(message: AnnotatedMessage): string {
  switch (message.kind) {
    case 'request':
      return requestHeadline(message);
    case 'response':
      return responseHeadline(message);
    case 'notification':
      return notificationHeadline(message);
    case 'fourLetterWord':
      return `Four-letter word ${message.op}: a command to the server, not a framed message`;
    case 'text':
      return 'Text of the server: the answer to a four-letter word';
    case 'foreign':
      return `${message.op}: not ZooKeeper's own protocol${message.op === 'TLS' ? ', or encrypted' : ''}`;
    case null:
      return message.length === null
        ? 'A message, or the beginning of one, of unknown length'
        : `A message of ${message.length} bytes, of which too little is known to say what it is`;
  }
}

function fieldOf(message: AnnotatedMessage, name: string): AnnotatedField | undefined {
  return message.fields.find((field) => field.name === name);
}

function numberOf(message: AnnotatedMessage, name: string): number | null {
  const value = fieldOf(message, name)?.value;
  return typeof value === 'number' ? value : null;
}

/** A path as far as it is known. */
function pathText(message: AnnotatedMessage): string {
  const field = fieldOf(message, 'path');
  if (field === undefined) return 'an unknown path';
  if (typeof field.value === 'string') return field.value;
  const length = numberOf(message, 'path.length');
  return length === null ? 'an unknown path' : `a path of ${length} bytes`;
}

function xidText(message: AnnotatedMessage): string {
  const xid = numberOf(message, 'xid');
  return xid === null || xid === -2 ? '' : `, xid ${xid}`;
}

function requestHeadline(message: AnnotatedMessage): string {
  const { op } = message;
  if (op === 'connect') return connectHeadline(message);
  if (op === null) {
    const which =
      message.possibleOps.length > 0 && message.possibleOps.length < 6 ? message.possibleOps.join(' or ') : 'unknown';
    return `Request (${which})${xidText(message)}`;
  }
  const layout = layoutNamed(op);
  const says =
    layout?.operation.says.replace('PATH', () => pathText(message)) ?? 'an operation that no version up to 3.9 has';
  const watch = layout?.request.hasWatch === true ? watchText(message) : '';
  return `${op} request${xidText(message)}: ${says}${watch}`;
}

function watchText(message: AnnotatedMessage): string {
  const watch = fieldOf(message, 'watch')?.value;
  return typeof watch !== 'boolean' ? '' : watch ? ', and sets a watch' : ', without a watch';
}

function connectHeadline(message: AnnotatedMessage): string {
  const session = fieldOf(message, 'sessionId')?.value;
  const timeout = numberOf(message, 'timeOut');
  const wants = timeout === null ? '' : `, timeout ${timeout} ms`;
  if (typeof session !== 'string') return `connect request: the client opens a session, or takes one up${wants}`;
  return session === '0x0'
    ? `connect request: the client opens a new session${wants}`
    : `connect request: the client takes up its session ${session} again${wants}`;
}

function connectAnswer(message: AnnotatedMessage): string {
  const session = fieldOf(message, 'sessionId')?.value;
  const timeout = numberOf(message, 'timeOut');
  if (timeout === 0 && session === '0x0') return 'connect answer: the session has expired';
  const which = typeof session === 'string' ? `session ${session}` : 'a session';
  return `connect answer: the server grants ${which}${timeout === null ? '' : `, timeout ${timeout} ms`}`;
}

function responseHeadline(message: AnnotatedMessage): string {
  const { op, possibleOps } = message;
  if (op === 'connect' || (op === 'createSession' && fieldOf(message, 'timeOut') !== undefined))
    return connectAnswer(message);
  const err = numberOf(message, 'err');
  const outcome = err === null ? 'success or error unknown' : err === 0 ? success(message) : errorText(err);
  if (op === 'ping') return `ping answer: the server has seen the client's ping`;
  if (op !== null) return `${op} answer${xidText(message)}: ${outcome}`;
  const which = possibleOps.length > 0 && possibleOps.length < 5 ? ` (to ${possibleOps.join(' or ')})` : '';
  return `Answer to a request that is not in the dump${which}${xidText(message)}: ${outcome}`;
}

function success(message: AnnotatedMessage): string {
  const parts = ['success'];
  const data = numberOf(message, 'data.length');
  if (data !== null) parts.push(data < 0 ? 'no data (null)' : `${data} bytes of data`);
  const children = numberOf(message, 'children.count');
  if (children !== null) parts.push(children === 1 ? '1 child' : `${Math.max(0, children)} children`);
  const path = fieldOf(message, 'path');
  if (path !== undefined) parts.push(pathText(message));
  const version = numberOf(message, 'stat.version');
  if (version !== null) parts.push(`version ${version}`);
  const owner = fieldOf(message, 'stat.ephemeralOwner')?.value;
  if (typeof owner === 'string' && owner !== '0x0' && !/^0x(?:8000000000000000|ff[0-9a-f]{14})$/.test(owner)) {
    parts.push(`ephemeral, of session ${owner}`);
  }
  return parts.join(', ');
}

function notificationHeadline(message: AnnotatedMessage): string {
  const type = numberOf(message, 'type');
  const state = numberOf(message, 'state');
  if (type === null) return `Notification of a watch: what happened to ${pathText(message)} is masked`;
  const event = eventTypeName(type);
  const says = EVENTS.get(event)?.replace('PATH', () => pathText(message)) ?? `${event}, ${pathText(message)}`;
  return `Notification of a watch, ${event}: ${says}${state === null ? '' : ` (state ${keeperStateName(state)})`}`;
}
