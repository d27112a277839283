import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { analyzeDocument } from '../report/analyze/build.js';
import { CaptureReader } from '../observations/captureReader.js';
import { sinkOf, together } from '../observations/forward.js';
import { truths } from '../testing/truth.js';
import { Analysis } from './analysis.js';

/** All that is said of a capture, with a look at the findings so far after every `every` messages. */
async function told(capture: string, every: number): Promise<{ document: unknown; looks: number[] }> {
  const analysis = new Analysis();
  let messages = 0;
  const looks: number[] = [];
  const looking = sinkOf({
    message: () => {
      if (++messages % every === 0) looks.push(analysis.soFar().length);
    },
  });
  const reader = new CaptureReader(
    [fileURLToPath(new URL(`../../fixtures/${capture}`, import.meta.url))],
    together([analysis.sink, looking]),
  );
  await reader.read();
  analysis.end(reader.last.time);
  return { document: analyzeDocument(analysis, reader.captures, reader.clock), looks };
}

describe('findings so far', () => {
  const all = ['incidents', 'incidents2'].flatMap((folder) => truths(folder));
  it.each(all.map(({ capture }) => [capture]))('a look at them changes nothing: %s', async (capture) => {
    const { document } = await told(capture, Infinity);
    const looked = await told(capture, 97);
    expect(looked.document).toEqual(document);
  });

  it('are there before the capture ends', async () => {
    const { looks } = await told('incidents2/wasted-errors.pcap.gz', 50);
    expect(looks[0]).toBe(0);
    expect(Math.max(...looks)).toBeGreaterThan(0);
  });
});
