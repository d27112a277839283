const count = { type: 'integer', minimum: 0 };
const time = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{1,12}Z$' };
const interval = { anyOf: [{ type: 'number', minimum: 0 }, { type: 'null' }], description: 'seconds; null below two' };
const addresses = { type: 'array', items: { type: 'string' }, description: 'ip' };

const lease = {
  type: 'object',
  required: [
    'id',
    'hex',
    'renewals',
    'grpcRenewals',
    'minInterval',
    'medianInterval',
    'maxInterval',
    'intervalsOf',
    'ttls',
    'timesTooOften',
    'senders',
    'clients',
    'first',
    'last',
    'onset',
    'storm',
    'notFound',
    'failed',
  ],
  properties: {
    id: { type: 'string', pattern: '^-?[1-9][0-9]{0,18}$', description: '64-bit lease id, signed decimal' },
    hex: { type: 'string', pattern: '^0x[1-9a-f][0-9a-f]{0,15}$', description: "the same, two's complement" },
    renewals: { ...count, description: 'POST /leases of this id' },
    grpcRenewals: { ...count, description: 'LeaseKeepAlive messages of clients' },
    guessedRenewals: { ...count, description: 'of those, named by their shape only' },
    minInterval: interval,
    medianInterval: interval,
    maxInterval: interval,
    intervalsOf: { enum: ['http', 'grpc'], description: 'which renewals intervals, first and last are of' },
    ttls: { type: 'array', items: { type: 'integer' }, description: 'seconds, as answers gave them' },
    timesTooOften: {
      anyOf: [{ type: 'number', minimum: 0 }, { type: 'null' }],
      description: 'TTL/3 divided by the median interval',
    },
    senders: addresses,
    clients: addresses,
    first: time,
    last: time,
    onset: {
      anyOf: [time, { type: 'null' }],
      description: 'first early renewal after the right rhythm; null where the rate did not change',
    },
    storm: { type: 'boolean' },
    notFound: count,
    failed: count,
  },
  additionalProperties: false,
};

/** JSON Schema of `zkscope leases --json`. */
export const leasesSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'zkscope leases --json: renewals of etcd leases',
  type: 'object',
  required: [
    'schemaVersion',
    'renewals',
    'grpcRenewals',
    'guessedRenewals',
    'timeToLiveRequests',
    'statuses',
    'withoutLease',
    'leases',
  ],
  properties: {
    schemaVersion: { const: 1 },
    renewals: { ...count, description: 'POST /leases in all' },
    grpcRenewals: count,
    guessedRenewals: count,
    timeToLiveRequests: { ...count, description: 'POST /leases/internal' },
    statuses: {
      type: 'object',
      description: 'answers to POST /leases by HTTP status',
      patternProperties: { '^[0-9]+$': count },
      additionalProperties: false,
    },
    withoutLease: count,
    leases: { type: 'array', items: lease },
    interrupted: { const: true, description: 'the reading was ended by a signal: what came later is not counted' },
  },
  additionalProperties: false,
};
