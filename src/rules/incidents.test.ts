import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { analyse, fixture, fixturePackets } from '../testing/analyseCapture.js';
import { writePcap } from '../testing/captureFile.js';
import { LINK_VARIANTS } from '../testing/variants.js';
import { doubled, ring } from '../testing/lossRewriting.js';
import { judge, truths } from '../testing/truth.js';
import type { FindingEntry } from '../report/analyze/document.js';

const all = truths('incidents');

async function findings(capture: string): Promise<FindingEntry[]> {
  return (await analyse([fixture(capture)])).document.findings;
}

describe('incidents and their healthy twins', () => {
  it('are all there', () => {
    expect(all.length).toBe(28);
  });

  for (const truth of all) {
    it(`${truth.name}: ${truth.expect.length} owed, nothing else`, async () => {
      expect(judge(truth, await findings(truth.capture))).toEqual([]);
    });
  }
});

describe('ordinary traffic of every client library', () => {
  const folder = new URL('../../fixtures/protocol/', import.meta.url);
  for (const name of readdirSync(folder).filter((file) => /\.pcap(ng)?$/.test(file))) {
    it(`${name} holds neither warning nor error`, async () => {
      const found = await findings(`protocol/${name}`);
      expect(found.filter(({ severity }) => severity !== 'info')).toEqual([]);
    });
  }
});

/** What a finding says, without frames and times. */
const gist = (found: readonly FindingEntry[]): string[] =>
  found.map(({ severity, confidence, rule, message }) => `${severity} ${confidence} ${rule} ${message}`).sort();

describe('the same incident, captured otherwise', () => {
  for (const name of ['sidecar-firewalled', 'rewatch-missing', 'ensemble-restart-nodeexists', 'session-moved']) {
    it(`${name}: every packet twice, a ring of files, another link layer`, async () => {
      const packets = fixturePackets(`incidents/${name}.pcap`);
      const expected = gist((await analyse([writePcap(packets)])).document.findings);
      const variants = [[doubled(packets)], ring(packets, 5), [LINK_VARIANTS['cooked v2']!(packets)]];
      for (const files of variants) {
        const { document } = await analyse(files.map((file) => writePcap(file)));
        expect(gist(document.findings)).toEqual(expected);
      }
    });
  }
});
