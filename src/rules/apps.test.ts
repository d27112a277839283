import { describe, expect, it } from 'vitest';
import { CaptureReader } from '../observations/captureReader.js';
import { PathHistory } from '../model/journals/path/index.js';
import { analyse, fixture } from '../testing/analyseCapture.js';
import { judge, truths } from '../testing/truth.js';
import { Analysis } from './analysis.js';

const all = truths('apps');

/** Applications and client libraries that nobody here wrote, healthy and recovering. */
describe('real applications', () => {
  it('are all there', () => {
    expect(all.length).toBeGreaterThanOrEqual(12);
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
  const file = new URL('../../fixtures/apps/cur-expiry.pcap.gz', import.meta.url).pathname;
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
