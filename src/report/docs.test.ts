import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { docFiles } from '../../scripts/docs.js';
import { dissectorExperts } from '../export/wireshark/experts.js';
import { dissectorFields } from '../export/wireshark/fields.js';
import { configSchema } from '../cli/options/configSchema.js';
import { program } from '../cli/program.js';
import { messageFields, otherLines } from '../observations/fields.js';
import { journalLines } from '../observations/journal/fields.js';
import { allProtocols } from '../protocols/registry.js';
import { rules } from '../rules/registry.js';
import { decodeSchema, journalSchema } from './decode/schema.js';

const docs = new URL('../../docs/', import.meta.url);

it('docs are what the definitions make them: otherwise run npm run docs', { timeout: 120_000 }, async () => {
  const files = docFiles({
    rules: rules.map(({ meta }) => meta),
    protocols: allProtocols(),
    messageFields,
    otherLines,
    journalLines,
    dissectorExperts,
    dissectorFields,
    decodeSchema: decodeSchema(),
    journalSchema: journalSchema(),
    configSchema: configSchema(await program(['help'])),
  });
  const old = Object.keys(files).filter((path) => {
    try {
      return readFileSync(new URL(path, docs), 'utf8') !== files[path];
    } catch {
      return true;
    }
  });
  expect(old).toEqual([]);
  const made = ['rules', 'schemas'].flatMap((folder) =>
    readdirSync(new URL(folder, docs)).map((name) => `${folder}/${name}`),
  );
  expect(made.filter((path) => !(path in files))).toEqual([]);
});
