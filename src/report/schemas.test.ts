import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { brokenPromises } from '../testing/schemaPromises.js';
import { schemaNames, schemaText } from './schemas.js';

const before = (name: string): object =>
  JSON.parse(readFileSync(new URL(`../../fixtures/schemas/${name}.json`, import.meta.url), 'utf8')) as object;

describe('JSON Schemas', () => {
  it.each(schemaNames.filter((name) => !['journal', 'top', 'config'].includes(name)))(
    '%s promises what it promised when it was written by hand',
    (name) => {
      expect(brokenPromises(before(name), JSON.parse(schemaText(name)) as object)).toEqual([]);
    },
  );

  it('are told from lesser ones', () => {
    const old = {
      type: 'object',
      required: ['a'],
      properties: { a: { enum: ['x', 'y'] } },
      additionalProperties: false,
    };
    expect(brokenPromises(old, old)).toEqual([]);
    expect(brokenPromises(old, { ...old, required: [] })).toEqual(['$.a: not required']);
    expect(brokenPromises(old, { ...old, properties: {} })).toEqual(['$.a: gone']);
    expect(brokenPromises(old, { ...old, properties: { a: { enum: ['x'] } } })).toEqual(['$.a: y']);
    expect(brokenPromises(old, { ...old, properties: { a: { type: 'string' } } })).toHaveLength(2);
    expect(brokenPromises(old, { ...old, additionalProperties: true })).toEqual(['$: closed before']);
  });
});
