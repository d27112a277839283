import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const EXPORT =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:class|interface|type|function\*?|const|let|enum) (\w+)/gm;

/**
 * Files by the names that they export and define themselves; what only tests use may be named as what it imitates, and so
 * may what the page has in place of Node.js.
 */
const IMITATE = /^(?:testing|page[\\/]system)[\\/]/;

function definitions(): Map<string, string[]> {
  const places = new Map<string, string[]>();
  for (const file of readdirSync(new URL('.', import.meta.url), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts') || IMITATE.test(file)) continue;
    const text = readFileSync(new URL(file, import.meta.url), 'utf8');
    // Overloads of one function are one definition.
    for (const name of new Set([...text.matchAll(EXPORT)].map((match) => match[1]!)))
      places.set(name, [...(places.get(name) ?? []), file]);
  }
  return places;
}

it('gives each exported name one meaning', () => {
  const twice = [...definitions()].filter(([, files]) => files.length > 1);
  expect(twice.map(([name, files]) => `${name}: ${files.sort().join(', ')}`)).toEqual([]);
});
