/** Parts that the JSON Schemas of several outputs share. */
export const hex64 = { type: 'string', pattern: '^0x(0|[1-9a-f][0-9a-f]{0,15})$' };
export const time = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,12})?Z$' };
export const seconds = { type: 'number', minimum: 0, description: 'seconds' };
export const count = { type: 'integer', minimum: 0 };
export const orNull = (schema: object): object => ({ anyOf: [schema, { type: 'null' }] });

export const tool = {
  type: 'object',
  required: ['name', 'version'],
  properties: { name: { const: 'zkscope' }, version: { type: 'string' } },
  additionalProperties: false,
};

export const capture = {
  type: 'object',
  required: ['file', 'format', 'linkTypes', 'packets', 'bytes', 'from', 'to', 'truncated', 'problems'],
  properties: {
    file: { type: 'string' },
    format: orNull({ type: 'string' }),
    linkTypes: { type: 'array', items: { type: 'string' } },
    packets: count,
    bytes: count,
    from: orNull(time),
    to: orNull(time),
    firstFrame: orNull({ type: 'integer', minimum: 1 }),
    truncated: { type: 'boolean' },
    interrupted: { const: true, description: 'the reading was ended by a signal; `bytes` is how far it came' },
    problems: { type: 'array', items: { type: 'string' } },
  },
};

export const latency = {
  type: 'object',
  description: 'seconds from the request to its answer; percentiles are right to 1 %',
  required: ['count', 'sum', 'mean', 'p50', 'p90', 'p99', 'max'],
  properties: {
    count,
    sum: seconds,
    mean: seconds,
    p50: seconds,
    p90: seconds,
    p99: seconds,
    max: seconds,
  },
  additionalProperties: false,
};
