import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CaptureReader } from '../observations/captureReader.js';
import { PathHistory } from '../model/journals/path/index.js';
import { analyse, analysePackets, fixture, fixturePackets } from '../testing/analyseCapture.js';
import { thinned } from '../testing/lossRewriting.js';
import { judge, truths } from '../testing/truth.js';
import { Analysis } from './analysis.js';

const all = truths('apps');
/** Share of the frames that are lost, and seed. */
const THINNED = [
  [0.01, 1],
  [0.05, 2],
  [0.2, 3],
] as const;

/** Applications and client libraries that nobody here wrote, healthy and recovering. */
describe('real applications', () => {
  it('are all there', () => {
    expect(all.length).toBeGreaterThanOrEqual(12);
  });

  it.each(all)('$name: frames that are missing make no other story', async (truth) => {
    const packets = fixturePackets(truth.capture);
    const claims = [...truth.expect, ...truth.mayFlag].map(({ rule }) => rule);
    const whole = (await analysePackets(packets)).document.findings.map(({ rule }) => rule);
    const story = new Set(truth.expect.length === 0 ? [] : [...claims, ...whole]);
    for (const [ratio, seed] of THINNED) {
      const { document } = await analysePackets(thinned(packets, seed, ratio));
      const grave = document.findings.filter(({ severity, rule }) => severity !== 'info' && !story.has(rule));
      expect(grave, `${ratio}`).toEqual([]);
    }
  });

  for (const truth of all) {
    it(`${truth.name}: ${truth.expect.length} owed, nothing else`, async () => {
      const { document } = await analyse([fixture(truth.capture)]);
      expect(judge(truth, document.findings)).toEqual([]);
    });
  }
});

it('what a session owned is gone from the history of its paths when the leader closes it', async () => {
  const analysis = new Analysis({ registry: [] });
  const history = new PathHistory(analysis.model, '/app/members/C');
  analysis.model.addListener(history);
  const file = fileURLToPath(new URL('../../fixtures/apps/cur-expiry.pcap.gz', import.meta.url));
  const reader = new CaptureReader([file], analysis.sink);
  await reader.read();
  analysis.end(reader.last.time);
  expect(history.ownChanges.map(({ kind, cause, frame }) => [kind, cause, frame])).toEqual([
    ['create', 'request', 377],
    ['delete', 'expired', 2630],
    ['create', 'request', 3097],
    ['delete', 'request', 6637],
  ]);
});
