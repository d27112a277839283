import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { CaptureReader } from '../../observations/captureReader.js';
import { Analysis } from '../analysis.js';
import { connectionChurn } from './connection-churn.js';
import type { Finding } from '../finding.js';
import { reconnectStorm } from './reconnect-storm.js';
import type { AnyRule } from '../rule.js';

async function findings(capture: string, ...registry: AnyRule[]): Promise<readonly Finding[]> {
  const analysis = new Analysis({ registry });
  const file = fileURLToPath(new URL(`../../../fixtures/churn/${capture}`, import.meta.url));
  const reader = new CaptureReader([file], analysis.sink);
  await reader.read();
  analysis.end(reader.last.time);
  return analysis.findings;
}

it('counts sessions of ZooKeeper that are made for one read each', async () => {
  const [found, ...more] = await findings('session-per-read.pcap.gz', connectionChurn);
  expect(more).toEqual([]);
  expect(found).toMatchObject({ rule: 'connection-churn', client: '10.77.0.21', server: '10.77.0.11:2181' });
  expect(found!.data).toMatchObject({
    connections: 856,
    requests: 856,
    closedFirstByServer: 420,
    closedFirstByClient: 436,
  });
});

it('leaves it to reconnect-storm to tell of them: one incident is one finding', async () => {
  const found = await findings('session-per-read.pcap.gz', reconnectStorm, connectionChurn);
  expect(found.map((finding) => finding.rule)).toEqual(['reconnect-storm']);
});

it('is silent on probes, idle sessions of one host, and a rolling restart', async () => {
  expect(await findings('probes-and-restarts-ok.pcap.gz', reconnectStorm, connectionChurn)).toEqual([]);
});
