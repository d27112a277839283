import {
  acl,
  authToken,
  authType,
  childWatches,
  children,
  data,
  dataWatches,
  existWatches,
  field,
  flags,
  mode,
  passwd,
  path,
  protocolVersion,
  readOnly,
  relativeZxid,
  saslToken,
  sessionId,
  stat,
  timeOut,
  totalNumber,
  ttl,
  watch,
  watcherType,
  znodeVersion as version,
  type JuteField,
} from './fields.js';

/** One operation: what its records hold, and what else must be known of it where messages are decoded or explained. */
export interface Operation {
  /** OpCode of ZooDefs. */
  readonly code: number;
  /** `read` tells of znodes, `write` takes a zxid of its own, `watch` sets or removes watches, `session` is about the session. */
  readonly kind: 'read' | 'write' | 'watch' | 'session';
  /** What a request wants, in plain English; PATH stands for its path. */
  readonly says: string;
  readonly request: readonly JuteField[];
  /** Of an answer without error. */
  readonly response: readonly JuteField[];
  /** What servers tell each other of it (ZAB); absent for what is no transaction. */
  readonly txn?: readonly JuteField[];
  /** The request's body is needed after its bytes are gone: by its answer, or by the model. */
  readonly keepsBody?: true;
}

const connectRequest = [protocolVersion, field('lastZxidSeen', 'zxid'), timeOut, sessionId, passwd, readOnly] as const;
const connectResponse = [protocolVersion, timeOut, sessionId, passwd, readOnly] as const;
const setWatches = [relativeZxid, dataWatches, existWatches, childWatches] as const;
const createTxn = [
  path,
  data,
  acl,
  field('ephemeral', 'boolean'),
  field('parentCVersion', 'int', 'parentCVersion', { optional: true }),
] as const;
const parentCVersion = field('parentCVersion', 'int');

/**
 * ZooKeeper's operations, 3.4 to 3.9, under their names in ZooDefs, one row each: everything that zkscope knows of an
 * operation's records comes from here. Above each row its records as zookeeper.jute has them, request -> response, and the
 * transaction (ustring and buffer: int length, bytes; length -1 for null; the Stat is in stat.ts, the ACL in cursor.ts).
 */
