import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { FindingEntry } from '../../report/analyze/document.js';
import { analyse, fixture } from '../../testing/analyseCapture.js';
import { packetComments } from '../../testing/packetComments.js';
import { runCli } from '../../testing/runCli.js';
import { truths } from '../../testing/truth.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
const place = temporaryFolder();

/** What a finding says, with the frames of the original. */
const gist = (
  { rule, severity, path, session, client, server, evidence }: FindingEntry,
  number: (frame: number) => number,
): string =>
  JSON.stringify([rule, severity, path, session, client, server, evidence.map(({ frame }) => number(frame))]);

describe('each finding of each incident is found in its slice', () => {
  for (const room of ['incidents', 'incidents2', 'quorum', 'etcd']) {
    for (const { name, capture } of truths(room)) {
      it(`${room}/${name}`, async () => {
        const { findings } = (await analyse([fixture(capture)])).document;
        for (const finding of findings) {
          const target = place('slice.pcapng');
          const { status, stderr } = await runCli(
            'slice',
            FIXTURES + capture,
            '--finding',
            `${finding.id}`,
            '-o',
            target,
          );
          expect(status, stderr).toBe(0);
          const slice = readFileSync(target);
          const comments = await packetComments(slice);
          const number = (frame: number): number =>
            Number(/^zkscope: frame (\d+) of /.exec(comments[frame - 1]![0]!)![1]);
          const found = (await analyse([slice])).document.findings.map((one) => gist(one, number));
          expect(found, `finding ${finding.id}`).toContain(gist(finding, (frame) => frame));
        }
      });
    }
  }
});
