import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { expect, it } from 'vitest';
import { journalSchema } from '../../report/decode/schema.js';
import { documentsOf } from '../../testing/documents.js';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
const captures = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' })
  // The frames of damaged containers may lie in years that lines write as the last one: durations are lost with them.
  .filter((name) => /\.pcap(ng)?(\.gz|\.zst)?$/.test(name) && !name.startsWith('fuzz/container'))
  .sort();

/** What the name, the kind and the size of the file say, which differ. */
function withoutFile(documents: Readonly<Record<string, unknown>>): unknown {
  return JSON.parse(
    JSON.stringify(documents, (key, value: unknown) => (['file', 'format'].includes(key) ? undefined : value)),
    (key, value: unknown) => {
      if (key === 'captures' && Array.isArray(value))
        for (const info of value as { bytes?: number }[]) delete info.bytes;
      return value;
    },
  );
}

const holds = new Ajv2020({ strict: false });
formats.default(holds);
const isLine = holds.compile(journalSchema());

it.each(captures)('%s: its decoded lines say all that the capture says', async (name) => {
  const lines: string[] = [];
  const first = await documentsOf(join(FIXTURES, name));
  const fromCapture = await documentsOf(join(FIXTURES, name), first, (line) => lines.push(line));
  for (const line of lines) expect(isLine(JSON.parse(line)) || isLine.errors).toBe(true);
  const stream = Readable.from([Buffer.from(`${lines.join('\n')}\n`)]);
  const fromLines = await documentsOf({ name: 'journal', stream }, first);
  expect(fromLines.records).toEqual(fromCapture.records);
  expect(withoutFile(fromLines.documents)).toEqual(withoutFile(fromCapture.documents));
});
