import type { Acl, Cursor } from './cursor.js';
import { errorName } from './errors.js';
import { addWatchModes, OpCode, opName, watcherTypes } from './opcodes.js';
import type { Stat } from './stat.js';

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

function data(c: Cursor, body: { dataLength?: number; dataAt?: number }): void {
  body.dataAt = c.position + 4;
  body.dataLength = c.skipBuffer();
}

/** ConnectRequest: int protocolVersion, long lastZxidSeen, int timeOut, long sessionId, buffer passwd [, boolean readOnly] */
export function readConnectRequest(c: Cursor, body: RequestBody): void {
  body.protocolVersion = c.int();
  body.lastZxidSeen = c.zxid();
  body.timeout = c.int();
  body.sessionId = c.longHex();
  c.skipBuffer();
  if (c.remaining > 0) body.readOnly = c.boolean();
}

/** ConnectResponse: int protocolVersion, int timeOut, long sessionId, buffer passwd [, boolean readOnly] */
export function readConnectResponse(c: Cursor, body: ResponseBody): void {
  body.protocolVersion = c.int();
  body.timeout = c.int();
  body.sessionId = c.longHex();
  c.skipBuffer();
  if (c.remaining > 0) body.readOnly = c.boolean();
}

function path(c: Cursor, body: { path?: string }): void {
  const string = c.string();
  if (string !== null) body.path = string;
}

/** Reads the body of a request; END_OF_RECORD if the bytes end early, with `body` filled as far as they went. */
export function readRequest(opcode: number, c: Cursor, body: RequestBody): void {
  switch (opcode) {
    // GetDataRequest, ExistsRequest, GetChildrenRequest, GetChildren2Request: ustring path, boolean watch
    case OpCode.exists:
    case OpCode.getData:
    case OpCode.getChildren:
    case OpCode.getChildren2:
      path(c, body);
      body.watch = c.boolean();
      return;
    // CreateRequest: ustring path, buffer data, vector<ACL> acl, int flags
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      path(c, body);
      data(c, body);
      body.acl = c.aclVector();
      body.flags = c.int();
      return;
    // CreateTTLRequest: ustring path, buffer data, vector<ACL> acl, int flags, long ttl
    case OpCode.createTTL:
      path(c, body);
      data(c, body);
      body.acl = c.aclVector();
      body.flags = c.int();
      body.ttl = c.longNumber();
      return;
    // DeleteRequest, CheckVersionRequest: ustring path, int version
    case OpCode.delete:
    case OpCode.check:
      path(c, body);
      body.version = c.int();
      return;
    // SetDataRequest: ustring path, buffer data, int version
    case OpCode.setData:
      path(c, body);
      data(c, body);
      body.version = c.int();
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
      body.acl = c.aclVector();
      body.version = c.int();
      return;
    case OpCode.multi:
    case OpCode.multiRead:
      body.ops = [];
      readMultiRequest(c, body.ops);
      return;
    // ReconfigRequest: ustring joiningServers, ustring leavingServers, ustring newMembers, long curConfigId
    case OpCode.reconfig:
      body.joiningServers = c.string() ?? '';
      body.leavingServers = c.string() ?? '';
      body.newMembers = c.string() ?? '';
      body.curConfigId = c.longNumber().toString();
      return;
    // CheckWatchesRequest, RemoveWatchesRequest: ustring path, int type
    case OpCode.checkWatches:
    case OpCode.removeWatches: {
      path(c, body);
      const type = c.int();
      body.watcherType = watcherTypes[type] ?? `unknown(${type})`;
      return;
    }
    // SetWatches: long relativeZxid, vector<ustring> dataWatches, existWatches, childWatches
    // SetWatches2: the same, then persistentWatches, persistentRecursiveWatches
    case OpCode.setWatches:
    case OpCode.setWatches2:
      body.relativeZxid = c.zxid();
      body.dataWatches = c.stringVector();
      body.existWatches = c.stringVector();
      body.childWatches = c.stringVector();
      if (opcode === OpCode.setWatches) return;
      body.persistentWatches = c.stringVector();
      body.persistentRecursiveWatches = c.stringVector();
      return;
    // AddWatchRequest: ustring path, int mode
    case OpCode.addWatch: {
      path(c, body);
      const mode = c.int();
      body.watchMode = addWatchModes[mode] ?? `unknown(${mode})`;
      return;
    }
    // AuthPacket: int type, ustring scheme, buffer auth
    case OpCode.auth:
      c.int();
      body.scheme = c.string() ?? '';
      c.skipBuffer();
      return;
    // GetSASLRequest: buffer token
    case OpCode.sasl:
      c.skipBuffer();
      return;
    // createSession: a ConnectRequest behind the header
    case OpCode.createSession:
      readConnectRequest(c, body);
      return;
    default: // ping, closeSession, whoAmI, unknown opcodes: no body that could be known
  }
}

