import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { docFiles } from '../../scripts/docs.js';
import { docDefinitions } from '../cli/help/docDefinitions.js';

const docs = new URL('../../docs/', import.meta.url);

it('docs are what the definitions make them: otherwise run npm run docs', { timeout: 120_000 }, async () => {
  const files = docFiles(await docDefinitions());
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
