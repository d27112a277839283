import { describe, expect, it } from 'vitest';
import { analyse, fixture } from '../../testing/analyseCapture.js';

describe('stale-read', () => {
  it('names the clients that read old values', async () => {
    const { analysis } = await analyse([fixture('incidents2/stale-read.pcap.gz')]);
    const [finding] = analysis.findings.filter(({ rule }) => rule === 'stale-read');
    expect(finding?.message).toContain(
      '10.77.0.11:2181 answered 7 reads by 2 sessions of 10.77.0.31:42649 and 10.77.0.33:50905 (/toggles/checkout) ',
    );
    expect(finding?.data['clients']).toEqual(['10.77.0.31', '10.77.0.33']);
  });
});
