import type { RecordOptions } from '../protocol.js';
import type { Acl } from './format/cursor.js';
import type { DecodedMessage } from './decodedMessage.js';
import { errorName } from './format/errors.js';
import { createModes, eventTypeName, keeperStateName, OpCode } from './format/opcodes.js';
import type { MultiOp, RequestBody, ResponseBody } from './format/records.js';
import { hex64, zxidText, type Stat } from './format/stat.js';

type Fields = Record<string, unknown>;

const PERMISSIONS: readonly [number, string][] = [
  [4, 'c'],
  [8, 'd'],
  [1, 'r'],
  [2, 'w'],
  [16, 'a'],
];

/** Schemes whose id is a credential or the hash of one. */
const SECRET_SCHEMES = new Set(['digest', 'auth', 'super']);

/** ACL entries as they are printed: perms as letters, credentials hidden. */
export function aclFields(acl: readonly Acl[]): Fields[] {
  return acl.map(({ perms, scheme, id }) => ({
    perms: PERMISSIONS.filter(([bit]) => (perms & bit) !== 0)
      .map(([, letter]) => letter)
      .join(''),
    scheme,
    id: SECRET_SCHEMES.has(scheme) ? id.replace(/:.*/s, ':…') : id,
  }));
}

/** A Stat as it is printed: 64-bit numbers as `0x…`. */
export function statFields(stat: Stat): Fields {
  return {
    czxid: zxidText(stat.czxid),
    mzxid: zxidText(stat.mzxid),
    pzxid: zxidText(stat.pzxid),
    ctime: stat.ctime,
    mtime: stat.mtime,
    version: stat.version,
    cversion: stat.cversion,
    aversion: stat.aversion,
    ephemeralOwner: stat.ephemeralOwner,
    dataLength: stat.dataLength,
    numChildren: stat.numChildren,
  };
}

function opFields(op: MultiOp): Fields {
  const { acl, stat, flags, ...rest } = op;
  const fields: Fields = rest;
  if (flags !== undefined) addFlags(fields, flags);
  if (acl !== undefined) fields['acl'] = aclFields(acl);
  if (stat !== undefined) fields['stat'] = statFields(stat);
  return fields;
}

function addFlags(fields: Fields, flags: number): void {
  fields['flags'] = flags;
  const mode = createModes[flags];
  if (mode !== undefined) fields['mode'] = mode;
}

const LISTS: ReadonlySet<number | null> = new Set([OpCode.getChildren, OpCode.getChildren2, OpCode.getEphemerals]);

/** What is of use inside only, is told by `session`, or has a form of its own when it is printed. */
const NOT_AS_IT_IS = new Set([
  ...['dataAt', 'sessionId', 'protocolVersion'],
  ...['acl', 'ops', 'flags', 'stat', 'relativeZxid', 'lastZxidSeen'],
]);

function addPlain(fields: Fields, body: RequestBody & ResponseBody): void {
  for (const name in body) if (!NOT_AS_IT_IS.has(name)) fields[name] = body[name as keyof typeof body];
}

/** Adds a request's fields as they are printed. */
export function addRequest(fields: Fields, body: RequestBody): void {
  const { acl, ops, flags, relativeZxid, lastZxidSeen } = body;
  addPlain(fields, body);
  if (flags !== undefined) addFlags(fields, flags);
  if (acl !== undefined) fields['acl'] = aclFields(acl);
  if (ops !== undefined) fields['ops'] = ops.map(opFields);
  if (relativeZxid !== undefined) fields['relativeZxid'] = zxidText(relativeZxid);
  if (lastZxidSeen !== undefined) fields['lastZxidSeen'] = zxidText(lastZxidSeen);
}

function addResponse(fields: Fields, body: ResponseBody): void {
  const { acl, ops, stat } = body;
  addPlain(fields, body);
  if (acl !== undefined) fields['acl'] = aclFields(acl);
  if (ops !== undefined) fields['ops'] = ops.map(opFields);
  if (stat !== undefined) fields['stat'] = statFields(stat);
}

/** A list of children, which is decoded once however often it comes. */
function addList(fields: Fields, message: DecodedMessage): void {
  const children = message.childNames();
  if (children === null) return;
  fields['children'] = children.names;
  const stat = message.stat();
  if (stat !== null) fields['stat'] = statFields(stat);
}

function addData(fields: Fields, message: DecodedMessage, body: { dataLength?: number; dataAt?: number }): void {
  const { dataLength, dataAt } = body;
  if (dataLength === undefined || dataAt === undefined || dataLength < 0) return;
  fields['data'] = message.bytes.toString('base64', dataAt, dataAt + dataLength);
}

/** Adds ZooKeeper's own fields of a message to `fields`, under the names of the documented output. */
export function zookeeperRecord(message: DecodedMessage, options: RecordOptions, fields: Fields): Fields {
  if (message.word !== null) {
    fields['word'] = message.word;
    if (message.kind === 'response') {
      fields['dataLength'] = message.answerLength;
      if (message.latency !== null) fields['latency'] = message.latency / 1e9;
    }
    return fields;
  }
  fields['length'] = message.length;
  if (!message.handshake) fields['xid'] = message.xid;
  switch (message.kind) {
    case 'request': {
      const body = message.requestBody()!;
      addRequest(fields, body);
      if (options.data) addData(fields, message, body);
      break;
    }
    case 'notification':
      if (message.ownPath !== null) fields['path'] = message.ownPath;
      fields['zxid'] = hex64(message.zxidHi, message.zxidLo);
      fields['err'] = message.err;
      fields['eventType'] = eventTypeName(message.eventType);
      fields['state'] = keeperStateName(message.state);
      break;
    case 'response': {
      if (!message.handshake) {
        fields['zxid'] = hex64(message.zxidHi, message.zxidLo);
        fields['err'] = message.err;
        if (message.err !== 0) fields['error'] = errorName(message.err);
      }
      if (LISTS.has(message.opcode)) addList(fields, message);
      else {
        const body = message.responseBody()!;
        addResponse(fields, body);
        if (options.data) addData(fields, message, body);
        if (message.handshake && body.timeout === 0 && body.sessionId === '0x0') fields['expired'] = true;
      }
      if (message.latency !== null) fields['latency'] = message.latency / 1e9;
      break;
    }
  }
  return fields;
}
