import { capture, count, hex64, orNull, seconds, time, tool } from './common.js';

const names = { type: 'array', items: { type: 'string' }, description: 'names of children' };
const address = { type: 'string', description: '10.0.0.1:2181 or [fd77::1]:2181' };
const object = (required: readonly string[], properties: object): object => ({
  type: 'object',
  required,
  properties,
  additionalProperties: false,
});
const statuses = ['outOfDate', 'possiblyOutOfDate', 'unknown', 'pending', 'upToDate', 'notFollowing', 'ended'];

const change = object(['kind', 'cause', 'knownFrom', 'zxid', 'frame', 'time', 'session', 'client'], {
  kind: { enum: ['create', 'delete', 'setData', 'setACL'] },
  child: { type: 'string', description: 'the child that came or went; absent for the znode itself' },
  cause: { enum: ['request', 'closeSession', 'expired', 'unknown'] },
  knownFrom: {
    enum: ['answer', 'stat', 'list', 'notification'],
    description: 'answer: of the request that made it; otherwise it was only inferred from what shows it',
  },
  zxid: { ...orNull(hex64), description: 'null where it is not known exactly' },
  zxidAfter: { ...hex64, description: 'it came after this zxid' },
  zxidUpTo: { ...hex64, description: 'and not later than this one' },
  frame: { ...count, description: 'the first frame that proves it' },
  time,
  session: orNull(hex64),
  client: orNull(address),
  version: { type: 'integer' },
  ephemeral: { type: 'boolean' },
});

const reading = object(['op', 'watch', 'requestFrame', 'frame', 'time', 'server', 'zxid'], {
  op: { type: 'string' },
  watch: { type: 'boolean' },
  requestFrame: count,
  frame: count,
  time,
  server: address,
  zxid: { ...hex64, description: 'of the reply' },
  children: names,
  cversion: { type: 'integer' },
  pzxid: hex64,
  version: { type: 'integer' },
  mzxid: hex64,
});

const interval = object(
  [
    'from',
    'to',
    'duration',
    'changeFrame',
    'believedFrame',
    'toldFrame',
    'readAgainFrame',
    'blind',
    'changes',
    'missing',
    'extra',
  ],
  {
    from: time,
    to: { ...orNull(time), description: 'null: to the end' },
    duration: seconds,
    changeFrame: { ...count, description: 'the first change that it did not know' },
    believedFrame: { ...orNull(count), description: 'the read that it worked with' },
    toldFrame: { ...orNull(count), description: 'a notification that its TCP acknowledged' },
    readAgainFrame: orNull(count),
    blind: { type: 'boolean', description: 'between a read without and one with a watch: no event announces it' },
    changes: count,
    missing: names,
    extra: names,
  },
);

const evidence = object(['frame', 'time', 'text'], { frame: count, time, text: { type: 'string' } });

const told = object(['type', 'frame', 'time', 'eventType', 'acknowledged'], {
  type: { const: 'told' },
  frame: count,
  time,
  eventType: { type: 'string' },
  acknowledged: { type: 'boolean', description: 'its TCP has it' },
});

const read = object(['type', 'op', 'watch', 'requestFrame', 'frame', 'time', 'count', 'lastFrame', 'zxid', 'used'], {
  type: { enum: ['read', 'write'] },
  op: { type: 'string' },
  watch: { type: 'boolean' },
  requestFrame: count,
  frame: count,
  time,
  count: { ...count, description: 'answered the same so many times in a row' },
  lastFrame: count,
  zxid: hex64,
  children: { ...count, description: 'names in the list' },
  cversion: { type: 'integer' },
  version: { type: 'integer' },
  error: { type: 'string' },
  used: { type: 'boolean', description: 'false for a list that the session does not work with' },
});

