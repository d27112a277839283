import { defineFields } from '../field.js';
import { CREATE_MODES } from './format/enums.js';

/** An entry of an ACL. */
export const aclFieldTable = defineFields({
  perms: { type: 'permissions', required: true, text: 'letters of `cdrwa`' },
  scheme: { type: 'string', required: true, text: 'world, digest, ip, sasl …' },
  id: { type: 'string', required: true, text: 'who; of schemes whose ids are credentials only what is none' },
});

/** ZooKeeper's Stat. */
export const statFieldTable = defineFields({
  czxid: { type: 'hex64', required: true, text: 'zxid that created the znode' },
  mzxid: { type: 'hex64', required: true, text: 'zxid of the latest change of its data' },
  pzxid: { type: 'hex64', required: true, text: 'zxid of the latest change of its list of children' },
  ctime: { type: 'number', unit: 'milliseconds since 1970', required: true, text: "creation, by the leader's clock" },
  mtime: {
    type: 'number',
    unit: 'milliseconds since 1970',
    required: true,
    text: "latest change of its data, by the leader's clock",
  },
  version: { type: 'integer', required: true, text: 'changes of its data' },
  cversion: { type: 'integer', required: true, text: 'changes of its list of children' },
  aversion: { type: 'integer', required: true, text: 'changes of its ACL' },
  ephemeralOwner: { type: 'hex64', required: true, text: 'session that owns it; `0x0` if it is not ephemeral' },
  dataLength: { type: 'integer', unit: 'bytes', required: true, text: 'length of its data' },
  numChildren: { type: 'integer', required: true, text: 'children that it has' },
});

/** One operation of a multi or multiRead, or its result. */
export const operationFieldTable = defineFields({
  op: { type: 'string', required: true, text: 'its name; `error` for the result of one that failed' },
  path: { type: 'string', text: 'znode' },
  watch: { type: 'boolean', text: 'a watch is asked for' },
  version: { type: 'integer', text: 'version that is expected, -1 for any' },
  flags: { type: 'integer', text: 'CreateMode by its number' },
  mode: { type: 'string', text: 'CreateMode by its name' },
  ttl: { type: 'number', unit: 'milliseconds', text: 'of a znode with a time to live' },
  dataLength: { type: 'integer', unit: 'bytes', text: 'length of the data, -1 for null' },
  acl: { type: { list: aclFieldTable, closed: true }, text: 'who may do what' },
  err: { type: 'integer', text: "0 or ZooKeeper's code" },
  error: { type: 'string', text: "ZooKeeper's name of the error" },
  stat: { type: { object: statFieldTable, closed: true }, text: "the znode's Stat" },
  children: { type: 'strings', text: 'names of children' },
});

/** What a request's record has, also where a learner hands it on. */
export const requestFields = defineFields({
  path: {
    type: 'string',
    text: 'znode; of an answer whose record has none, that of its request',
  },
  watch: {
    type: 'boolean',
    kinds: ['request'],
    text: 'exists, getData, getChildren, getChildren2: a watch is asked for',
  },
  version: { type: 'integer', kinds: ['request'], text: 'version that is expected, -1 for any' },
  flags: { type: 'integer', kinds: ['request'], text: 'create and its like: CreateMode by its number' },
  mode: { type: { oneOf: CREATE_MODES }, kinds: ['request'], text: 'create and its like: CreateMode by its name' },
  ttl: { type: 'number', unit: 'milliseconds', kinds: ['request'], text: 'createTTL: time to live' },
  acl: {
    type: { list: aclFieldTable, closed: true },
    kinds: ['request', 'response'],
    text: 'create, setACL, and answers to getACL: who may do what',
  },
  timeout: { type: 'integer', unit: 'milliseconds', text: 'connect: session timeout, asked for or granted' },
  lastZxidSeen: { type: 'hex64', kinds: ['request'], text: 'connect: zxid that the client has seen' },
  readOnly: {
    type: 'boolean',
    text: 'connect: a read-only server is good enough, or is what answered; absent where the old protocol has none',
  },
  dataLength: {
    type: 'bufferLength',
    unit: 'bytes',
    text: 'where data is carried: its length, -1 for null; the answer to a four-letter word: what came of it',
  },
  data: { type: 'base64', withData: true, text: 'the data itself; credentials are never shown' },
  ops: {
    type: { list: operationFieldTable },
    kinds: ['request', 'response'],
    text: 'multi, multiRead: the operations or their results, in order',
  },
  dataWatches: { type: 'strings', kinds: ['request'], text: 'setWatches, setWatches2: paths' },
  existWatches: { type: 'strings', kinds: ['request'], text: 'setWatches, setWatches2: paths' },
  childWatches: { type: 'strings', kinds: ['request'], text: 'setWatches, setWatches2: paths' },
  persistentWatches: { type: 'strings', kinds: ['request'], text: 'setWatches2: paths' },
  persistentRecursiveWatches: { type: 'strings', kinds: ['request'], text: 'setWatches2: paths' },
  relativeZxid: {
    type: 'hex64',
    kinds: ['request'],
    text: 'setWatches, setWatches2: changes after this zxid are told at once',
  },
  watchMode: { type: 'string', kinds: ['request'], text: 'addWatch: `PERSISTENT` or `PERSISTENT_RECURSIVE`' },
  watcherType: {
    type: 'string',
    kinds: ['request'],
    text: 'checkWatches, removeWatches: `Children`, `Data`, `Persistent`, `PersistentRecursive`, `Any`',
  },
  scheme: { type: 'string', kinds: ['request'], text: 'auth: scheme (the credential is never shown)' },
  joiningServers: { type: 'string', kinds: ['request'], text: 'reconfig: servers that join' },
  leavingServers: { type: 'string', kinds: ['request'], text: 'reconfig: ids of servers that leave' },
  newMembers: { type: 'string', kinds: ['request'], text: 'reconfig: the whole new configuration' },
  curConfigId: { type: 'string', kinds: ['request'], text: 'reconfig: configuration that is expected, decimal' },
});