/** Repeated MultiHeader { int type, boolean done, int err } and the record of that type, until done. */
function readMultiRequest(c: Cursor, ops: MultiOp[]): void {
  for (;;) {
    const type = c.int();
    const done = c.boolean();
    c.int();
    if (done) return;
    const op: MultiOp = { op: opName(type) };
    ops.push(op);
    readRequest(type, c, op);
    delete (op as RequestBody).dataAt;
  }
}

/** Reads the body of a response without error; like `readRequest`. */
export function readResponse(opcode: number, c: Cursor, body: ResponseBody): void {
  switch (opcode) {
    // ExistsResponse, SetDataResponse, SetACLResponse: Stat stat
    case OpCode.exists:
    case OpCode.setData:
    case OpCode.setACL:
      body.stat = c.stat();
      return;
    // GetDataResponse: buffer data, Stat stat
    case OpCode.getData:
    case OpCode.reconfig:
      data(c, body);
      body.stat = c.stat();
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
      body.stat = c.stat();
      return;
    // GetACLResponse: vector<ACL> acl, Stat stat
    case OpCode.getACL:
      body.acl = c.aclVector();
      body.stat = c.stat();
      return;
    // GetChildrenResponse, GetEphemeralsResponse: vector<ustring>
    case OpCode.getChildren:
    case OpCode.getEphemerals:
      body.children = c.stringVector();
      return;
    // GetChildren2Response: vector<ustring> children, Stat stat
    case OpCode.getChildren2:
      body.children = c.stringVector();
      body.stat = c.stat();
      return;
    // GetAllChildrenNumberResponse: int totalNumber
    case OpCode.getAllChildrenNumber:
      body.totalNumber = c.int();
      return;
    // WhoAmIResponse: vector<ClientInfo { ustring authScheme, ustring user }>
    case OpCode.whoAmI:
      body.clientInfo = [];
      for (let left = c.count(8); left > 0; left--) {
        body.clientInfo.push({ scheme: c.string() ?? '', id: c.string() ?? '' });
      }
      return;
    case OpCode.multi:
    case OpCode.multiRead:
      body.ops = [];
      readMultiResponse(c, body.ops);
      return;
    case OpCode.createSession:
      readConnectResponse(c, body);
      return;
    default: // delete, ping, auth, setWatches, checkWatches, removeWatches, closeSession: none. sasl, addWatch: nothing to print
  }
}

/** Repeated MultiHeader and result until done; type -1 is ErrorResponse { int err }. */
function readMultiResponse(c: Cursor, ops: MultiOp[]): void {
  for (;;) {
    const type = c.int();
    const done = c.boolean();
    c.int();
    if (done) return;
    const op: MultiOp = { op: type === -1 ? 'error' : opName(type) };
    ops.push(op);
    op.err = type === -1 ? c.int() : 0;
    if (op.err !== 0) op.error = errorName(op.err);
    if (type === -1 || type === OpCode.check || type === OpCode.delete) continue;
    readResponse(type, c, op);
    delete (op as ResponseBody).dataAt;
  }
}
