import { capture, count, hex64, orNull, seconds, time, tool } from './common.js';

const address = { type: 'string', description: '10.0.0.1:2181 or [fd77::1]:2181' };
const both = {
  type: 'object',
  required: ['toServer', 'toClient'],
  properties: { toServer: count, toClient: count },
  additionalProperties: false,
};
const place = { frame: count, time, connection: count, client: address, server: address };
const event = (type: string, required: readonly string[], properties: object, open = false): object => ({
  type: 'object',
  required: ['type', ...required],
  properties: { type: { const: type }, ...properties },
  ...(open ? {} : { additionalProperties: false }),
});
const where = Object.keys(place);

const connection = {
  type: 'object',
  required: [
    'connection',
    'client',
    'server',
    'from',
    'to',
    'end',
    'midStream',
    'retransmissions',
    'zeroWindows',
    'gapBytes',
  ],
  properties: {
    connection: count,
    client: address,
    server: address,
    from: time,
    to: time,
    end: { enum: ['open', 'fin', 'rst', 'replaced', 'forgotten'] },
    midStream: { type: 'boolean', description: 'its beginning was not captured' },
    retransmissions: both,
    zeroWindows: both,
    gapBytes: both,
  },
  additionalProperties: false,
};

const message = 'a message with the fields of `zkscope decode --json`; of long lists the first 20, and `…InAll`';

/** JSON Schema of `zkscope follow --json`. */
export const followSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'zkscope follow --json: one conversation',
  type: 'object',
  required: [
    'schemaVersion',
    'tool',
    'captures',
    'target',
    'found',
    'sessions',
    'timeout',
    'requests',
    'responses',
    'notifications',
    'pings',
    'connections',
    'events',
  ],
  properties: {
    schemaVersion: { const: 1 },
    tool,
    captures: { type: 'array', items: capture },
    target: {
      type: 'object',
      required: ['kind', 'value'],
      properties: { kind: { enum: ['session', 'connection', 'client'] }, value: { type: 'string' } },
      additionalProperties: false,
    },
    found: { type: 'boolean' },
    sessions: { type: 'array', items: hex64 },
    timeout: { ...orNull({ type: 'integer' }), description: 'milliseconds, as granted' },
    requests: { ...count, description: 'pings among them' },
    responses: count,
    notifications: count,
    pings: count,
    connections: { type: 'array', items: connection },
    events: {
      type: 'array',
      description: 'in the order of the capture; an answer that came next stands right behind its request',
      items: {
        oneOf: [
          {
            ...event(
              'request',
              [...where, 'answerFrame'],
              {
                ...place,
                answerFrame: orNull(count),
                acknowledged: { type: 'boolean', description: 'of an unanswered one: whether the server TCP has it' },
              },
              true,
            ),
            description: message,
          },
          {
            ...event('response', [...where, 'requestFrame'], { ...place, requestFrame: orNull(count) }, true),
            description: message,
          },
          {
            ...event(
              'notification',
              [...where, 'acknowledged'],
              {
                ...place,
                acknowledged: { type: 'boolean', description: 'whether the client TCP has it' },
              },
              true,
            ),
            description: message,
          },
          event('pings', [...where, 'lastFrame', 'lastTime', 'count', 'answered'], {
            ...place,
            lastFrame: count,
            lastTime: time,
            count,
            answered: count,
            shortestInterval: seconds,
            longestInterval: seconds,
            slowest: seconds,
          }),
          event('tcp', [...where, 'kind', 'direction', 'count', 'lastFrame', 'lastTime'], {
            ...place,
            kind: {
              enum: [
                'syn',
                'synRetransmission',
                'synAck',
                'refused',
                'fin',
                'finRetransmission',
                'rst',
                'retransmission',
                'keepAlive',
                'zeroWindow',
              ],
            },
            direction: { enum: ['toServer', 'toClient'] },
            count: { ...count, description: 'of the kind in a row' },
            lastFrame: count,
            lastTime: time,
          }),
          {
            ...event(
              'attempts',
              ['frame', 'time', 'firstConnection', 'ip', 'outcome', 'count', 'lastFrame', 'lastTime', 'servers'],
              {
                frame: count,
                time,
                firstConnection: count,
                ip: { type: 'string' },
                outcome: { enum: ['refused', 'noSynAck', 'noAnswer', 'nothingSaid'] },
                count,
                lastFrame: count,
                lastTime: time,
                servers: { type: 'array', items: address },
              },
            ),
            description: 'connections of the same host, perhaps of another client, while the session had none',
          },
          event('gap', ['frame', 'time', 'connection', 'bytes'], { ...place, bytes: count }, true),
          event('silence', ['frame', 'from', 'to', 'duration'], {
            frame: count,
            from: time,
            to: time,
            duration: seconds,
          }),
          event('leftOut', ['frame', 'lastFrame', 'from', 'to', 'events', 'byOp'], {
            frame: count,
            lastFrame: count,
            from: time,
            to: time,
            events: count,
            byOp: { type: 'object', additionalProperties: count },
          }),
        ],
      },
    },
  },
  additionalProperties: false,
};
