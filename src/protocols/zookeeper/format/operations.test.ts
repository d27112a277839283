import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { zookeeperFields } from '../fields.js';
import { decodeBytes } from '../../../testing/decodeBytes.js';
import type { JuteField, JuteType } from './fields.js';
import { typeFacts } from './fields.js';
import { layoutNamed, layouts } from './layout.js';
import { leastOf, nestedRecords } from './nested.js';
import { OpCode, opcodesOf } from './opcodes.js';

const FIXTURES = new URL('../../../../fixtures/protocol/', import.meta.url);

/** What is printed of every message, and of answers to words and handshakes, apart from the records' own fields. */
const OF_EVERY_MESSAGE = new Set(
  'frame firstFrame time ts protocol connection client server session kind op length xid zxid err error latency expired requestFrame'.split(
    ' ',
  ),
);

/** How a field of each type is printed, as `typeof` or JSON has it. */
const PRINTED: Readonly<Record<JuteType, string>> = {
  ...{ int: 'number', long: 'number', flags: 'number', buffer: 'number' },
  ...{ decimal: 'string', zxid: 'string', id: 'string', named: 'string', path: 'string', ustring: 'string' },
  ...{ boolean: 'boolean', stat: 'object', acl: 'array', ustrings: 'array', clientInfo: 'array' },
  ...{ requests: 'array', results: 'array' },
};

const printedName = ({ type, as }: JuteField): string => (type === 'buffer' ? 'dataLength' : as!);
const kindOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value);

describe('the table of operations', () => {
  it('has each number once', () => {
    const codes = layouts.map(({ operation }) => operation.code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(OpCode.getData).toBe(4);
  });

  it('says of what is read that it takes no zxid', () => {
    for (const { operation } of layouts) {
      if (operation.kind === 'write') expect(operation.txn).toBeDefined();
      if (operation.kind === 'read') expect(operation.txn).toBeUndefined();
    }
    expect(opcodesOf('write').has(OpCode.setData)).toBe(true);
    expect(opcodesOf('read').has(OpCode.setData)).toBe(false);
  });

  it('knows how long the records within records are', () => {
    for (const type of ['stat', 'acl', 'clientInfo'] as const) {
      expect(leastOf(type)).toBe(typeFacts[type].element ?? typeFacts[type].least);
    }
    expect(nestedRecords.acl.map(({ name }) => name)).toEqual(['perms', 'id.scheme', 'id.id']);
  });

  it('has fields that are printed by names with words', () => {
    for (const { name, request, response } of layouts) {
      for (const field of [...request.printed, ...response.printed]) {
        expect(Object.keys(zookeeperFields), `fields.ts, for ${name}`).toContain(printedName(field));
      }
    }
  });

  it('has every field of every message that is printed, with its type', async () => {
    const names = readdirSync(FIXTURES).filter((name) => name.endsWith('.pcap'));
    const seen = new Set<string>();
    for (const name of names) {
      const { messages } = await decodeBytes(readFileSync(new URL(name, FIXTURES)));
      for (const message of messages) {
        const { op, kind } = message;
        const layout = typeof op === 'string' ? layoutNamed(op) : undefined;
        if (layout === undefined || (kind !== 'request' && kind !== 'response')) continue;
        const printed = new Map(layout[kind].printed.map((field) => [printedName(field), field]));
        for (const [field, value] of Object.entries(message)) {
          if (OF_EVERY_MESSAGE.has(field) || field === 'mode') continue;
          // The path of an answer may be its request's.
          const own =
            printed.get(field) ??
            (field === 'path' ? layout.request.printed.find(({ type }) => type === 'path') : undefined);
          const type = own?.type;
          expect(type, `${name}: ${field} of ${op as string}`).toBeDefined();
          expect(kindOf(value), `${name}: ${field} of ${op as string}`).toBe(PRINTED[type!]);
          seen.add(field);
        }
        if (kind === 'request' && 'flags' in message) expect(message['mode']).toBeTypeOf('string');
      }
    }
    expect(seen.size).toBeGreaterThan(20);
  });
});
