import { describe, expect, it } from 'vitest';
import { analyse, fixture } from '../testing/analyseCapture.js';
import { judge, truths } from '../testing/truth.js';

const all = truths('apps');

/** Applications and client libraries that nobody here wrote, healthy and recovering. */
describe('real applications', () => {
  it('are all there', () => {
    expect(all.length).toBeGreaterThanOrEqual(6);
  });

  for (const truth of all) {
    it(`${truth.name}: ${truth.expect.length} owed, nothing else`, async () => {
      const { document } = await analyse([fixture(truth.capture)]);
      expect(judge(truth, document.findings)).toEqual([]);
    });
  }
});
