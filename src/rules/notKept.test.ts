import { describe, expect, it } from 'vitest';
import { Scenario } from '../testing/scenario.js';
import { defineRule } from './rule.js';

const NOTHING = { meaning: '', proof: '', lookalikes: '', remedy: '' };
const full = defineRule({
  meta: { name: 'full', summary: 'has no room', documentation: NOTHING, options: {} },
  create: ({ notKept }) => ({ response: notKept, end: notKept }),
});

describe('what a rule has no room for', () => {
  it('is counted as forgotten, once', () => {
    const s = new Scenario({ registry: [full] });
    s.session('10.1.0.1:1000', '0x1').ask('getData', '/a').ask('getData', '/b');
    const said = s.analysis.model.forgotten().cases;
    expect(said).toBe(3);
    // A look before the end changes nothing.
    s.analysis.soFar();
    expect(s.analysis.model.forgotten().cases).toBe(said);
    s.end();
    expect(s.analysis.model.forgotten().cases).toBe(said + 1);
  });
});