/** Every field that a message of ZooKeeper's client protocol is printed with. */
export const zookeeperFields = defineFields({
  session: {
    type: 'hex64',
    nullable: true,
    text: 'session id; known for the whole connection once the handshake, or anything later, showed it',
  },
  length: { type: 'count', unit: 'bytes', text: 'value of the 4-byte length prefix; four-letter words have none' },
  xid: { type: 'integer', text: 'xid of the header; connect has none' },
  ...requestFields,
  zxid: { type: 'hex64', kinds: ['response', 'notification'], text: 'zxid of the reply header' },
  err: { type: 'integer', kinds: ['response', 'notification'], text: "0 or ZooKeeper's code of the error" },
  error: { type: 'string', kinds: ['response'], text: "ZooKeeper's name of the error: `NoNode`, `NodeExists` …" },
  latency: {
    type: 'seconds',
    unit: 'seconds',
    kinds: ['response'],
    text: 'from the frame that completed the request to the frame that completed the answer',
  },
  requestFrame: {
    type: 'count',
    kinds: ['response'],
    text: 'frame that completed the request; absent where that was not captured',
  },
  wayThere: {
    type: 'number',
    unit: 'seconds',
    kinds: ['response'],
    text: 'of connections that were captured at both ends: how long the request was on its way, as far as the clocks are known to agree',
  },
  inServer: {
    type: 'number',
    unit: 'seconds',
    kinds: ['response'],
    text: 'of connections that were captured at both ends: from the request’s arrival to its answer, by the server’s clock alone',
  },
  wayBack: {
    type: 'number',
    unit: 'seconds',
    kinds: ['response'],
    text: 'of connections that were captured at both ends: how long the answer was on its way',
  },
  expired: {
    type: 'boolean',
    kinds: ['response'],
    text: 'connect response with session 0: the session asked for has expired',
  },
  stat: {
    type: { object: statFieldTable, closed: true },
    kinds: ['response'],
    text: "the znode's Stat, where the answer has one",
  },
  children: {
    type: 'strings',
    kinds: ['response'],
    text: 'getChildren, getChildren2: names of the children; getEphemerals: paths',
  },
  eventType: {
    type: 'string',
    kinds: ['notification'],
    text: '`NodeCreated`, `NodeDeleted`, `NodeDataChanged`, `NodeChildrenChanged`, `DataWatchRemoved`, `ChildWatchRemoved`, `PersistentWatchRemoved`, `None`',
  },
  state: { type: 'string', kinds: ['notification'], text: '`SyncConnected`, `Disconnected`, `Expired` …' },
  word: { type: 'string', kinds: ['request', 'response'], text: 'four-letter word' },
  totalNumber: { type: 'integer', kinds: ['response'], text: 'getAllChildrenNumber: znodes below the path' },
  clientInfo: {
    type: {
      list: defineFields({
        scheme: { type: 'string', required: true, text: 'scheme' },
        id: { type: 'string', required: true, text: 'who' },
      }),
    },
    kinds: ['response'],
    text: 'whoAmI: the identities of the client',
  },
});
