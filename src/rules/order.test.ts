import { describe, expect, it } from 'vitest';
import { Analysis } from './analysis.js';
import { inOrder, neighbours } from './order.js';
import { rules } from './registry.js';
import { type AnyRule, defineRule, type Neighbours, type RuleContext } from './rule.js';

const TEXT = { meaning: '', proof: '', lookalikes: '', remedy: '' };
const FINDING = { title: '', message: '', remedy: '', from: 0, to: 0, evidence: [], data: {} } as const;

type Judge = (context: RuleContext<Record<string, never>>) => void;

function rule(name: string, links: Neighbours, judge?: Judge): AnyRule {
  return defineRule({
    meta: { name, summary: '', documentation: TEXT, options: {} },
    ...links,
    create: (context) => ({
      end: () => {
        judge?.(context);
      },
    }),
  });
}

describe('the order in which rules run', () => {
  it('has every rule once, after those that it names', () => {
    expect(new Set(rules.map((r) => r.meta.name)).size).toBe(rules.length);
    for (const [place, r] of rules.entries()) {
      for (const earlier of neighbours(r)) {
        expect(rules.indexOf(earlier), `${r.meta.name} names ${earlier.meta.name}`).toBeGreaterThanOrEqual(0);
        expect(rules.indexOf(earlier)).toBeLessThan(place);
      }
    }
  });

  it('puts causes and consequences first, also those of rules that are not wanted', () => {
    const first = rule('first', {});
    const unwanted = rule('unwanted', { consequences: [first] });
    const last = rule('last', { causes: [unwanted] });
    expect(inOrder([last, first])).toEqual([first, last]);
  });
});

describe('what rules see of each other', () => {
  it('is the findings of those that they name, and the link reaches the document', () => {
    const first = rule('first', {}, ({ report }) => {
      report({ ...FINDING, severity: 'error', confidence: 'proven', title: 'the cause', client: '10.0.0.1:1' });
    });
    const second = rule('second', { causes: [first] }, ({ report, findingsOf }) => {
      report({ ...FINDING, severity: 'warning', confidence: 'likely', cause: findingsOf(first)[0] });
    });
    const analysis = new Analysis({ registry: inOrder([second, first]) });
    analysis.end(0);
    expect(analysis.findings.map((f) => [f.rule, f.cause?.title])).toEqual([
      ['first', undefined],
      ['second', 'the cause'],
    ]);
  });

  it('a cause may name its consequences, where it comes after them', () => {
    const first = rule('first', {}, ({ report }) => {
      report({ ...FINDING, severity: 'error', confidence: 'proven' });
    });
    const second = rule('second', { consequences: [first] }, ({ report, findingsOf }) => {
      report({ ...FINDING, severity: 'warning', confidence: 'likely', consequences: findingsOf(first) });
    });
    const analysis = new Analysis({ registry: [first, second] });
    analysis.end(0);
    expect(analysis.findings.map((f) => [f.rule, f.cause?.rule])).toEqual([
      ['first', 'second'],
      ['second', undefined],
    ]);
  });

  it('is nothing of those that they do not name', () => {
    const first = rule('first', {});
    const second = rule('second', {}, ({ findingsOf }) => findingsOf(first));
    expect(() => {
      new Analysis({ registry: [first, second] }).end(0);
    }).toThrow('second asks for first');
  });
});
