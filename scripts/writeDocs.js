/** Writes what docFiles() makes into docs/, after a build. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { docDefinitions } from '../dist/cli/help/docDefinitions.js';
import { docFiles } from './docs.js';

const docs = fileURLToPath(new URL('../docs/', import.meta.url));
for (const made of ['rules', 'schemas']) rmSync(`${docs}${made}`, { recursive: true, force: true });
const files = docFiles(await docDefinitions());
for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(`${docs}${path}`), { recursive: true });
  writeFileSync(`${docs}${path}`, text);
}