const session = object(
  [
    'session',
    'client',
    'servers',
    'end',
    'about',
    'status',
    'reason',
    'confidence',
    'message',
    'missing',
    'extra',
    'watching',
    'believed',
    'reads',
    'readsWithWatch',
    'notifications',
    'undelivered',
    'readAgain',
    'readAgainWithWatch',
    'ignoredLists',
    'gaps',
    'log',
    'intervals',
    'evidence',
  ],
  {
    session: orNull(hex64),
    client: address,
    servers: { type: 'array', items: address },
    end: { enum: ['open', 'closed', 'expired', 'lost'] },
    about: { enum: ['children', 'data'] },
    status: {
      enum: statuses,
      description:
        'pending: a change that it was not told of yet, or only just; notFollowing: it never set a watch; ended: the session is over',
    },
    reason: orNull({
      enum: [
        'secondListUnused',
        'secondListUnclear',
        'notReadAgain',
        'noWatch',
        'notDelivered',
        'newSessionNeverRead',
        'notToldYet',
        'justTold',
        'justChanged',
        'toldDeleted',
        'gap',
        'neverRead',
      ],
    }),
    confidence: { enum: ['proven', 'likely', 'possible'] },
    message: { type: 'string' },
    since: time,
    sinceFrame: count,
    missing: { ...names, description: 'children that the server has and that it does not know' },
    extra: { ...names, description: 'children that it takes to be there and that are gone' },
    watching: { type: 'boolean', description: 'it held a watch at its end' },
    believed: { ...orNull(reading), description: 'the read that it works with' },
    reads: count,
    readsWithWatch: count,
    notifications: count,
    undelivered: { ...count, description: 'notifications that its TCP never acknowledged' },
    readAgain: { ...count, description: 'notifications that a read followed' },
    readAgainWithWatch: count,
    fastest: { ...seconds, description: 'from a notification to the answer of the next read' },
    slowest: seconds,
    ignoredLists: { ...count, description: 'lists that it read and does not work with' },
    gaps: count,
    log: { type: 'array', items: { oneOf: [told, read] }, description: 'what it was told, read and wrote, in order' },
    intervals: { type: 'array', items: interval },
    evidence: { type: 'array', items: evidence },
  },
);

const refusal = object(['op', 'error', 'frame', 'time', 'session', 'client', 'count'], {
  op: { type: 'string' },
  error: { type: 'string' },
  frame: count,
  time,
  session: orNull(hex64),
  client: address,
  count: { ...count, description: 'in a row' },
});

const belief = object(['session', 'client', 'frame', 'time', 'children', 'missing', 'extra'], {
  session: orNull(hex64),
  client: address,
  frame: { ...count, description: 'the read that it went by' },
  time,
  children: count,
  missing: names,
  extra: names,
});

/** JSON Schema of `zkscope path --json`. */
export const pathSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: "zkscope path --json: a znode's history, and who knows what of it",
  type: 'object',
  required: [
    'schemaVersion',
    'tool',
    'captures',
    'path',
    'seen',
    'summary',
    'node',
    'children',
    'sessions',
    'forgotten',
  ],
  properties: {
    schemaVersion: { const: 1 },
    tool,
    captures: { type: 'array', items: capture },
    path: { type: 'string' },
    seen: { type: 'boolean', description: 'any message is about it' },
    near: {
      type: 'array',
      items: { type: 'string' },
      description: 'paths that may have been meant, if it was not seen',
    },
    summary: object(statuses, Object.fromEntries(statuses.map((status) => [status, count]))),
    node: object(['exists', 'ephemeral', 'changes', 'refusals'], {
      exists: orNull({ type: 'boolean' }),
      ephemeral: orNull({ type: 'boolean' }),
      changes: { type: 'array', items: change },
      refusals: { type: 'array', items: refusal },
    }),
    children: object(['first', 'last', 'changes', 'changesNotShown', 'unseenChanges'], {
      first: orNull(names),
      last: orNull(names),
      changes: { type: 'array', items: change },
      changesNotShown: { ...count, description: 'that the filters kept out' },
      unseenChanges: { ...count, description: 'that cversions prove and nothing else shows' },
    }),
    sessions: { type: 'array', items: session },
    at: object(['time', 'server', 'beliefs', 'unknown'], {
      time,
      server: orNull(names),
      beliefs: { type: 'array', items: belief },
      unknown: {
        type: 'array',
        items: object(['session', 'client'], { session: orNull(hex64), client: address }),
      },
    }),
    forgotten: { ...count, description: 'facts that were too many to keep' },
  },
  additionalProperties: false,
};
