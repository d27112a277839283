import { describe, expect, it } from 'vitest';
import { analyse, fixture } from '../testing/analyseCapture.js';
import { Analysis } from './analysis.js';
import { RuleOptionError } from './options.js';
import { rules } from './registry.js';

const rulesOf = async (options: ConstructorParameters<typeof Analysis>[0]): Promise<string[]> => {
  const { document } = await analyse([fixture('incidents/rewatch-missing.pcap')], options);
  return document.findings.map(({ rule, severity }) => `${severity} ${rule}`);
};

describe('selection of rules', () => {
  it('shows only what is asked for, and what is wrong has its cause all the same', async () => {
    expect(await rulesOf({ rules: ['stale-child-list'] })).toEqual(['error stale-child-list']);
    const { document } = await analyse([fixture('incidents/rewatch-missing.pcap')], { rules: ['stale-child-list'] });
    expect(document.findings[0]?.data['cause']).toMatchObject({ rule: 'missing-rewatch' });
  });

  it('leaves out what is ignored, and what is below a severity', async () => {
    expect(await rulesOf({ ignore: ['missing-rewatch'] })).toEqual(['error stale-child-list']);
    expect(await rulesOf({ severity: 'error', ignore: ['stale-child-list'] })).toEqual([
      'error missing-rewatch',
      'error missing-rewatch',
    ]);
  });

  it('takes options', async () => {
    expect(await rulesOf({ rules: ['missing-rewatch'], set: { 'missing-rewatch.grace': '60' } })).toEqual([]);
  });

  it('refuses what does not exist, in words', () => {
    const attempts: [ConstructorParameters<typeof Analysis>[0], RegExp][] = [
      [{ rules: ['no-such'] }, /no rule is called "no-such"/],
      [{ ignore: ['x'] }, /no rule is called "x"/],
      [{ severity: 'fatal' as never }, /severity is one of error, warning, info/],
      [{ set: { 'herd.x': '1' } }, /no rule has an option "herd\.x"/],
      [{ set: { herd: '1' } }, /no rule has an option "herd"/],
      [{ set: { 'herd.watchers': 'many' } }, /herd\.watchers is a number of at least 2 \(sessions\), not "many"/],
      [{ set: { 'herd.watchers': '1' } }, /of at least 2/],
      [{ set: { 'hot-loop.changes': '' } }, /from 0 to 1/],
    ];
    for (const [options, message] of attempts) {
      expect(() => new Analysis(options)).toThrow(RuleOptionError);
      expect(() => new Analysis(options)).toThrow(message);
    }
  });
});

describe('documentation of rules', () => {
  it('is there for each of them, in all its parts', () => {
    const names = rules.map(({ meta }) => meta.name);
    expect(new Set(names).size).toBe(names.length);
    for (const { meta } of rules) {
      expect(meta.name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(meta.summary, meta.name).not.toMatch(/\.$/);
      for (const part of ['meaning', 'proof', 'lookalikes', 'remedy'] as const) {
        expect(meta.documentation[part].length, `${meta.name} ${part}`).toBeGreaterThan(20);
      }
      for (const [name, option] of Object.entries(meta.options)) {
        expect(option.description.length, `${meta.name}.${name}`).toBeGreaterThan(10);
        if (option.type === 'number') expect(option.default, name).toBeGreaterThanOrEqual(option.min ?? 0);
      }
    }
  });
});
