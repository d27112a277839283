import { describe, expect, it } from 'vitest';
import type { FindingEntry } from '../report/analyze/document.js';
import { analysePackets, fixturePackets } from '../testing/analyseCapture.js';
import { thinned } from '../testing/lossRewriting.js';
import { judge, type Truth, truths } from '../testing/truth.js';
import { rules } from './registry.js';

/** The rules that these captures were made for. */
const NAMES = [
  ...['access-denied', 'foreign-traffic', 'head-of-line', 'network-loss', 'oversize', 'poll-without-watch'],
  ...['quorum-lost', 'server-behind-client', 'stale-read', 'timeout-misfit', 'unbalanced-servers', 'wasted-errors'],
  'write-outcome-unknown',
].filter((name) => rules.some(({ meta }) => meta.name === name));

const RATIOS = [0.01, 0.05, 0.2];
const SEEDS = [1, 2];

const all = truths('incidents2');
const ours = <T extends { readonly rule?: string | null }>(claims: readonly T[]): T[] =>
  claims.filter(({ rule }) => rule == null || rule === '*' || NAMES.includes(rule));

/** What the truth says of these rules. */
function about(truth: Truth): Truth {
  return { ...truth, expect: ours(truth.expect), mustNotFlag: ours(truth.mustNotFlag) };
}

const found = (findings: readonly FindingEntry[]): FindingEntry[] =>
  findings.filter(({ rule }) => NAMES.includes(rule));

describe('the second part of the rules', () => {
  for (const truth of all) {
    it(`${truth.name}: what is owed, and nothing else`, async () => {
      const { document } = await analysePackets(fixturePackets(truth.capture));
      expect(judge(about(truth), found(document.findings))).toEqual([]);
      for (const finding of found(document.findings)) wellFormed(finding);
    });

    it(`${truth.name}: frames that the capture lost prove nothing new`, async () => {
      const packets = fixturePackets(truth.capture);
      const whole = new Set(found((await analysePackets(packets)).document.findings).map(({ rule }) => rule));
      for (const ratio of RATIOS) {
        for (const seed of SEEDS) {
          const { document } = await analysePackets(thinned(packets, seed, ratio));
          for (const { rule, severity, confidence, message } of found(document.findings)) {
            const told = `${ratio}, seed ${seed}: ${severity} ${confidence} ${rule} ${message}`;
            if (confidence === 'proven') expect(whole.has(rule), told).toBe(true);
            if (severity !== 'info') expect(whole.has(rule), told).toBe(true);
          }
        }
      }
    });
  }
});

function wellFormed({ message, title, remedy, evidence, from, to }: FindingEntry): void {
  expect(message.endsWith('.'), message).toBe(true);
  expect(`${message} ${title} ${JSON.stringify(evidence)}`, message).not.toMatch(
    /undefined|null|NaN|\[object|Infinity/,
  );
  expect(title.length, title).toBeLessThan(60);
  expect(remedy.length).toBeGreaterThan(10);
  expect(from <= to, `${from} ${to} ${message}`).toBe(true);
  expect(evidence.length, message).toBeGreaterThan(0);
  const frames = evidence.map(({ frame }) => frame);
  expect(frames, message).toEqual([...frames].sort((a, b) => a - b));
}
