import type { FieldTable } from '../../protocols/field.js';
import {
  aclFieldTable,
  operationFieldTable,
  statFieldTable,
  zookeeperFields,
} from '../../protocols/zookeeper/fields.js';
import type { Names } from '../../protocols/numberNames.js';
import type { JuteField, JuteType } from '../../protocols/zookeeper/format/fields.js';
import { headers } from '../../protocols/zookeeper/format/headers.js';
import { nestedRecords, type NestedField } from '../../protocols/zookeeper/format/nested.js';
import { operations, type Operation } from '../../protocols/zookeeper/format/operations.js';
import { fieldLabel, snakeCase } from './names.js';

/** Types of fields as Wireshark's Lua names them. */
export type WiresharkType =
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool'
  | 'string'
  | 'bytes'
  | 'none'
  | 'framenum'
  | 'relative_time'
  | 'absolute_time';

/** A field that the dissector adds to packets. */
export interface DissectorField {
  /** Behind `zookeeper.`; also its key in the script. */
  readonly name: string;
  readonly label: string;
  readonly type: WiresharkType;
  /** Names of its values, which filters may use. */
  readonly names: Names | null;
  /** What it is. */
  readonly text: string;
}

export type NestedRecord = keyof typeof nestedRecords;

const types: Readonly<Record<JuteType, WiresharkType>> = {
  ...{ int: 'int32', named: 'int32', flags: 'int32', long: 'int64', decimal: 'int64', zxid: 'uint64', id: 'uint64' },
  ...{ boolean: 'bool', path: 'string', ustring: 'string', ustrings: 'string', buffer: 'bytes' },
  ...{ stat: 'none', acl: 'none', clientInfo: 'none', requests: 'none', results: 'none' },
};

/** What is shown otherwise than its type in jute is: milliseconds since 1970 as dates, permissions as a set of bits. */
export const shownAs: Readonly<Record<string, 'moment' | 'perms'>> = {
  'stat.ctime': 'moment',
  'stat.mtime': 'moment',
  'acl.perms': 'perms',
};
const shownTypes = { moment: 'absolute_time', perms: 'uint32' } as const;
/** What the output calls otherwise, for being told of every message, or of many. */
const RENAMED: Readonly<Record<string, string>> = { sessionId: 'session', ops: 'multi' };
const RENAMED_NESTED: Readonly<Record<string, string>> = {
  'id.scheme': 'scheme',
  'id.id': 'id',
  authScheme: 'scheme',
  user: 'id',
};

/** A record's field behind `zookeeper.`; what the output does not have is named within its operation. */
export function fieldName({ name, as, secret }: JuteField, operation: string): string {
  if (as === null && !secret) return `${snakeCase(operation)}.${snakeCase(name)}`;
  return snakeCase(RENAMED[as ?? name] ?? as ?? name);
}

/** A field of a record within a record, behind `zookeeper.`. */
export function nestedName(record: NestedRecord, { name }: NestedField): string {
  return `${snakeCase(record)}.${snakeCase(RENAMED_NESTED[name] ?? name)}`;
}

/** What no table of the output has words for. */
const TEXTS: Readonly<Record<string, string>> = {
  data: "the znode's data",
  xid: 'xid of the header; handshakes have none',
  expired: 'the answer to a handshake says that the session has expired',
  scheme: 'auth: scheme',
  'acl.perms': 'ZooDefs.Perms: 1 read, 2 write, 4 create, 8 delete, 16 admin',
  'acl.id': 'who',
  op: "ZooKeeper's name of the operation; of an answer that of its request; `connect`, `notification`, `fourLetterWord`",
  opcode: "the operation's number in the header, or in that of an operation of a multi",
  request: 'the message is a request',
  response: 'the message is an answer',
  notification: 'the message tells of a watch that fired',
  request_in: 'the frame in which the request of this answer ends',
  response_in: 'the frame in which the answer to this request ends',
  latency: 'from the frame that completed the request to the frame that completed the answer',
  session: 'the session; in handshakes as sent, in other messages as the handshake before them told it',
  protocol_version: 'always 0',
  passwd: "the session's password",
  auth: 'what the client authenticates with',
  token: 'of SASL',
  answer: 'what came of the answer to a four-letter word in this segment',
  undecoded: 'bytes behind what is known of the message, or of an answer whose request is not in the capture',
  truncated: 'the message was cut by the snap length, or its end was not captured',
  skipped: 'bytes that belong to no message that is known: before them something was not captured',
  stat: "the znode's Stat",
  multi: 'an operation of a multi or multiRead, or its result',
  'multi.done': 'nothing follows',
  'multi.err': "of the MultiHeader: -1 in requests, 0 or ZooKeeper's code in answers",
  'multi.opcode': 'the operation; -1 is an error, or the end',
  'auth.type': 'always 0',
  'add_watch.err': '0 or a code',
  'client_info.scheme': 'scheme',
  'client_info.id': 'who',
};