// prettier-ignore
export const operations = {
  // ConnectRequest: int protocolVersion, long lastZxidSeen, int timeOut, long sessionId, buffer passwd [, boolean readOnly]
  // ConnectResponse: int protocolVersion, int timeOut, long sessionId, buffer passwd [, boolean readOnly]; neither has a header
  connect: { code: 0, kind: 'session', says: 'the client opens a session, or takes one up', request: connectRequest, response: connectResponse },
  // CreateRequest: ustring path, buffer data, vector<ACL> acl, int flags -> CreateResponse: ustring path
  // CreateTxn: ustring path, buffer data, vector<ACL> acl, boolean ephemeral [, int parentCVersion]
  create: { code: 1, kind: 'write', says: 'the client creates PATH', request: [path, data, acl, flags], response: [path], txn: createTxn },
  // DeleteRequest: ustring path, int version -> nothing; DeleteTxn: ustring path
  delete: { code: 2, kind: 'write', says: 'the client deletes PATH', request: [path, version], response: [], txn: [path] },
  // ExistsRequest: ustring path, boolean watch -> ExistsResponse: Stat stat
  exists: { code: 3, kind: 'read', says: 'the client asks whether PATH exists', request: [path, watch], response: [stat] },
  // GetDataRequest: ustring path, boolean watch -> GetDataResponse: buffer data, Stat stat
  getData: { code: 4, kind: 'read', says: 'the client reads the data of PATH', request: [path, watch], response: [data, stat] },
  // SetDataRequest: ustring path, buffer data, int version -> SetDataResponse: Stat stat; SetDataTxn: as the request
  setData: { code: 5, kind: 'write', says: 'the client writes the data of PATH', request: [path, data, version], response: [stat], txn: [path, data, version] },
  // GetACLRequest: ustring path -> GetACLResponse: vector<ACL> acl, Stat stat
  getACL: { code: 6, kind: 'read', says: 'the client reads the ACL of PATH', request: [path], response: [acl, stat] },
  // SetACLRequest: ustring path, vector<ACL> acl, int version -> SetACLResponse: Stat stat; SetACLTxn: as the request
  setACL: { code: 7, kind: 'write', says: 'the client writes the ACL of PATH', request: [path, acl, version], response: [stat], txn: [path, acl, version] },
  // GetChildrenRequest: ustring path, boolean watch -> GetChildrenResponse: vector<ustring> children
  getChildren: { code: 8, kind: 'read', says: 'the client lists the children of PATH', request: [path, watch], response: [children] },
  // SyncRequest: ustring path -> SyncResponse: ustring path
  sync: { code: 9, kind: 'read', says: 'the client asks its server to catch up with the leader (PATH)', request: [path], response: [path] },
  // nothing -> nothing
  ping: { code: 11, kind: 'session', says: 'the client tells the server that it is alive', request: [], response: [] },
  // GetChildren2Request: ustring path, boolean watch -> GetChildren2Response: vector<ustring> children, Stat stat
  getChildren2: { code: 12, kind: 'read', says: 'the client lists the children of PATH and asks for its Stat', request: [path, watch], response: [children, stat] },
  // CheckVersionRequest: ustring path, int version -> nothing; CheckVersionTxn: as the request
  check: { code: 13, kind: 'write', says: 'the client checks the version of PATH', request: [path, version], response: [], txn: [path, version] },
  // MultiHeader { int type, boolean done, int err } and that request, until done -> the same with its response, or ErrorResponse
  // MultiTxn: vector<Txn { int type, buffer data }>, read in quorum/zab/txn.ts
  multi: { code: 14, kind: 'write', says: 'the client asks for several operations that succeed or fail together', request: [field('ops', 'requests')], response: [field('ops', 'results')], txn: [], keepsBody: true },
  // CreateRequest -> Create2Response: ustring path, Stat stat; CreateTxn
  create2: { code: 15, kind: 'write', says: 'the client creates PATH and asks for its Stat', request: [path, data, acl, flags], response: [path, stat], txn: createTxn },
  // ReconfigRequest: ustring joiningServers, ustring leavingServers, ustring newMembers, long curConfigId -> GetDataResponse
  // SetDataTxn: it sets the data of /zookeeper/config
  reconfig: { code: 16, kind: 'write', says: 'the client changes the members of the ensemble', request: [field('joiningServers', 'ustring'), field('leavingServers', 'ustring'), field('newMembers', 'ustring'), field('curConfigId', 'decimal')], response: [data, stat], txn: [path, data, version] },
  // CheckWatchesRequest: ustring path, int type -> nothing
  checkWatches: { code: 17, kind: 'watch', says: 'the client asks whether a watch of its on PATH is set', request: [path, watcherType], response: [], keepsBody: true },
  // RemoveWatchesRequest: ustring path, int type -> nothing
  removeWatches: { code: 18, kind: 'watch', says: 'the client removes its watches on PATH', request: [path, watcherType], response: [], keepsBody: true },
  // CreateRequest -> Create2Response; CreateContainerTxn: ustring path, buffer data, vector<ACL> acl, int parentCVersion
  createContainer: { code: 19, kind: 'write', says: 'the client creates the container PATH', request: [path, data, acl, flags], response: [path, stat], txn: [path, data, acl, parentCVersion] },
  // DeleteContainerRequest: ustring path -> nothing; DeleteTxn
  deleteContainer: { code: 20, kind: 'write', says: 'the container PATH is to be deleted', request: [path], response: [], txn: [path] },
  // CreateTTLRequest: CreateRequest, long ttl -> Create2Response; CreateTTLTxn: CreateContainerTxn, long ttl
  createTTL: { code: 21, kind: 'write', says: 'the client creates PATH with a time to live', request: [path, data, acl, flags, ttl], response: [path, stat], txn: [path, data, acl, parentCVersion, ttl] },
  // As multi
  multiRead: { code: 22, kind: 'read', says: 'the client asks for several reads at once', request: [field('ops', 'requests')], response: [field('ops', 'results')], keepsBody: true },
  // AuthPacket: int type, ustring scheme, buffer auth -> nothing
  auth: { code: 100, kind: 'session', says: 'the client authenticates', request: [authType, field('scheme', 'ustring'), authToken], response: [] },
  // SetWatches: long relativeZxid, vector<ustring> dataWatches, existWatches, childWatches -> nothing
  setWatches: { code: 101, kind: 'watch', says: 'the client sets its watches again, after a reconnect', request: setWatches, response: [], keepsBody: true },
  // GetSASLRequest: buffer token -> SetSASLResponse: buffer token
  sasl: { code: 102, kind: 'session', says: 'the client authenticates by SASL', request: [saslToken], response: [saslToken] },
  // GetEphemeralsRequest: ustring prefixPath -> GetEphemeralsResponse: vector<ustring> ephemerals
  getEphemerals: { code: 103, kind: 'read', says: 'the client lists the ephemeral znodes of its session under PATH', request: [path], response: [field('ephemerals', 'ustrings', 'children')] },
  // GetAllChildrenNumberRequest: ustring path -> GetAllChildrenNumberResponse: int totalNumber
  getAllChildrenNumber: { code: 104, kind: 'read', says: 'the client counts all znodes under PATH', request: [path], response: [totalNumber] },
  // SetWatches2: SetWatches, vector<ustring> persistentWatches, persistentRecursiveWatches -> nothing
  setWatches2: { code: 105, kind: 'watch', says: 'the client sets its watches again, after a reconnect', request: [...setWatches, field('persistentWatches', 'ustrings'), field('persistentRecursiveWatches', 'ustrings')], response: [], keepsBody: true },
  // AddWatchRequest: ustring path, int mode -> ErrorResponse: int err
  addWatch: { code: 106, kind: 'watch', says: 'the client adds a persistent watch on PATH', request: [path, mode], response: [field('err', 'int', null)], keepsBody: true },
  // nothing -> WhoAmIResponse: vector<ClientInfo { ustring authScheme, ustring user }> clientInfo
  whoAmI: { code: 107, kind: 'read', says: 'the client asks who it is to the server', request: [], response: [field('clientInfo', 'clientInfo')] },
  // A ConnectRequest behind the header -> a ConnectResponse without one; CreateSessionTxn: int timeOut
  createSession: { code: -10, kind: 'session', says: 'a session is to be created on this connection', request: connectRequest, response: connectResponse, txn: [timeOut], keepsBody: true },
  // nothing -> nothing; CloseSessionTxn: vector<ustring> paths2Delete (3.6 and later: the ephemerals that go with it)
  closeSession: { code: -11, kind: 'session', says: 'the client ends its session', request: [], response: [], txn: [field('paths2Delete', 'ustrings', 'paths', { optional: true })] },
} as const;

export type OperationName = keyof typeof operations;
