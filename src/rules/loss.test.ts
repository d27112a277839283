import { describe, expect, it } from 'vitest';
import { analysePackets, fixturePackets } from '../testing/analyseCapture.js';
import { thinned } from '../testing/lossRewriting.js';
import { truths } from '../testing/truth.js';

const RATIOS = [0.01, 0.05, 0.2];
const SEEDS = [1, 2, 3, 4];

/** Rules that tell of what the network did, and may stand in a healthy capture as expected there. */
const all = truths('incidents').filter(({ capture }) => !capture.endsWith('.gz'));

describe('frames that the capture lost', () => {
  for (const { name, capture, expect: owed, mayFlag } of all) {
    const healthy = owed.length === 0;
    it(`${name}: ${healthy ? 'prove nothing' : 'never change the story'}`, async () => {
      const packets = fixturePackets(capture);
      const whole = await analysePackets(packets);
      const story = new Set([...whole.document.findings.map(({ rule }) => rule), ...owed.map(({ rule }) => rule)]);
      for (const { rule } of mayFlag) story.add(rule ?? '');
      for (const ratio of RATIOS) {
        for (const seed of SEEDS) {
          const { document } = await analysePackets(thinned(packets, seed, ratio));
          for (const finding of document.findings) {
            const told = `seed ${seed}, ${ratio}: ${finding.severity} ${finding.confidence} ${finding.rule} ${finding.message}`;
            if (healthy) {
              expect(finding.severity, told).toBe('info');
              if (document.summary.gaps > 0) expect(finding.confidence, told).not.toBe('proven');
            } else if (finding.severity !== 'info') expect(story.has(finding.rule), told).toBe(true);
          }
        }
      }
    });
  }
});
