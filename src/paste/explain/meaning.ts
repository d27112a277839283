import type { AnnotatedMessage } from './message.js';
import type { AnnotatedField } from './reader.js';
import { errorName } from '../../protocols/zookeeper/format/errors.js';
import { eventTypeName, keeperStateName } from '../../protocols/zookeeper/format/enums.js';
import { layoutNamed, layouts, type RecordLayout } from '../../protocols/zookeeper/format/layout.js';
import { opName } from '../../protocols/zookeeper/format/opcodes.js';
import { aclFields } from '../../protocols/zookeeper/output.js';

/** What the errors that people meet mean. */
const ERRORS = new Map<number, string>([
  [0, 'success'],
  [-2, 'in a multi: not tried, because another operation of it failed'],
  [-4, 'the server lost its connection'],
  [-5, 'the server could not read the request'],
  [-6, 'the server does not know this operation'],
  [-8, 'the arguments are not valid'],
  [-101, 'the znode does not exist'],
  [-102, 'no permission'],
  [-103, 'the znode has another version than the one expected'],
  [-108, 'an ephemeral znode cannot have children'],
  [-110, 'the znode exists already'],
  [-111, 'the znode has children'],
  [-112, 'the session has expired'],
  [-114, 'the ACL is not valid'],
  [-115, 'authentication failed'],
  [-118, 'the session has moved to another server'],
  [-119, 'a read-only server cannot write'],
  [-121, 'there is no such watch'],
  [-125, 'a quota is exceeded'],
  [-127, 'the server is overloaded and refuses the request'],
]);

/** `NoNode: the znode does not exist`. */
export function errorText(code: number): string {
  const meaning = ERRORS.get(code);
  if (code === 0) return 'success';
  return meaning === undefined ? errorName(code) : `${errorName(code)}: ${meaning}`;
}

/** What an xid says by itself. */
function xidMeaning(value: number, message: AnnotatedMessage): string {
  if (value === -1) return 'no answer to a request: a notification';
  if (value === -2) return 'reserved for pings';
  if (value === -4 && (message.op === 'auth' || message.kind === 'response')) return 'used for auth';
  if (value === -8 && message.op?.startsWith('setWatches') === true) return 'used for setWatches';
  if (message.kind === null) return 'number of the request';
  return message.kind === 'response'
    ? 'number of the request that this answers'
    : 'number that the client gave this request';
}

function zxidText(hex: string): string {
  const zxid = BigInt(hex);
  return `epoch ${zxid >> 32n}, counter ${zxid & 0xffffffffn}`;
}

const ZXIDS = new Map<string, string>([
  ['czxid', 'created'],
  ['mzxid', 'data last changed'],
  ['pzxid', 'list of children last changed'],
]);

function zxidMeaning(field: string, value: string, message: AnnotatedMessage): string {
  if (value === '0xffffffffffffffff')
    return message.kind === 'notification' ? 'none: usual up to ZooKeeper 3.8' : 'none';
  const known = ZXIDS.get(field);
  if (known !== undefined) return `${known}: ${zxidText(value)}`;
  if (field === 'lastZxidSeen' || field === 'relativeZxid')
    return `last change that the client has seen: ${zxidText(value)}`;
  return message.kind === 'notification' ? zxidText(value) : `last change that the server has seen: ${zxidText(value)}`;
}

function ownerMeaning(value: string): string {
  if (value === '0x0') return 'not ephemeral';
  if (value === '0x8000000000000000') return 'a container';
  if (/^0xff[0-9a-f]{14}$/.test(value)) return 'has a time to live';
  return 'ephemeral: session that owns it';
}

function timeMeaning(milliseconds: number): string {
  const limit = 8.64e15; // what a Date can hold
  return Math.abs(milliseconds) <= limit ? new Date(milliseconds).toISOString() : 'no time';
}

function typeMeaning(field: AnnotatedField, value: number, message: AnnotatedMessage): string {
  const { name } = field;
  if (name.startsWith('ops')) {
    if (value !== -1) return opName(value);
    const done = message.fields[message.fields.indexOf(field) + 1]?.value;
    return done === true ? 'end of the operations' : 'error';
  }
  if (message.kind === 'notification') return eventTypeName(value);
  if (message.kind !== 'request') return '';
  // The first is the request header's; auth and the removal of watches have one of their own.
  if (message.fields.find((other) => other.name === 'type') === field) return opName(value);
  return valueName(field, value, message);
}

/** The record that a field is of: the message's, or that of an operation of its multi. */
function recordOf({ name }: AnnotatedField, message: AnnotatedMessage): RecordLayout | undefined {
  const [operation] = /^ops\[\d+\]\./.exec(name) ?? [];
  const type = message.fields.find((other) => other.name === `${operation}type`)?.value;
  const op = operation === undefined ? (message.op ?? message.possibleOps[0]) : opName(Number(type));
  const layout = op === undefined ? undefined : layoutNamed(op);
  return message.kind === 'request' ? layout?.request : layout?.response;
}

