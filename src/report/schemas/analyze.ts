import { capture, count, hex64, orNull, seconds, time, tool } from './common.js';

const operation = {
  type: 'object',
  required: ['requests', 'errors'],
  properties: {
    requests: count,
    errors: count,
    latency: {
      type: 'object',
      required: ['p50', 'p90', 'p99', 'max'],
      properties: { p50: seconds, p90: seconds, p99: seconds, max: seconds },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
};

const server = {
  type: 'object',
  required: ['server', 'connections', 'sessions', 'requests', 'responses'],
  properties: { server: { type: 'string' }, connections: count, sessions: count, requests: count, responses: count },
};

const forgotten = {
  type: 'object',
  description: 'what was too much to keep, oldest first: what it concerns is unknown, and proves nothing',
  properties: {
    connections: { ...count, description: 'connections to ZooKeeper that may have been alive' },
    sessions: { ...count, description: 'sessions judged before their end, by what was seen until then' },
    sessionsNotListed: { ...count, description: 'sessions that are in the counts, but not in the list of sessions' },
    znodes: count,
    views: { ...count, description: 'what one session watched and read of one path' },
    childLists: { ...count, description: 'lists of children, too long or too many to be compared with later ones' },
    requests: { ...count, description: 'requests that no longer waited for their answer' },
  },
};

const summary = {
  type: 'object',
  required: [
    ...['connections', 'sessions', 'messages', 'requests', 'responses', 'notifications', 'pings', 'unanswered'],
    ...['gaps', 'gapBytes', 'byOp'],
  ],
  properties: {
    connections: count,
    sessions: count,
    messages: count,
    requests: count,
    responses: count,
    notifications: count,
    pings: count,
    unanswered: { ...count, description: 'requests whose answer is not in the capture' },
    gaps: count,
    gapBytes: count,
    byOp: { type: 'object', additionalProperties: operation },
    servers: { type: 'array', items: server },
    forgotten,
    protocols: { type: 'object', description: 'messages of other protocols, which the numbers above leave out' },
  },
};

const session = {
  type: 'object',
  required: [
    'session',
    'client',
    'servers',
    'connections',
    'timeout',
    'from',
    'to',
    'end',
    'requests',
    'pings',
    'notifications',
  ],
  properties: {
    session: orNull(hex64),
    client: { type: 'string' },
    clients: { type: 'array', items: { type: 'string' } },
    servers: { type: 'array', items: { type: 'string' } },
    connections: count,
    timeout: orNull({ type: 'integer', description: 'milliseconds, granted' }),
    timeoutAsked: orNull({ type: 'integer', description: 'milliseconds, asked for' }),
    from: time,
    to: time,
    end: { enum: ['closed', 'expired', 'lost', 'open'] },
    startCaptured: { type: 'boolean' },
    requests: count,
    responses: count,
    pings: count,
    notifications: count,
    watches: count,
    ephemerals: count,
    longestSilence: seconds,
    gaps: count,
    successor: hex64,
  },
};

const finding = {
  type: 'object',
  required: [
    ...['rule', 'severity', 'confidence', 'title', 'message', 'remedy', 'from', 'to', 'evidence', 'data'],
    ...['id', 'cause', 'incident'],
  ],
  properties: {
    rule: { type: 'string' },
    severity: { enum: ['error', 'warning', 'info'] },
    confidence: { enum: ['proven', 'likely', 'possible'] },
    title: { type: 'string' },
    message: { type: 'string' },
    remedy: { type: 'string' },
    client: { type: 'string', description: 'ip:port of one connection, ip of a host' },
    server: { type: 'string' },
    session: orNull(hex64),
    connection: count,
    path: { type: 'string' },
    from: time,
    to: time,
    evidence: {
      type: 'array',
      items: {
        type: 'object',
        required: ['frame', 'time', 'text'],
        properties: { frame: { type: 'integer', minimum: 1 }, time, text: { type: 'string' } },
        additionalProperties: false,
      },
    },
    data: { type: 'object', description: 'what the rule measured' },
    unrepaired: { type: 'string', description: 'what was broken and, as far as the capture goes, stayed so' },
    id: { type: 'integer', minimum: 1, description: 'number among all findings, also of those that filters keep out' },
    cause: orNull({ type: 'integer', minimum: 1, description: 'id of the finding that explains it' }),
    incident: { type: 'integer', minimum: 1, description: 'the incident that it belongs to' },
  },
  additionalProperties: false,
};

const incident = {
  type: 'object',
  description: 'findings that one event explains',
  required: ['incident', 'severity', 'title', 'hosts', 'from', 'to', 'findings', 'unrepaired', 'next'],
  properties: {
    incident: { type: 'integer', minimum: 1, description: 'from 1; the worst come first' },
    severity: { enum: ['error', 'warning', 'info'] },
    title: { type: 'string' },
    hosts: {
      type: 'array',
      items: { type: 'string' },
      description: 'addresses of the clients that were hit, or of the servers where no client is named',
    },
    from: time,
    to: time,
    findings: {
      type: 'array',
      items: { type: 'integer', minimum: 1 },
      description: 'ids of its findings: the cause first, then what followed, in order of time',
    },
    unrepaired: { type: 'array', items: { type: 'string' } },
    next: {
      type: 'object',
      description: 'what to run next: zkscope COMMAND ARGUMENT CAPTURE; rules takes no capture',
      required: ['command', 'argument'],
      properties: { command: { enum: ['follow', 'path', 'rules'] }, argument: { type: 'string' } },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
};

/** JSON Schema of `zkscope analyze --json`. */
export const analyzeSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'zkscope analyze --json',
  type: 'object',
  required: ['schemaVersion', 'tool', 'captures', 'summary', 'sessions', 'findings', 'incidents'],
  properties: {
    schemaVersion: { const: 1 },
    tool,
    captures: { type: 'array', items: capture },
    summary,
    sessions: { type: 'array', items: session },
    findings: { type: 'array', items: finding },
    incidents: { type: 'array', items: incident },
  },
};
