import { count, hex64, orNull, seconds, tool } from './common.js';

const list = (items: object): object => ({ type: 'array', items });
const text = { type: 'string' };
const offset = { type: 'number', description: 'seconds since the first frame of the report' };
const span = (more: object = {}): object => ({
  type: 'object',
  required: ['from', 'to'],
  properties: { from: offset, to: offset, ...more },
});

const table = {
  type: 'object',
  required: ['id', 'title', 'columns', 'rows', 'sort'],
  properties: {
    id: text,
    title: text,
    columns: list({ type: 'object', required: ['name', 'kind'], properties: { name: text, kind: text } }),
    rows: list(list({ type: ['string', 'number', 'null'] })),
    sort: orNull({ type: 'object', required: ['column', 'down'] }),
  },
};

const level = {
  type: 'object',
  description: 'counts in buckets of `width` seconds; p99 in seconds',
  required: ['width', 'operations', 'pings', 'errors', 'notifications', 'p99', 'sessions'],
  properties: {
    width: seconds,
    operations: list(count),
    pings: list(count),
    errors: list(count),
    notifications: list(count),
    p99: list(orNull(seconds)),
    sessions: list(count),
  },
};

const lane = {
  type: 'object',
  required: ['session', 'client', 'end', 'findings', 'connected', 'silent', 'pinging', 'events', 'windows', 'stale'],
  properties: {
    session: orNull(hex64),
    client: text,
    end: { enum: ['open', 'closed', 'expired', 'lost'] },
    findings: list(count),
    connected: list(span({ server: count, end: text })),
    silent: list(span()),
    pinging: list(span()),
    events: list({ type: 'object', required: ['at', 'frame', 'count', 'text'] }),
    windows: list(span({ changed: { type: 'boolean' }, frame: count, text })),
    stale: list(span()),
  },
};

const finding = {
  type: 'object',
  required: [
    'number',
    'rule',
    'severity',
    'confidence',
    'title',
    'message',
    'remedy',
    'facts',
    'frames',
    'ladder',
    'filters',
  ],
  properties: {
    number: count,
    rule: text,
    severity: { enum: ['error', 'warning', 'info'] },
    confidence: { enum: ['proven', 'likely', 'possible'] },
    title: text,
    message: text,
    remedy: text,
    facts: list({ type: 'object', required: ['name', 'values'] }),
    frames: list(count),
    ladder: list({ type: 'object', required: ['kind', 'frame', 'at', 'time', 'direction', 'label', 'note'] }),
    filters: list({ type: 'object', required: ['name', 'text'], description: "Wireshark's display filters" }),
    tables: list(table),
  },
};

/** JSON Schema of `zkscope report --json`. */
export const reportSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'zkscope report --json',
  type: 'object',
  required: ['schemaVersion', 'tool', 'captures', 'verdict', 'levels', 'servers', 'lanes', 'findings', 'tables'],
  properties: {
    schemaVersion: { const: 1 },
    tool,
    captures: list({ type: 'object', required: ['file', 'format', 'packets', 'bytes', 'from', 'to', 'truncated'] }),
    verdict: {
      type: 'object',
      required: ['tone', 'headline', 'sentences', 'counted', 'unseen'],
      properties: { tone: { enum: ['error', 'warning', 'info', 'good', 'empty'] }, headline: text, counted: text },
    },
    day: orNull(text),
    from: orNull({ type: 'number' }),
    to: orNull({ type: 'number' }),
    levels: list(level),
    servers: list(text),
    lanes: list(lane),
    lanesNote: orNull(text),
    findings: list(finding),
    findingsNote: orNull(text),
    tables: list(table),
  },
};
