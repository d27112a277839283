import { capture, count, latency, orNull, seconds, time, tool } from './common.js';
import { total } from './stats.js';

const perSecond = { ...orNull({ type: 'number', minimum: 0 }), description: 'null where the side has no length' };

const sessions = {
  type: 'object',
  required: ['connections', 'opened', 'resumed', 'closed', 'expired'],
  properties: { connections: count, opened: count, resumed: count, closed: count, expired: count },
  additionalProperties: false,
};

const side = {
  type: 'object',
  required: ['label', 'captures', 'from', 'to', 'seconds', 'total', 'sessions'],
  properties: {
    label: { type: 'string' },
    captures: { type: 'array', items: capture },
    from: orNull(time),
    to: orNull(time),
    seconds,
    total,
    sessions,
  },
  additionalProperties: false,
};

const counts = {
  type: 'object',
  required: ['requests', 'notifications', 'perSecond', 'errors'],
  properties: { requests: count, notifications: count, perSecond, errors: count, latency },
  additionalProperties: false,
};

const pairs = {
  type: 'array',
  items: {
    type: 'object',
    required: ['name', 'before', 'after'],
    properties: { name: { type: 'string' }, before: counts, after: counts },
    additionalProperties: false,
  },
};

const change = {
  type: 'object',
  required: ['kind', 'subject', 'direction', 'before', 'after', 'factor', 'text'],
  properties: {
    kind: {
      enum: ['finding', 'requests', 'operation', 'errors', 'latency', 'sessions', 'path', 'client', 'server'],
    },
    subject: { type: 'string', description: 'operation, path, address, rule … that it is about' },
    direction: { enum: ['new', 'gone', 'up', 'down'] },
    before: { ...orNull({ type: 'number' }), description: 'a count; of latency seconds' },
    after: orNull({ type: 'number' }),
    beforePerSecond: perSecond,
    afterPerSecond: perSecond,
    factor: { ...orNull({ type: 'number' }), description: 'after divided by before, of rates where there are such' },
    text: { type: 'string' },
  },
  additionalProperties: false,
};

const findings = { type: 'array', items: { type: 'object', required: ['rule', 'severity', 'title', 'message'] } };

/** JSON Schema of `zkscope diff --json`. */
export const diffSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'zkscope diff --json: what changed between two captures or two stretches of time',
  type: 'object',
  required: [
    'schemaVersion',
    'tool',
    'before',
    'after',
    'changes',
    'operations',
    'errors',
    'servers',
    'clients',
    'paths',
    'notShown',
    'findings',
  ],
  properties: {
    schemaVersion: { const: 1 },
    tool,
    before: side,
    after: side,
    changes: { type: 'array', items: change, description: 'the biggest first' },
    operations: pairs,
    errors: { ...pairs, description: 'answers with an error, by operation and name' },
    servers: pairs,
    clients: pairs,
    paths: pairs,
    notShown: {
      type: 'object',
      required: ['clients', 'paths'],
      properties: { clients: count, paths: count },
      additionalProperties: false,
    },
    findings: {
      type: 'object',
      description: 'as in zkscope analyze --json',
      required: ['new', 'gone', 'both'],
      properties: { new: findings, gone: findings, both: findings },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
};