const described: readonly (readonly [prefix: string, table: FieldTable])[] = [
  ['', zookeeperFields],
  ['', operationFieldTable],
  ['stat.', statFieldTable],
  ['acl.', aclFieldTable],
];

function textOf(name: string): string {
  const own = TEXTS[name];
  if (own !== undefined) return own;
  for (const [prefix, table] of described) {
    for (const [key, { text }] of Object.entries(table)) if (`${prefix}${snakeCase(key)}` === name) return text;
  }
  throw new Error(`nothing says what zookeeper.${name} is`);
}

function make(name: string, type: WiresharkType, names: Names | null = null, text = textOf(name)): DissectorField {
  return { name, label: fieldLabel(name), type, names, text };
}

/** The field, and what comes with one of its type: the length or count in front, fields of records within it. */
function withParts(name: string, { type, names }: Pick<JuteField, 'type' | 'names'>): DissectorField[] {
  switch (type) {
    case 'buffer':
      return [
        make(name, 'bytes'),
        make(`${name}.length`, 'int32', null, `bytes in \`zookeeper.${name}\`, -1 for null`),
      ];
    case 'ustrings':
    case 'acl':
    case 'clientInfo':
      return [
        make(`${name}.count`, 'int32', null, `how many \`zookeeper.${name}\` there are, -1 for null`),
        make(name, types[type]),
        ...(type === 'ustrings' ? [] : nestedFields(type)),
      ];
    case 'stat':
      return [make(name, 'none'), ...nestedFields('stat')];
    case 'requests':
    case 'results':
      return [make(name, 'none'), ...multiHeader];
    default:
      return [make(name, types[type], names)];
  }
}

function nestedFields(record: NestedRecord): DissectorField[] {
  return nestedRecords[record].map((field) => {
    const name = nestedName(record, field);
    const shown = shownAs[name];
    return make(name, shown === undefined ? types[field.type] : shownTypes[shown]);
  });
}

const multiHeader = headers.MultiHeader.map(({ name, as, type, names }: JuteField) =>
  make(`multi.${as ?? name}`, types[type], names),
);

const ofHeaders = [headers.RequestHeader, headers.ReplyHeader, headers.WatcherEvent].flatMap(
  (fields: readonly JuteField[]) => fields.flatMap((field) => withParts(fieldName(field, ''), field)),
);

const ofOperations = Object.entries<Operation>(operations).flatMap(([name, { request, response }]) =>
  [...request, ...response].flatMap((field) => withParts(fieldName(field, name), field)),
);

const general = [
  make('length', 'int32'),
  make('op', 'string'),
  make('request', 'bool'),
  make('response', 'bool'),
  make('notification', 'bool'),
  make('session', 'uint64'),
  make('error', 'string'),
  make('latency', 'relative_time'),
  make('request_in', 'framenum'),
  make('response_in', 'framenum'),
  make('expired', 'bool'),
  make('word', 'string'),
  make('answer', 'string'),
  make('truncated', 'bool'),
  make('undecoded', 'bytes'),
  make('skipped', 'bytes'),
];

function once(fields: readonly DissectorField[]): DissectorField[] {
  const byName = new Map<string, DissectorField>();
  for (const field of fields) if (!byName.has(field.name)) byName.set(field.name, field);
  return [...byName.values()];
}

/** Every field, once: those of all messages, of headers, and of the operations in the order of the table. */
export const dissectorFields: readonly DissectorField[] = once([...general, ...ofHeaders, ...ofOperations]);
