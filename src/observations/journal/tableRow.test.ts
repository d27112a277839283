import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runCli } from '../../testing/runCli.js';
import { columnsOf, merged, type Schema } from '../../export/sql/columns.js';
import { journalSchema } from '../../report/decode/schema.js';
import { flatLine, TableRows } from './tableRow.js';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
const columns = merged((journalSchema() as Schema).oneOf!.map(columnsOf));

/** A line as a table gives it back: every column, nulls, flags as numbers, 64 bits between quotes. */
function throughTable(line: Record<string, unknown>): Record<string, unknown> {
  const flat = flatLine({ ...line });
  return Object.fromEntries(
    columns.map(({ name, type }) => {
      const value = flat[name] ?? null;
      if (typeof value === 'boolean') return [name, value ? 1 : 0];
      return [name, type === 'count' && typeof value === 'number' ? String(value) : value];
    }),
  );
}

it.each([
  'incidents/server-pause.pcap.gz',
  'quorum/leader-killed.pcap.gz',
  'etcd/lease-failover.pcapng.gz',
  'etcd/tls-stall.pcapng.gz',
])('%s: its lines are the same after a table', async (name) => {
  const { stdout } = await runCli('decode', '--json', '--connections', '--host', 'zk1', FIXTURES + name);
  const rows = new TableRows();
  for (const text of stdout.trimEnd().split('\n')) {
    const line = JSON.parse(text) as Record<string, unknown>;
    expect(rows.line(line)).toBe(line);
    expect(rows.line(flatLine({ ...line }))).toEqual(line);
    const back = rows.line(throughTable(line));
    // What is null where it is not known is null where it does not apply, too.
    for (const [field, value] of Object.entries(back)) if (value === null && !(field in line)) line[field] = null;
    expect(back).toEqual(line);
  }
});
