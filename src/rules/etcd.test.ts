import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CaptureReader } from '../observations/captureReader.js';
import { analysePackets, fixturePackets } from '../testing/analyseCapture.js';
import { thinned } from '../testing/lossRewriting.js';
import { Analysis, type AnalysisOptions } from './analysis.js';
import { connectionChurn } from './catalogue/connection-churn.js';
import type { Finding } from './finding.js';
import { leaseRenewalStorm } from './catalogue/lease-renewal-storm.js';
import { tlsHandshakeStall } from './catalogue/tls-handshake-stall.js';

const FIXTURES = fileURLToPath(new URL('../../fixtures/etcd/', import.meta.url));

const findings = (capture: string): Promise<readonly Finding[]> =>
  allFindings(capture, { registry: [leaseRenewalStorm, connectionChurn, tlsHandshakeStall] });

async function allFindings(capture: string, options: AnalysisOptions = {}): Promise<readonly Finding[]> {
  const analysis = new Analysis(options);
  const reader = new CaptureReader([`${FIXTURES}${capture}.gz`], analysis.sink);
  await reader.read();
  analysis.end(reader.last.time);
  return analysis.findings;
}

const names = (found: readonly Finding[]): string[] => found.map((finding) => finding.rule);

describe('lease-renewal-storm', () => {
  it('is silent where leases are renewed every TTL/3, whatever else members do', async () => {
    expect(await findings('lease-healthy.pcap')).toEqual([]);
  });

  it('names the time of the change where the rate rose in the capture', async () => {
    const found = await findings('lease-onset.pcap');
    expect(names(found)).toEqual(['lease-renewal-storm']);
    expect(found[0]).toMatchObject({ severity: 'error', confidence: 'proven' });
    expect(found[0]!.data).toMatchObject({
      leases: 4,
      distinctLeases: 4,
      renewals: 270,
      grpcRenewals: 270,
      changed: 4,
      lasting: 4,
      ttls: [3],
      senders: ['10.44.0.2'],
    });
    expect(found[0]!.message).toContain('the rate rose in the capture');
  });

  it('counts all leases of a storm in one finding', async () => {
    const found = await findings('lease-storm.pcapng');
    expect(names(found)).toEqual(['lease-renewal-storm']);
    expect(found[0]!.data).toMatchObject({
      leases: 12,
      totalRenewals: 816,
      renewals: 816,
      grpcRenewals: 816,
      changed: 0,
      ttls: [9, 60, 600],
    });
    expect(found[0]!.message).toContain('renewed every 501 ms instead of every TTL/3, up to 399 times as often');
  });

  it.each([
    ['lease-storm-mid.pcap', 6, 168],
    ['lease-slow-leader.pcap', 12, 480],
    ['lease-failover.pcapng', 8, 240],
  ])('sees it in the middle, with a slow leader and through a failover: %s', async (capture, leases, renewals) => {
    const found = await findings(capture);
    expect(names(found)).toEqual(['lease-renewal-storm']);
    expect(found[0]!.data).toMatchObject({ leases, renewals });
  });
});

describe('etcd-no-leader', () => {
  it('finds who waited while the leader was stopped, and who led before', async () => {
    const [found, ...more] = await allFindings('leader-stopped.pcap');
    expect(more).toEqual([]);
    expect(found).toMatchObject({ rule: 'etcd-no-leader', severity: 'error', confidence: 'proven' });
    expect(found!.data).toMatchObject({
      ...{ termBefore: 3, termAfter: 5, leaderBefore: '10.44.1.1:2380', requests: 25, refused: 1, unanswered: 16 },
      errors: [{ error: 'etcdserver: request timed out, possibly due to previous leader failure', count: 1 }],
      clients: ['10.44.1.101', '10.44.1.102', '10.44.1.103', '10.44.1.105'],
    });
    expect(found!.message).toContain('No leader for 4.8 s, then one of term 5 (before: 3)');
    expect(found!.evidence.map(({ frame }) => frame)).toEqual([1746, 1760, 2269, 2660]);
  });

  it('is silent where the leader was moved in good order', async () => {
    expect(await allFindings('leader-moved-ok.pcap')).toEqual([]);
  });

  it('needs the port of the clients only', async () => {
    const [found, ...more] = await allFindings('leader-killed.pcap');
    expect(more).toEqual([]);
    expect(found!.message).toContain(
      'No leader for 1.9 s, then one of term 3 (before: 2): of 7 requests of 4 clients 6 were answered late (by up to 1.9 s), 1 was refused (etcdserver: request timed out)',
    );
  });

  it('says that no leader came back', async () => {
    const [found, ...more] = await allFindings('no-leader.pcap');
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      ...{ rule: 'etcd-no-leader', severity: 'error', confidence: 'proven' },
      unrepaired: 'no leader answered again to the end of the capture',
    });
    expect(found!.data).toMatchObject({ termBefore: 3, termAfter: null, refused: 5, unanswered: 17 });
  });

  it.each([0.01, 0.05, 0.2])('takes no answer that the capture lost for one that was not given: %f', async (ratio) => {
    for (const seed of [1, 2, 3]) {
      const { analysis } = await analysePackets(thinned(fixturePackets('etcd/leader-moved-ok.pcap.gz'), seed, ratio));
      expect(analysis.findings.filter(({ rule }) => rule === 'etcd-no-leader')).toEqual([]);
    }
  });

  it('tells a leader that hangs from one that is replaced', async () => {
    const names = (await allFindings('lease-slow-leader.pcap')).map(({ rule }) => rule);
    expect(names).not.toContain('etcd-no-leader');
    const [failover] = (await allFindings('lease-failover.pcapng')).filter(({ rule }) => rule === 'etcd-no-leader');
    expect(failover).toMatchObject({ severity: 'warning', confidence: 'proven' });
    expect(failover!.data).toMatchObject({ requests: 48, refused: 0, unanswered: 0, leaderAfter: '10.44.0.3:2380' });
  });
});

describe('connection-churn', () => {
  it('counts the connections that were not kept, beside those that were', async () => {
    const found = (await findings('conn-churn.pcap')).filter((finding) => finding.rule === 'connection-churn');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ severity: 'warning', confidence: 'proven', server: '10.44.0.1:2380' });
    expect(found[0]!.data).toMatchObject({
      connections: 300,
      requests: 300,
      closedFirstByServer: 240,
      closedFirstByClient: 60,
      lateServerFins: 171,
      keptConnections: 2,
      keptRequests: 65,
      clients: ['10.44.0.2', '10.44.0.3'],
    });
    expect(found[0]!.data['affected']).toMatchObject([
      { client: '10.44.0.2', connections: 180, keptRequests: 40 },
      { client: '10.44.0.3', connections: 120, keptRequests: 25 },
    ]);
  });
});

describe('tls-handshake-stall', () => {
  it('counts what stalled and was never closed, and none of what was slow, refused or reset', async () => {
    const found = await findings('tls-stall.pcapng');
    expect(names(found)).toEqual(['tls-handshake-stall']);
    expect(found[0]).toMatchObject({ severity: 'error', confidence: 'proven', server: '10.44.0.1:2380' });
    expect(found[0]!.data).toMatchObject({
      stalled: 20,
      neverClosedByServer: 20,
      completed: 5,
      alerts: 1,
      resets: 1,
      clients: ['10.44.0.101', '10.44.0.102'],
    });
    expect(found[0]!.data['medianWait']).toBeCloseTo(10, 2);
    expect(found[0]!.data['slowestCompleted']).toBeCloseTo(4, 2);
  });
});
