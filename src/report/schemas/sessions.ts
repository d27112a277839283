import { capture, count, hex64, orNull, seconds, time, tool } from './common.js';

const milliseconds = { ...orNull({ type: 'integer' }), description: 'milliseconds; null where it was not captured' };
const address = { type: 'string', description: '10.0.0.1:2181 or [fd77::1]:2181' };

const properties = {
  session: { ...orNull(hex64), description: 'null where the handshake was not captured' },
  client: { ...address, description: 'of its latest connection' },
  clients: { type: 'array', items: address },
  servers: { type: 'array', items: address, description: 'in the order in which it first used them' },
  connections: count,
  timeoutAsked: milliseconds,
  timeout: milliseconds,
  from: time,
  to: { ...time, description: 'its latest message' },
  startCaptured: { type: 'boolean', description: 'the handshake that made it is in the capture' },
  end: { enum: ['closed', 'expired', 'lost', 'open'] },
  endTime: orNull(time),
  endFrame: orNull(count),
  requests: count,
  responses: count,
  pings: count,
  notifications: count,
  watches: { ...count, description: 'held at its end or that of the capture, as far as the capture shows' },
  ephemerals: { ...count, description: 'owned before it was closed, or at the end of the capture' },
  pingInterval: {
    ...orNull(seconds),
    description: 'median from ping to ping with no other request between; null where there were none',
  },
  pingExpected: { ...orNull(seconds), description: 'a third of the timeout' },
  longestSilence: { ...seconds, description: 'longest time without a request' },
  gaps: { ...count, description: 'places where bytes of it are missing from the capture' },
  predecessor: { ...orNull(hex64), description: 'the session of the same host that it seems to follow' },
  successor: orNull(hex64),
};

/** JSON Schema of `zkscope sessions --json`. */
export const sessionsSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'zkscope sessions --json: one entry a session',
  type: 'object',
  required: ['schemaVersion', 'tool', 'captures', 'count', 'ends', 'sessions', 'sessionsNotShown'],
  properties: {
    schemaVersion: { const: 1 },
    tool,
    captures: { type: 'array', items: capture },
    count: { ...count, description: 'sessions that the filters chose' },
    ends: {
      type: 'object',
      required: ['closed', 'expired', 'lost', 'open'],
      properties: { closed: count, expired: count, lost: count, open: count },
      additionalProperties: false,
    },
    sessions: {
      type: 'array',
      items: { type: 'object', required: Object.keys(properties), properties, additionalProperties: false },
    },
    sessionsNotShown: count,
  },
  additionalProperties: false,
};