/** ZooKeeper's name of a field's value, `unknown` where it has none; empty where the field's values have no names. */
function valueName(field: AnnotatedField, value: number, message: AnnotatedMessage): string {
  const last = field.name.slice(field.name.lastIndexOf('.') + 1);
  const names = recordOf(field, message)?.fields.find(({ name }) => name === last)?.names;
  return names == null ? '' : (names.get(value) ?? 'unknown');
}

function numberMeaning(field: AnnotatedField, value: number, message: AnnotatedMessage): string {
  const { name } = field;
  const last = name.slice(name.lastIndexOf('.') + 1);
  switch (last) {
    case 'len':
      return `${value} bytes follow`;
    case 'xid':
      return xidMeaning(value, message);
    case 'type':
      return typeMeaning(field, value, message);
    case 'err':
      return name.startsWith('ops') && value === -1 ? 'without meaning here' : errorText(value);
    case 'state':
      return keeperStateName(value);
    case 'length':
      return value === -1 ? 'null' : `bytes of ${name.slice(0, -7)}`;
    case 'count':
      return value === -1 ? 'null' : `elements of ${name.slice(0, -6)}`;
    case 'perms':
      return String(aclFields([{ perms: value, scheme: '', id: '' }])[0]!['perms']);
    case 'timeOut':
      if (message.kind === 'response')
        return value === 0 ? 'the session has expired' : 'milliseconds, granted by the server';
      return 'milliseconds, asked for by the client';
    case 'ttl':
      return 'milliseconds';
    case 'ctime':
      return `created: ${timeMeaning(value)}`;
    case 'mtime':
      return `data last changed: ${timeMeaning(value)}`;
    case 'version':
      if (name.startsWith('stat') || name.includes('.stat.')) return 'changes of the data';
      return value === -1 ? 'any version' : 'expected version';
    case 'cversion':
      return 'changes of the list of children';
    case 'aversion':
      return 'changes of the ACL';
    case 'dataLength':
      return 'bytes';
    default:
      return valueName(field, value, message);
  }
}

/** What a field's value means, in plain English; empty where the value says it all. May hold text of the paste. */
export function meaningOf(field: AnnotatedField, message: AnnotatedMessage): string {
  const { name, value } = field;
  const last = name.slice(name.lastIndexOf('.') + 1);
  const notes: string[] = [];
  if (field.type === 'elements') return 'not listed one by one';
  if (name.includes(' or ')) return 'which of these depends on the operation';
  if (field.known !== 'known') notes.push(stateText(field, message));
  if (typeof value === 'number') notes.push(numberMeaning(field, value, message));
  else if (field.type === 'zxid' && typeof value === 'string') notes.push(zxidMeaning(last, value, message));
  else if (last === 'ephemeralOwner' && typeof value === 'string') notes.push(ownerMeaning(value));
  else if (last === 'sessionId') notes.push(sessionMeaning(value, message));
  else if (last === 'watch' && value !== null) notes.push(value === true ? 'sets a watch' : 'sets no watch');
  else if (last === 'done' && value !== null)
    notes.push(value === true ? 'no operation follows' : 'an operation follows');
  else if (last === 'passwd') notes.push('password of the session: not shown');
  else if (isCredential(name)) notes.push('credential: not shown');
  return notes.filter((note) => note !== '').join('; ');
}

function sessionMeaning(value: AnnotatedField['value'], message: AnnotatedMessage): string {
  if (value !== '0x0') return '';
  return message.kind === 'request' ? 'a new session is asked for' : 'no session: it has expired';
}

function stateText(field: AnnotatedField, message: AnnotatedMessage): string {
  if (field.inferred) return 'masked; known from the length of the message';
  if (field.type === 'rest') return field.known === 'unknown' ? 'masked' : 'partly masked';
  const cut =
    field.offset + field.length === message.end && message.missing !== 0 && field.partial?.endsWith('…') === true;
  if (cut) return 'the end of it is not in the dump';
  return field.known === 'unknown' ? 'masked: unknown' : 'partly masked';
}

const SECRETS = new Set(
  layouts
    .flatMap(({ request, response }) => [...request.fields, ...response.fields])
    .filter(({ secret }) => secret)
    .map(({ name }) => name),
);

/** Whether a field holds what gives access: it is never shown, not even where payloads are. */
export function isCredential(name: string): boolean {
  return name.split(' or ').some((one) => SECRETS.has(one.slice(one.lastIndexOf('.') + 1)));
}
