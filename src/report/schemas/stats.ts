import { dimensions } from '../../model/measures/grouping.js';
import { capture, count, hex64, latency, orNull, time, tool } from './common.js';

const counted = [
  'requests',
  'responses',
  'notifications',
  'errors',
  'unanswered',
  'bytesToServer',
  'bytesToClient',
] as const;

const numbers = {
  requests: count,
  responses: { ...count, description: 'answers to requests' },
  notifications: count,
  errors: { ...count, description: 'answers with an error, failed multis included' },
  unanswered: { ...count, description: 'requests whose connection, or the capture, ended without an answer' },
  bytesToServer: { ...count, description: 'bytes of requests, with their length prefix' },
  bytesToClient: { ...count, description: 'bytes of answers and notifications' },
  latency,
};

export const total = { type: 'object', required: counted, properties: numbers, additionalProperties: false };

const group = {
  type: 'object',
  required: counted,
  properties: {
    time: { ...time, description: 'start of the time bucket' },
    op: orNull({ type: 'string' }),
    path: { ...orNull({ type: 'string' }), description: 'null for operations without one' },
    client: { type: 'string', description: 'ip; with connection among the dimensions ip:port' },
    server: { type: 'string' },
    session: orNull(hex64),
    error: {
      ...orNull({ type: 'string' }),
      description: 'Ok, or the name of the error; null where no answer was seen',
    },
    connection: count,
    ...numbers,
  },
  additionalProperties: false,
};

/** JSON Schema of `zkscope stats --json`. */
export const statsSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'zkscope stats --json: counts, bytes, errors and latency by group',
  type: 'object',
  required: [
    'schemaVersion',
    'tool',
    'captures',
    'by',
    'depth',
    'interval',
    'from',
    'to',
    'total',
    'groups',
    'groupsNotShown',
  ],
  properties: {
    schemaVersion: { const: 1 },
    tool,
    captures: { type: 'array', items: capture },
    by: { type: 'array', items: { enum: [...dimensions] } },
    depth: orNull(count),
    interval: { ...orNull({ type: 'number', exclusiveMinimum: 0 }), description: 'seconds of a time bucket' },
    from: { ...orNull(time), description: 'time of the first message that was counted' },
    to: orNull(time),
    total,
    groups: { type: 'array', items: group },
    groupsNotShown: { ...count, description: 'groups that --top left out' },
    other: { ...total, description: 'sum of what would have made more groups than are kept' },
  },
  additionalProperties: false,
};
