/** Writes what docFiles() makes into docs/, after a build. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dissectorExperts } from '../dist/export/wireshark/experts.js';
import { dissectorFields } from '../dist/export/wireshark/fields.js';
import { configSchema } from '../dist/cli/options/configSchema.js';
import { program } from '../dist/cli/program.js';
import { messageFields, otherLines } from '../dist/observations/fields.js';
import { journalLines } from '../dist/observations/journal/fields.js';
import { allProtocols } from '../dist/protocols/registry.js';
import { decodeSchema, journalSchema } from '../dist/report/decode/schema.js';
import { rules } from '../dist/rules/registry.js';
import { docFiles } from './docs.js';

const docs = fileURLToPath(new URL('../docs/', import.meta.url));
for (const made of ['rules', 'schemas']) rmSync(`${docs}${made}`, { recursive: true, force: true });
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
for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(`${docs}${path}`), { recursive: true });
  writeFileSync(`${docs}${path}`, text);
}
