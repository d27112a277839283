import { it } from 'vitest';
import { fixturePackets, analysePackets } from '../testing/analyseCapture.js';
import { thinned } from '../testing/lossRewriting.js';
  it('x', async () => {
    const p = fixturePackets(`healthy/kazoo-rolling-restart.pcap.gz`);
      const { document } = await analysePackets(thinned(p, 1, 0.2));
      for (const s of document.sessions) console.log('HIT', JSON.stringify(s));
      for (const s of document.findings) console.log('HIT', s.rule, s.from,s.to, s.message);
  }, 60000);
