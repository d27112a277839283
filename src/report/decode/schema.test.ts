import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decode } from '../../index.js';
import { messageFields, otherLines } from '../../observations/fields.js';
import type { FieldTable } from '../../protocols/field.js';
import { allProtocols } from '../../protocols/registry.js';
import { brokenPromises } from '../../testing/schemaPromises.js';
import { decodeSchema } from './schema.js';

const fixtures = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
const captures = ['protocol', 'quorum', 'etcd', 'incidents'].flatMap((folder) =>
  readdirSync(`${fixtures}${folder}`)
    .filter((name) => /\.pcap(ng)?(\.gz|\.zst)?$/.test(name))
    .map((name) => `${folder}/${name}`),
);

/** Names in a record that no table declares, with the names of those that they are in. */
function undeclared(record: object, table: FieldTable, kind: string, place = ''): string[] {
  return Object.entries(record).flatMap(([name, value]: [string, unknown]) => {
    const field = table[name];
    if (field === undefined) return [`${place}${name}`];
    if (field.kinds !== undefined && !(field.kinds as readonly string[]).includes(kind)) return [`${name} of ${kind}`];
    if (value === null) return field.nullable === true ? [] : [`${place}${name} is null`];
    if (typeof field.type === 'string') return [];
    const inner = 'object' in field.type ? field.type.object : 'list' in field.type ? field.type.list : null;
    if (inner === null) return [];
    const items = Array.isArray(value) ? (value as object[]) : [value as object];
    return items.flatMap((item) => undeclared(item, inner, kind, `${name}.`));
  });
}

describe('fields of zkscope decode --json', () => {
  const tables = new Map<string, FieldTable>(
    allProtocols().map(({ name, fields }) => [name, { ...messageFields, ...fields }]),
  );

  it.each(captures)('are all declared by their protocol: %s', async (name) => {
    const found = new Set<string>();
    for await (const line of decode(`${fixtures}${name}`, { data: true })) {
      const table = line.kind === 'gap' ? otherLines.gap.fields : tables.get(line.protocol)!;
      for (const problem of undeclared(line, table, line.kind)) found.add(`${String(line.protocol)}: ${problem}`);
    }
    expect([...found]).toEqual([]);
  });

  it('promise what they promised before', () => {
    const before = JSON.parse(readFileSync(`${fixtures}schemas/decode.json`, 'utf8')) as object;
    expect(brokenPromises(before, decodeSchema())).toEqual([]);
  });
});
