import { fourLetterWords } from '../../protocols/zookeeper/connection/fourLetterWords.js';
import { CONNECT_LENGTHS } from '../../protocols/zookeeper/connection/handshake.js';
import { MAX_LENGTH, resyncLimits } from '../../protocols/zookeeper/connection/resync.js';
import { eventTypes, keeperStates } from '../../protocols/zookeeper/format/enums.js';
import type { Names } from '../../protocols/numberNames.js';
import { errorCodes, errorName } from '../../protocols/zookeeper/format/errors.js';
import { typeFacts, type JuteField } from '../../protocols/zookeeper/format/fields.js';
import { headers } from '../../protocols/zookeeper/format/headers.js';
import { layouts, RecordLayout } from '../../protocols/zookeeper/format/layout.js';
import { leastOf, nestedRecords } from '../../protocols/zookeeper/format/nested.js';
import {
  AUTH_XID,
  NOTIFICATION_XID,
  OpCode,
  PING_XID,
  SET_WATCHES_XID,
} from '../../protocols/zookeeper/format/opcodes.js';
import { permissions } from '../../protocols/zookeeper/format/printed.js';
import { dissectorExperts } from './experts.js';
import { dissectorFields, fieldName, nestedName, shownAs, type NestedRecord } from './fields.js';
import { luaString } from './names.js';

/** Lines of a Lua table; where several are joined, its `name` is declared before. */
function table(name: string, lines: readonly string[]): string {
  return `${name} = {\n${lines.map((line) => `  ${line},\n`).join('')}}\n`;
}

const entries = (values: Readonly<Record<string, string | number | boolean>>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key} = ${String(value)}`)
    .join(', ');

function valueStrings(names: Names): string {
  return `{ ${[...names].map(([value, name]) => `[${value}] = ${luaString(name)}`).join(', ')} }`;
}

/** Names of values, each list once. */
const named = [...new Set(dissectorFields.map(({ names }) => names).filter((names) => names !== null))];

const valuesOf = (names: Names): string => `V[${named.indexOf(names) + 1}]`;

function fieldTable(): string {
  const lines = dissectorFields.map(({ name, label, type, names }) => {
    const abbreviation = luaString(`zookeeper.${name}`);
    const text = luaString(label);
    return `[${luaString(name)}] = ${protoField(type, abbreviation, text, names)}`;
  });
  return table('local F', lines);
}

function protoField(type: string, abbreviation: string, text: string, names: Names | null): string {
  const base = { uint64: 'base.HEX', uint32: 'base.HEX', absolute_time: 'base.UTC' }[type];
  switch (type) {
    case 'framenum': {
      const kind = abbreviation.includes('request_in') ? 'REQUEST' : 'RESPONSE';
      return `ProtoField.framenum(${abbreviation}, ${text}, base.NONE, frametype.${kind})`;
    }
    case 'int32':
      if (names === null) return `ProtoField.int32(${abbreviation}, ${text})`;
      return `ProtoField.int32(${abbreviation}, ${text}, base.DEC, ${valuesOf(names)})`;
    default:
      return `ProtoField.${type}(${abbreviation}, ${text}${base === undefined ? '' : `, ${base}`})`;
  }
}

const proto = (name: string): string => `F[${luaString(name)}]`;

/** A field of a record: how it is read, into which fields of Wireshark, and what is known of its length and value. */
function recordField(field: JuteField, operation: string): string {
  const name = fieldName(field, operation);
  const { type, names, range, optional } = field;
  const parts: Record<string, string | number | boolean> = { type: `T.${type}`, proto: proto(name) };
  if (type === 'buffer') parts['size'] = proto(`${name}.length`);
  if (['ustrings', 'acl', 'clientInfo'].includes(type)) parts['size'] = proto(`${name}.count`);
  if (type === 'int' && range !== null) [parts['low'], parts['high']] = range;
  if (type === 'flags' && names !== null) parts['names'] = valuesOf(names);
  if (optional) parts['optional'] = true;
  if (name === 'data') parts['data'] = true;
  if (name === 'watch') parts['watch'] = true;
  return `{ ${entries(parts)} }`;
}

function record(fields: readonly JuteField[], operation: string): string {
  const { least, variable, telling, hasPath } = new RecordLayout(fields);
  const facts = entries({ least, variable, telling, path: hasPath });
  return `{ ${[facts, ...fields.map((field) => recordField(field, operation))].join(', ')} }`;
}

function nestedRecord(name: NestedRecord): string {
  const fields = nestedRecords[name].map((field) => {
    const own = nestedName(name, field);
    return `{ ${entries({ type: `T.${shownAs[own] ?? field.type}`, proto: proto(own) })} }`;
  });
  return `N.${name} = { ${[entries({ least: leastOf(name) }), ...fields].join(', ')} }\n`;
}

function operationTable(): string {
  const lines = layouts.map(({ name, operation }) => {
    const { code, request, response } = operation;
    const facts = entries({ name: luaString(name), code });
    return `${name} = {\n    ${facts},\n    request = ${record(request, name)},\n    response = ${record(response, name)},\n  }`;
  });
  return table('local OPERATIONS', lines);
}

function expertTable(): string {
  const lines = dissectorExperts.map(({ name, text, group, severity }) => {
    const names = `${luaString(`zookeeper.expert.${name}`)}, ${luaString(text)}`;
    return `${name} = ProtoExpert.new(${names}, expert.group.${group}, expert.severity.${severity})`;
  });
  return table('local X', lines);
}

/** Everything that the script knows of ZooKeeper's records: numbers, names, and what each record holds. */
export function luaTables(): string {
  const codes = new Map(errorCodes.map((code) => [code, errorName(code)]));
  const constants = entries({
    ...{ NOTIFICATION_XID, PING_XID, AUTH_XID, SET_WATCHES_XID, MAX_LENGTH },
    ...{ PING: OpCode.ping, AUTH: OpCode.auth, SASL: OpCode.sasl, CREATE_SESSION: OpCode.createSession },
    ...resyncLimits,
    ...CONNECT_LENGTHS,
  });
  const types = Object.entries(typeFacts).map(([type, { least, fixed, element }]) => {
    const facts = { least, fixed, ...(element === undefined ? {} : { element }) };
    return `${type} = { ${entries({ name: luaString(type), ...facts })} }`;
  });
  return [
    `local K = { ${constants} }\n`,
    table('local V', named.map(valueStrings)),
    `local ERRORS = ${valueStrings(codes)}\n`,
    `local EVENT_TYPES = ${valueStrings(eventTypes)}\n`,
    `local KEEPER_STATES = ${valueStrings(keeperStates)}\n`,
    `local PERMISSIONS = { ${permissions.map(([bit, letter]) => `{ ${bit}, "${letter}" }`).join(', ')} }\n`,
    `local WORDS = { ${fourLetterWords.map((word) => `${word} = true`).join(', ')} }\n`,
    fieldTable(),
    expertTable(),
    table('local T', [
      ...types,
      ...[...new Set(Object.values(shownAs))].map((type) => `${type} = { name = "${type}" }`),
    ]),
    'local N = {}\n',
    ...(['stat', 'acl', 'clientInfo'] as const).map(nestedRecord),
    table('local H', [
      ...(['RequestHeader', 'ReplyHeader', 'WatcherEvent'] as const).map(
        (name) => `${name} = ${record(headers[name], '')}`,
      ),
    ]),
    operationTable(),
  ].join('\n');
}
