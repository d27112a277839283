const hex64 = { type: 'string', pattern: '^0x(0|[1-9a-f][0-9a-f]{0,15})$' };
const address = { type: 'string', description: '10.0.0.1:2181 or [fd77::1]:2181' };
const time = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{1,12}Z$' };
const seconds = { type: 'number', minimum: 0, description: 'seconds' };
const paths = { type: 'array', items: { type: 'string' } };
const count = { type: 'integer', minimum: 0 };
const orNull = (schema: object): object => ({ anyOf: [schema, { type: 'null' }] });

const acl = {
  type: 'array',
  items: {
    type: 'object',
    required: ['perms', 'scheme', 'id'],
    properties: {
      perms: { type: 'string', pattern: '^c?d?r?w?a?$' },
      scheme: { type: 'string' },
      id: { type: 'string' },
    },
    additionalProperties: false,
  },
};

const stat = {
  type: 'object',
  description: "ZooKeeper's Stat; ctime and mtime in milliseconds since the epoch",
  required: [
    'czxid',
    'mzxid',
    'pzxid',
    'ctime',
    'mtime',
    'version',
    'cversion',
    'aversion',
    'ephemeralOwner',
    'dataLength',
    'numChildren',
  ],
  properties: {
    czxid: hex64,
    mzxid: hex64,
    pzxid: hex64,
    ctime: { type: 'number' },
    mtime: { type: 'number' },
    version: { type: 'integer' },
    cversion: { type: 'integer' },
    aversion: { type: 'integer' },
    ephemeralOwner: hex64,
    dataLength: { type: 'integer' },
    numChildren: { type: 'integer' },
  },
  additionalProperties: false,
};

const operation = {
  type: 'object',
  required: ['op'],
  properties: {
    op: { type: 'string' },
    path: { type: 'string' },
    watch: { type: 'boolean' },
    version: { type: 'integer' },
    flags: { type: 'integer' },
    mode: { type: 'string' },
    ttl: { type: 'number' },
    dataLength: { type: 'integer' },
    acl,
    err: { type: 'integer' },
    error: { type: 'string' },
    stat,
    children: paths,
  },
};

const place = {
  frame: { ...count, description: 'number of the frame that completed the message, as Wireshark counts' },
  time,
  ts: { type: 'number', description: 'time as epoch seconds' },
  connection: { ...count, description: 'number of the TCP connection, from 0, in order of first packet' },
  client: address,
  server: address,
};

/** JSON Schema of one line of `zkscope decode --json`. */
export const decodeSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'zkscope decode --json: one message, or one gap, a line',
  oneOf: [
    {
      title: 'message',
      type: 'object',
      required: ['frame', 'firstFrame', 'time', 'ts', 'protocol', 'connection', 'client', 'server', 'kind', 'op'],
      properties: {
        ...place,
        firstFrame: { ...count, description: 'number of the frame in which its first byte came' },
        protocol: { type: 'string', description: 'zookeeper, zab, election, etcd, tls' },
        session: orNull(hex64),
        kind: { enum: ['request', 'response', 'notification', 'message'] },
        op: orNull({
          type: 'string',
          description: "ZooKeeper's OpCode name; null for a response whose request was not captured",
        }),
        length: { ...count, description: 'value of the 4-byte length prefix' },
        xid: { type: 'integer' },
        path: { type: 'string' },
        watch: { type: 'boolean' },
        version: { type: 'integer' },
        flags: { type: 'integer' },
        mode: {
          enum: [
            'PERSISTENT',
            'EPHEMERAL',
            'PERSISTENT_SEQUENTIAL',
            'EPHEMERAL_SEQUENTIAL',
            'CONTAINER',
            'PERSISTENT_WITH_TTL',
            'PERSISTENT_SEQUENTIAL_WITH_TTL',
          ],
        },
        ttl: { type: 'number', description: 'milliseconds' },
        acl,
        timeout: { type: 'integer', description: 'milliseconds, asked for or granted' },
        expired: { type: 'boolean', description: 'connect response with session 0: the session asked for has expired' },
        lastZxidSeen: hex64,
        readOnly: { type: 'boolean' },
        zxid: hex64,
        err: { type: 'integer' },
        error: { type: 'string' },
        latency: seconds,
        stat,
        dataLength: { type: 'integer', minimum: -1, description: 'bytes; -1 for null' },
        data: { type: 'string', contentEncoding: 'base64' },
        children: paths,
        eventType: { type: 'string' },
        state: { anyOf: [{ type: 'string' }, { type: 'integer' }] },
        ops: { type: 'array', items: operation },
        dataWatches: paths,
        existWatches: paths,
        childWatches: paths,
        persistentWatches: paths,
        persistentRecursiveWatches: paths,
        relativeZxid: hex64,
        watchMode: { type: 'string' },
        watcherType: { type: 'string' },
        scheme: { type: 'string' },
        word: { type: 'string' },
        totalNumber: { type: 'integer' },
        clientInfo: { type: 'array' },
        joiningServers: { type: 'string' },
        leavingServers: { type: 'string' },
        newMembers: { type: 'string' },
        curConfigId: { type: 'string' },
        truncated: { const: true },
      },
    },
    {
      title: 'gap',
      type: 'object',
      required: ['kind', 'frame', 'time', 'connection', 'client', 'server', 'direction', 'bytes'],
      properties: {
        ...place,
        kind: { const: 'gap' },
        protocol: orNull({ type: 'string' }),
        direction: { enum: ['request', 'response'] },
        bytes: { type: 'integer', minimum: 1 },
        reason: { enum: ['missing', 'skipped', 'foreign'] },
        foreign: { type: 'string', description: 'what speaks on the port instead: TLS, HTTP, SSH, unknown' },
      },
      additionalProperties: false,
    },
  ],
};
