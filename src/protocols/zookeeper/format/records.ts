import { END_OF_RECORD, readAcl, type Acl, type RecordReader } from './cursor.js';
import { errorName } from './errors.js';
import { addWatchModes, OpCode, opName, watcherTypes } from './opcodes.js';
import { readStat, type Stat } from './stat.js';

/** One operation of a multi or multiRead, or its result. */
export interface MultiOp {
  op: string;
  path?: string;
  watch?: boolean;
  version?: number;
  flags?: number;
  ttl?: number;
  dataLength?: number;
  acl?: Acl[];
  err?: number;
  error?: string;
  stat?: Stat;
  children?: string[];
}

/**
 * Fields of a request behind its header, under the names that are printed. Filled in the order of the record: where the
 * bytes end early, what had been read stays and the rest is absent.
 */
export interface RequestBody {
  path?: string;
  watch?: boolean;
  version?: number;
  flags?: number;
  ttl?: number;
  dataLength?: number;
  /** Where the data lies in the chunk; valid as long as the message. */
  dataAt?: number;
  acl?: Acl[];
  ops?: MultiOp[];
  relativeZxid?: number;
  dataWatches?: string[];
  existWatches?: string[];
  childWatches?: string[];
  persistentWatches?: string[];
  persistentRecursiveWatches?: string[];
  watchMode?: string;
  watcherType?: string;
  scheme?: string;
  joiningServers?: string;
  leavingServers?: string;
  newMembers?: string;
  curConfigId?: string;
  protocolVersion?: number;
  lastZxidSeen?: number;
  /** Session timeout asked for, milliseconds. */
  timeout?: number;
  /** Session id `0x…` that is to be taken up, `0x0` for a new one. */
  sessionId?: string;
  readOnly?: boolean;
  word?: string;
}

/** Fields of a response behind its header, in the same way. */
export interface ResponseBody {
  path?: string;
  stat?: Stat;
  dataLength?: number;
  dataAt?: number;
  children?: string[];
  acl?: Acl[];
  ops?: MultiOp[];
  totalNumber?: number;
  clientInfo?: { scheme: string; id: string }[];
  protocolVersion?: number;
  /** Session timeout granted, milliseconds; 0 for an expired session. */
  timeout?: number;
  sessionId?: string;
  readOnly?: boolean;
  word?: string;
}

// Each reader has its record's grammar (ZooKeeper's zookeeper.jute) above it. ustring and buffer: int length, bytes.

function data(c: RecordReader, body: { dataLength?: number; dataAt?: number }): void {
  body.dataAt = c.position + 4;
  body.dataLength = c.skipBuffer('data');
}

/** ConnectRequest: int protocolVersion, long lastZxidSeen, int timeOut, long sessionId, buffer passwd [, boolean readOnly] */
export function readConnectRequest(c: RecordReader, body: RequestBody): void {
  body.protocolVersion = c.int('protocolVersion');
  body.lastZxidSeen = c.zxid('lastZxidSeen');
  body.timeout = c.int('timeOut');
  body.sessionId = c.longHex('sessionId');
  c.skipBuffer('passwd');
  if (c.remaining > 0) body.readOnly = c.boolean('readOnly');
}

/** ConnectResponse: int protocolVersion, int timeOut, long sessionId, buffer passwd [, boolean readOnly] */
export function readConnectResponse(c: RecordReader, body: ResponseBody): void {
  body.protocolVersion = c.int('protocolVersion');
  body.timeout = c.int('timeOut');
  body.sessionId = c.longHex('sessionId');
  c.skipBuffer('passwd');
  if (c.remaining > 0) body.readOnly = c.boolean('readOnly');
}

function path(c: RecordReader, body: { path?: string }): void {
  const string = c.string('path');
  if (string !== null) body.path = string;
}

