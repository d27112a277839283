import type { RecordOptions } from '../protocol.js';
import type { Acl } from './format/cursor.js';
import type { MessageView } from './decodedMessage.js';
import { errorName } from './format/errors.js';
import { createModes, eventTypeName, keeperStateName } from './format/enums.js';
import { requestLayout, type RecordLayout } from './format/layout.js';
import type { MultiOp, RequestBody, ResponseBody } from './format/records.js';
import { permissions } from './format/printed.js';
import { hex64, zxidText, type Stat } from './format/stat.js';

type Fields = Record<string, unknown>;

/** Schemes whose id is a credential or the hash of one. */
const SECRET_SCHEMES = new Set(['digest', 'auth', 'super']);

/** ACL entries as they are printed: perms as letters, credentials hidden. */
export function aclFields(acl: readonly Acl[]): Fields[] {
  return acl.map(({ perms, scheme, id }) => ({
    perms: permissions
      .filter(([bit]) => (perms & bit) !== 0)
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
  const mode = createModes.get(flags);
  if (mode !== undefined) fields['mode'] = mode;
}

/** Adds a record's fields as they are printed. */
function addFields(fields: Fields, layout: RecordLayout, body: RequestBody & ResponseBody): void {
  for (const { type, as } of layout.printed) {
    const name = type === 'buffer' ? 'dataLength' : (as as keyof typeof body);
    const value = body[name];
    if (value === undefined) continue;
    switch (type) {
      case 'flags':
        addFlags(fields, value as number);
        break;
      case 'acl':
        fields[name] = aclFields(value as Acl[]);
        break;
      case 'requests':
      case 'results':
        fields[name] = (value as unknown as MultiOp[]).map(opFields);
        break;
      case 'zxid':
        fields[name] = zxidText(value as number);
        break;
      case 'stat':
        fields[name] = statFields(value as Stat);
        break;
      default:
        fields[name] = value;
    }
  }
}

/** Adds the fields of a request with this opcode as they are printed. */
export function addRequest(fields: Fields, opcode: number, body: RequestBody): void {
  addFields(fields, requestLayout(opcode), body);
}

/** A list of children, which is decoded once however often it comes. */
function addList(fields: Fields, message: MessageView): void {
  const children = message.childNames();
  if (children === null) return;
  // The same list comes again: whoever writes it may keep what it wrote.
  fields['children'] = Object.freeze(children.names);
  const stat = message.stat();
  if (stat !== null) fields['stat'] = statFields(stat);
}

function addData(fields: Fields, message: MessageView, body: { dataLength?: number; dataAt?: number }): void {
  const { dataLength, dataAt } = body;
  if (dataLength === undefined || dataAt === undefined || dataLength < 0) return;
  fields['data'] = message.bytes.toString('base64', dataAt, dataAt + dataLength);
}

/** What an answer is about, which only its request says: the path is the answer's own where its record has one. */
function addAsked(fields: Fields, { request }: MessageView, layout: RecordLayout | null): void {
  if (request === null) return;
  if (request.path !== null && layout?.hasPath !== true) fields['path'] = request.path;
  fields['requestFrame'] = request.frame;
}

/** Adds ZooKeeper's own fields of a message to `fields`, under the names of the documented output. */
export function zookeeperRecord(message: MessageView, options: RecordOptions, fields: Fields): Fields {
  if (message.word !== null) {
    fields['word'] = message.word;
    if (message.kind === 'response') {
      fields['dataLength'] = message.answerLength;
      if (message.request !== null) fields['requestFrame'] = message.request.frame;
      if (message.latency !== null) fields['latency'] = message.latency / 1e9;
    }
    return fields;
  }
  fields['length'] = message.length;
  if (!message.handshake) fields['xid'] = message.xid;
  switch (message.kind) {
    case 'request': {
      const body = message.requestBody()!;
      addFields(fields, message.layout()!, body);
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
      const layout = message.layout();
      if (layout?.hasChildren === true) addList(fields, message);
      else if (layout !== null) {
        const body = message.responseBody()!;
        addFields(fields, layout, body);
        if (options.data) addData(fields, message, body);
        if (message.handshake && body.timeout === 0 && body.sessionId === '0x0') fields['expired'] = true;
      }
      addAsked(fields, message, layout);
      if (message.latency !== null) fields['latency'] = message.latency / 1e9;
      break;
    }
  }
  return fields;
}
