import { describe, expect, it } from 'vitest';
import { analysePackets, fixturePackets } from '../testing/analyseCapture.js';
import { truths } from '../testing/truth.js';

/** Captures small enough to be read many times, and one whose sessions began before it. */
const captures = [
  ...truths('incidents').map(({ capture }) => capture),
  ...['mid-stream', 'reconnect-setwatches', 'c-client', 'go-client', 'kazoo-client'].map(
    (name) => `protocol/${name}.pcap`,
  ),
].filter((capture) => !capture.endsWith('.gz'));

describe('a capture that begins later or ends earlier', () => {
  for (const capture of captures) {
    it(`${capture} tells of nothing else than the whole`, async () => {
      const packets = fixturePackets(capture);
      const story = new Set((await analysePackets(packets)).document.findings.map(({ rule }) => rule));
      for (let i = 1; i < 8; i++) {
        const at = Math.floor((packets.length * i) / 8);
        for (const part of [packets.slice(at), packets.slice(0, at)]) {
          const { document } = await analysePackets(part);
          const others = document.findings.filter(({ rule, severity }) => severity !== 'info' && !story.has(rule));
          expect(others, `cut at ${at}`).toEqual([]);
        }
      }
    });
  }
});