/** Reads the body of a request; END_OF_RECORD if the bytes end early, with `body` filled as far as they went. */
export function readRequest(opcode: number, c: RecordReader, body: RequestBody): void {
  switch (opcode) {
    // GetDataRequest, ExistsRequest, GetChildrenRequest, GetChildren2Request: ustring path, boolean watch
    case OpCode.exists:
    case OpCode.getData:
    case OpCode.getChildren:
    case OpCode.getChildren2:
      path(c, body);
      body.watch = c.boolean('watch');
      return;
    // CreateRequest: ustring path, buffer data, vector<ACL> acl, int flags
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      path(c, body);
      data(c, body);
      body.acl = c.vector('acl', 12, readAcl);
      body.flags = c.int('flags');
      return;
    // CreateTTLRequest: ustring path, buffer data, vector<ACL> acl, int flags, long ttl
    case OpCode.createTTL:
      path(c, body);
      data(c, body);
      body.acl = c.vector('acl', 12, readAcl);
      body.flags = c.int('flags');
      body.ttl = c.longNumber('ttl');
      return;
    // DeleteRequest, CheckVersionRequest: ustring path, int version
    case OpCode.delete:
    case OpCode.check:
      path(c, body);
      body.version = c.int('version');
      return;
    // SetDataRequest: ustring path, buffer data, int version
    case OpCode.setData:
      path(c, body);
      data(c, body);
      body.version = c.int('version');
      return;
    // GetACLRequest, SyncRequest, GetEphemeralsRequest, GetAllChildrenNumberRequest, DeleteContainer: ustring path
    case OpCode.getACL:
    case OpCode.sync:
    case OpCode.getEphemerals:
    case OpCode.getAllChildrenNumber:
    case OpCode.deleteContainer:
      path(c, body);
      return;
    // SetACLRequest: ustring path, vector<ACL> acl, int version
    case OpCode.setACL:
      path(c, body);
      body.acl = c.vector('acl', 12, readAcl);
      body.version = c.int('version');
      return;
    case OpCode.multi:
    case OpCode.multiRead:
      body.ops = [];
      readMultiRequest(c, body.ops);
      return;
    // ReconfigRequest: ustring joiningServers, ustring leavingServers, ustring newMembers, long curConfigId
    case OpCode.reconfig:
      body.joiningServers = c.string('joiningServers') ?? '';
      body.leavingServers = c.string('leavingServers') ?? '';
      body.newMembers = c.string('newMembers') ?? '';
      body.curConfigId = c.longNumber('curConfigId').toString();
      return;
    // CheckWatchesRequest, RemoveWatchesRequest: ustring path, int type
    case OpCode.checkWatches:
    case OpCode.removeWatches: {
      path(c, body);
      const type = c.int('type');
      body.watcherType = watcherTypes[type] ?? `unknown(${type})`;
      return;
    }
    // SetWatches: long relativeZxid, vector<ustring> dataWatches, existWatches, childWatches
    // SetWatches2: the same, then persistentWatches, persistentRecursiveWatches
    case OpCode.setWatches:
    case OpCode.setWatches2:
      body.relativeZxid = c.zxid('relativeZxid');
      body.dataWatches = c.stringVector('dataWatches');
      body.existWatches = c.stringVector('existWatches');
      body.childWatches = c.stringVector('childWatches');
      if (opcode === OpCode.setWatches) return;
      body.persistentWatches = c.stringVector('persistentWatches');
      body.persistentRecursiveWatches = c.stringVector('persistentRecursiveWatches');
      return;
    // AddWatchRequest: ustring path, int mode
    case OpCode.addWatch: {
      path(c, body);
      const mode = c.int('mode');
      body.watchMode = addWatchModes[mode] ?? `unknown(${mode})`;
      return;
    }
    // AuthPacket: int type, ustring scheme, buffer auth
    case OpCode.auth:
      c.int('type');
      body.scheme = c.string('scheme') ?? '';
      c.skipBuffer('auth');
      return;
    // GetSASLRequest: buffer token
    case OpCode.sasl:
      c.skipBuffer('token');
      return;
    // createSession: a ConnectRequest behind the header
    case OpCode.createSession:
      readConnectRequest(c, body);
      return;
    default: // ping, closeSession, whoAmI, unknown opcodes: no body that could be known
  }
}

