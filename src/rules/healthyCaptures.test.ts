import { describe, expect, it } from 'vitest';
import { analyse, fixture, fixturePackets, analysePackets } from '../testing/analyseCapture.js';
import { thinned } from '../testing/lossRewriting.js';
import { judge, truths } from '../testing/truth.js';

const all = truths('healthy');
/** True in one of these captures each: strangers on the port, and a process that was stopped for nearly its timeout. */
const TRUE_HERE: readonly string[] = ['foreign-traffic', 'timeout-misfit'];
/** Share of the frames that are lost, and seed. */
const THINNED = [
  [0.01, 7],
  [0.05, 8],
  [0.2, 9],
] as const;

describe('healthy behaviour that looks like an incident', () => {
  it('is there', () => {
    expect(all.length).toBeGreaterThan(0);
  });

  for (const truth of all) {
    it(`${truth.name}: neither warning nor error`, async () => {
      const { document } = await analyse([fixture(truth.capture)]);
      expect(judge(truth, document.findings)).toEqual([]);
      const ofClients = document.findings.filter(({ rule }) => !TRUE_HERE.includes(rule));
      expect(ofClients.filter(({ severity }) => severity !== 'info')).toEqual([]);
    });

    it(`${truth.name}: frames that are missing prove nothing`, async () => {
      const packets = fixturePackets(truth.capture);
      for (const [ratio, seed] of THINNED) {
        const { document } = await analysePackets(thinned(packets, seed, ratio));
        for (const { severity, confidence, rule, message } of document.findings) {
          if (TRUE_HERE.includes(rule)) continue;
          const told = `${ratio}, seed ${seed}: ${severity} ${confidence} ${rule} ${message}`;
          expect(severity, told).toBe('info');
          if (document.summary.gaps > 0) expect(confidence, told).not.toBe('proven');
        }
      }
    });
  }

  it('four-letter words while servers are down: who never speaks the protocol has no session to lose', async () => {
    const { document } = await analyse([fixture('churn/probes-and-restarts-ok.pcap.gz')]);
    // One session there does read a znode ten times a second without a watch: that is polling.
    const others = document.findings.filter(({ rule }) => rule !== 'poll-without-watch');
    expect(others.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });

  it('strangers on the port (TLS, HTTP) are no loss: what is proven beside them stays so', async () => {
    const { document } = await analyse([fixture('healthy/probes-rolling-restart.pcap.gz')]);
    const refused = document.findings.filter(({ rule }) => rule === 'connect-refused');
    expect(refused.length).toBe(3);
    for (const finding of refused) expect(finding).toMatchObject({ severity: 'info', confidence: 'proven' });
  });

  it('what a lost FIN or a lost handshake makes look alive, or stranded', async () => {
    const cases = [
      ['respawned-worker', 0.05, [16, 46, 53]],
      ['respawned-worker', 0.2, [13, 16, 37, 46]],
      ['kazoo-rolling-restart', 0.2, [1]],
    ] as const;
    for (const [name, ratio, seeds] of cases) {
      const packets = fixturePackets(`healthy/${name}.pcap.gz`);
      for (const seed of seeds) {
        const { document } = await analysePackets(thinned(packets, seed, ratio));
        expect(document.findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
      }
    }
  });
});
