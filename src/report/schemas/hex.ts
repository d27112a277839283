const count = { type: 'integer', minimum: 0 };
const text = { type: 'string' };
const nullable = (schema: object): object => ({ anyOf: [schema, { type: 'null' }] });
const offset = { ...count, description: "as the dump's own offset column counts; without one, from the first byte" };
const packetNumber = { type: 'integer', minimum: 1, description: 'number of a packet of this document' };

const packet = {
  type: 'object',
  required: [
    'packet',
    'line',
    'source',
    'destination',
    'headers',
    'flags',
    'offset',
    'bytes',
    'payloadOffset',
    'payloadLength',
    'missing',
    'maskedBytes',
    'fromText',
    'repeated',
  ],
  properties: {
    packet: packetNumber,
    line: { type: 'integer', minimum: 1, description: 'line of the input in which it begins' },
    source: { ...nullable(text), description: 'ip:port as far as the paste tells, ? for a masked address' },
    destination: nullable(text),
    headers: { type: 'array', items: text, description: 'in front of the payload, outermost first' },
    flags: { ...nullable(text), description: 'of the TCP header' },
    offset,
    bytes: count,
    payloadOffset: offset,
    payloadLength: count,
    missing: { ...nullable(count), description: 'bytes of payload that were on the wire and are not in the dump' },
    maskedBytes: { ...count, description: 'wholly or partly unknown' },
    fromText: { ...count, description: 'masked bytes whose value the text column had' },
    repeated: { type: 'boolean', description: 'brings no byte that packets before did not bring' },
  },
};

const field = {
  type: 'object',
  required: ['packet', 'offset', 'length', 'name', 'hex', 'value', 'partial', 'known', 'inferred', 'meaning'],
  properties: {
    packet: packetNumber,
    offset,
    length: { ...count, description: 'bytes of it that are there' },
    name: {
      ...nullable(text),
      description: "ZooKeeper's name with the way to it (stat.czxid); null for bytes that could not be decoded",
    },
    hex: {
      ...nullable({ type: 'string', pattern: '^[0-9a-fx]*$' }),
      description: 'x for masked digits; null if hidden',
    },
    value: {
      anyOf: [{ type: 'integer' }, text, { type: 'boolean' }, { type: 'null' }],
      description: 'null if unknown, hidden, or a buffer that is no printable ASCII; 64-bit ids and zxids are 0x…',
    },
    partial: {
      ...nullable(text),
      description: 'what is known of a string, ? for masked bytes, … where its end is missing',
    },
    known: { enum: ['known', 'partly', 'unknown'], description: 'whether its bytes are' },
    inferred: { type: 'boolean', description: 'masked, but the only value with which the message has its length' },
    meaning: { ...text, description: 'for people; may change' },
  },
};

const message = {
  type: 'object',
  required: [
    'packet',
    'offset',
    'length',
    'captured',
    'missing',
    'kind',
    'op',
    'opFrom',
    'possibleOps',
    'headline',
    'notes',
    'fields',
  ],
  properties: {
    packet: packetNumber,
    offset,
    length: {
      ...nullable(count),
      description: 'value of the length prefix; null if masked, missing, or there is none',
    },
    captured: { ...count, description: 'bytes that are there, length prefix included' },
    missing: { ...nullable(count), description: 'bytes that are not; null if not known' },
    kind: {
      enum: ['request', 'response', 'notification', 'fourLetterWord', 'text', 'foreign', null],
      description:
        'text: answer to a four-letter word; foreign: another protocol, named by op; null: more than one fits',
    },
    op: { ...nullable(text), description: "ZooKeeper's OpCode name" },
    opFrom: {
      enum: ['message', 'request', 'option', 'layout', null],
      description: 'the message itself, the request with its xid, --op, or the only layout that fits',
    },
    possibleOps: { type: 'array', items: text, description: 'where op is null: those that fit; empty if any may' },
    headline: { ...text, description: 'for people; may change' },
    notes: { type: 'array', items: text, description: 'for people; may change' },
    fields: { type: 'array', items: field, description: 'in order; every byte of the message is in one of them' },
  },
};

/** JSON Schema of `zkscope hex --json`. */
export const hexSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'zkscope hex --json',
  type: 'object',
  required: ['schemaVersion', 'format', 'packets', 'messages', 'unread'],
  properties: {
    schemaVersion: { const: 1 },
    format: { enum: ['dump', 'escapes', 'array', 'hex', 'base64'] },
    packets: { type: 'array', items: packet },
    messages: { type: 'array', items: message },
    unread: {
      type: 'array',
      items: {
        type: 'object',
        required: ['packet', 'offset', 'length'],
        properties: { packet: packetNumber, offset, length: { type: 'integer', minimum: 1 } },
      },
      description: 'bytes that belong to no message that could be recognised',
    },
  },
};
