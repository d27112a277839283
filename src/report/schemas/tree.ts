import { capture, count, hex64, orNull, time, tool } from './common.js';

const states = ['present', 'gone', 'absent', 'unknown'];

/** JSON Schema of `zkscope tree --json`. */
export const treeSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'zkscope tree --json: the part of the znode tree that a capture shows',
  type: 'object',
  required: ['schemaVersion', 'tool', 'captures', 'at', 'znodes', 'watches', 'forgotten', 'roots'],
  properties: {
    schemaVersion: { const: 1 },
    tool,
    captures: { type: 'array', items: capture },
    at: { ...orNull(time), description: 'the moment that it is of' },
    znodes: {
      type: 'object',
      required: states,
      properties: Object.fromEntries(states.map((state) => [state, count])),
      additionalProperties: false,
    },
    watches: count,
    forgotten: { ...count, description: 'znodes that were too many to keep' },
    roots: { type: 'array', items: { $ref: '#/$defs/znode' } },
  },
  additionalProperties: false,
  $defs: {
    znode: {
      type: 'object',
      required: [
        'name',
        'path',
        'state',
        'known',
        'ephemeral',
        'sequential',
        'reads',
        'readers',
        'writes',
        'watches',
        'nodes',
      ],
      properties: {
        name: { type: 'string' },
        path: { type: 'string' },
        state: {
          enum: states,
          description: 'gone: it was there before; absent: asked for and not there; unknown: nothing says',
        },
        known: { enum: ['answer', 'list', 'notification', 'implied'] },
        frame: { ...count, description: 'of what says so' },
        time,
        ephemeral: orNull({ type: 'boolean' }),
        sequential: { type: 'boolean' },
        owner: hex64,
        ownerClient: { type: 'string' },
        version: { type: 'integer' },
        cversion: { type: 'integer' },
        dataLength: { type: 'integer' },
        numChildren: { type: 'integer' },
        reads: count,
        readers: { ...count, description: 'sessions that read it' },
        writes: count,
        watches: { ...count, description: 'held by open sessions' },
        deeper: { ...count, description: 'children that --depth left out' },
        nodes: { type: 'array', items: { $ref: '#/$defs/znode' } },
      },
      additionalProperties: false,
    },
  },
};