/** Repeated MultiHeader and the record of that type, until done. A multi within a multi does not exist. */
function readMultiRequest(c: RecordReader, ops: MultiOp[]): void {
  for (let type = c.multiHeader(); type !== null; type = c.multiHeader()) {
    const op: MultiOp = { op: opName(type) };
    ops.push(op);
    if (type === OpCode.multi || type === OpCode.multiRead) throw END_OF_RECORD;
    readRequest(type, c, op);
    delete (op as RequestBody).dataAt;
  }
}

/** Reads the body of a response without error; like `readRequest`. */
export function readResponse(opcode: number, c: RecordReader, body: ResponseBody): void {
  switch (opcode) {
    // ExistsResponse, SetDataResponse, SetACLResponse: Stat stat
    case OpCode.exists:
    case OpCode.setData:
    case OpCode.setACL:
      body.stat = c.record('stat', readStat);
      return;
    // GetDataResponse: buffer data, Stat stat
    case OpCode.getData:
    case OpCode.reconfig:
      data(c, body);
      body.stat = c.record('stat', readStat);
      return;
    // CreateResponse, SyncResponse: ustring path
    case OpCode.create:
    case OpCode.sync:
      path(c, body);
      return;
    // Create2Response: ustring path, Stat stat
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
      path(c, body);
      body.stat = c.record('stat', readStat);
      return;
    // GetACLResponse: vector<ACL> acl, Stat stat
    case OpCode.getACL:
      body.acl = c.vector('acl', 12, readAcl);
      body.stat = c.record('stat', readStat);
      return;
    // GetChildrenResponse: vector<ustring> children
    case OpCode.getChildren:
      body.children = c.stringVector('children');
      return;
    // GetEphemeralsResponse: vector<ustring> ephemerals
    case OpCode.getEphemerals:
      body.children = c.stringVector('ephemerals');
      return;
    // GetChildren2Response: vector<ustring> children, Stat stat
    case OpCode.getChildren2:
      body.children = c.stringVector('children');
      body.stat = c.record('stat', readStat);
      return;
    // GetAllChildrenNumberResponse: int totalNumber
    case OpCode.getAllChildrenNumber:
      body.totalNumber = c.int('totalNumber');
      return;
    // WhoAmIResponse: vector<ClientInfo { ustring authScheme, ustring user }>
    case OpCode.whoAmI:
      body.clientInfo = c.vector('clientInfo', 8, readClientInfo);
      return;
    // SetSASLResponse: buffer token
    case OpCode.sasl:
      c.skipBuffer('token');
      return;
    // ErrorResponse: int err
    case OpCode.addWatch:
      c.int('err');
      return;
    case OpCode.multi:
    case OpCode.multiRead:
      body.ops = [];
      readMultiResponse(c, body.ops);
      return;
    case OpCode.createSession:
      readConnectResponse(c, body);
      return;
    default: // delete, ping, auth, setWatches, checkWatches, removeWatches, closeSession: none
  }
}

/** ClientInfo: ustring authScheme, ustring user */
function readClientInfo(c: RecordReader): { scheme: string; id: string } {
  const scheme = c.string('authScheme') ?? '';
  return { scheme, id: c.string('user') ?? '' };
}

/** Repeated MultiHeader and result until done; type -1 is ErrorResponse { int err }. */
function readMultiResponse(c: RecordReader, ops: MultiOp[]): void {
  for (let type = c.multiHeader(); type !== null; type = c.multiHeader()) {
    const op: MultiOp = { op: type === -1 ? 'error' : opName(type) };
    ops.push(op);
    op.err = type === -1 ? c.int('err') : 0;
    if (op.err !== 0) op.error = errorName(op.err);
    if (type === -1 || type === OpCode.check || type === OpCode.delete) continue;
    if (type === OpCode.multi || type === OpCode.multiRead) throw END_OF_RECORD;
    readResponse(type, c, op);
    delete (op as ResponseBody).dataAt;
  }
}
