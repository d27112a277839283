import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { analyse, fixture } from '../testing/analyseCapture.js';
import { readCaptures, streamInput } from '../testing/readFrames.js';

const FOLDERS = ['incidents', 'incidents2', 'apps', 'healthy', 'tls', 'tls/incidents', 'quorum', 'etcd'];

/** Whoever looks a frame up must find it at the time that is told: a report refuses to show another. */
describe('evidence has the time of its frame', () => {
  for (const folder of FOLDERS) {
    const all = readdirSync(new URL(`../../fixtures/${folder}`, import.meta.url));
    for (const name of all.filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name))) {
      it(`${folder}/${name}`, async () => {
        const bytes = fixture(`${folder}/${name}`);
        const { document } = await analyse([bytes]);
        const cited = document.findings.flatMap(({ rule, evidence }) => evidence.map((one) => ({ rule, ...one })));
        if (cited.length === 0) return;
        const { frames } = await readCaptures(streamInput(bytes));
        const times = new Map(frames.map(({ number, time }) => [number, time]));
        for (const { rule, frame, time } of cited) expect(time, `${rule}, frame ${frame}`).toBe(times.get(frame));
      });
    }
  }
});
