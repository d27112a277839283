import { analyzeDocument } from '../report/analyze/build.js';
import { describe, expect, it } from 'vitest';
import type { CaptureInput } from '../capture/captureSet.js';
import { CaptureReader } from '../observations/captureReader.js';
import { partOfQuorumCapture, quorumCapture, quorumTruth } from '../testing/quorumCapture.js';
import { Analysis } from './analysis.js';
import type { AnalyzeDocument, FindingEntry } from '../report/analyze/document.js';

const ABOUT_SERVERS = ['leader-election', 'follower-sync', 'slow-quorum-ack'];

async function analyse(input: CaptureInput): Promise<AnalyzeDocument> {
  const analysis = new Analysis();
  const reader = new CaptureReader([typeof input === 'string' ? quorumCapture(input) : input], analysis.sink);
  await reader.read();
  analysis.end(reader.last.time);
  return analyzeDocument(analysis, reader.captures, reader.clock);
}

async function findings(name: CaptureInput): Promise<FindingEntry[]> {
  return (await analyse(name)).findings.filter((finding) => ABOUT_SERVERS.includes(finding.rule));
}

const seconds = (time: string): number => Date.parse(time) / 1000;

function action(name: string, what: string): { readonly time: number } & Record<string, unknown> {
  return quorumTruth(name).actions.find((one) => one.action === what)!;
}

describe('on an ordinary load', () => {
  it.each(['zab-load', 'load-observer', 'election-start', 'quorum-sasl'])('%s: no warning, no error', async (name) => {
    const { findings } = await analyse(name);
    expect(findings.filter((finding) => finding.severity !== 'info')).toEqual([]);
  });

  it('the first election is information', async () => {
    const [finding, ...others] = await findings('election-start');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      rule: 'leader-election',
      severity: 'info',
      data: { leader: 3, epoch: 1, previousLeader: null, cause: null, rounds: 1, notifications: 10 },
    });
  });
});

describe('leader-election', () => {
  it('of a killed leader: who, when, how long', async () => {
    const [finding, sync, ...others] = await findings('leader-killed');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      rule: 'leader-election',
      severity: 'warning',
      confidence: 'proven',
      server: '10.77.0.12',
      data: {
        leader: 2,
        epoch: 2,
        previousLeader: 3,
        previousEpoch: 1,
        cause: 'leader-closed',
        startedBy: 2,
        withoutLeader: 0.388795,
      },
    });
    expect(Math.abs(seconds(finding!.from) - action('leader-killed', 'kill').time)).toBeLessThan(0.05);
    expect(finding!.evidence.map((one) => one.frame)).toEqual([2547, 2553, 2598, 2684, 2705]);
    // The killed server comes back later: that is no election, and no harm.
    expect(sync).toMatchObject({
      rule: 'follower-sync',
      severity: 'info',
      data: { learner: 3, kind: 'DIFF', reason: 'came-back', transactions: 389 },
    });
  });

  it.each(['log-truncated', 'log-diverged'])('%s: of a leader that was cut off', async (name) => {
    const finding = (await findings(name)).find((one) => one.rule === 'leader-election')!;
    expect(finding).toMatchObject({
      severity: 'warning',
      data: { leader: 2, epoch: 2, previousLeader: 3, cause: 'leader-silent' },
    });
    expect(Math.abs(seconds(finding.from) - action(name, 'link-down').time)).toBeLessThan(0.1);
    // The followers gave it up after syncLimit × tickTime = 4 s.
    expect(finding.data['withoutLeader']).toBeGreaterThan(4);
    expect(finding.data['withoutLeader']).toBeLessThan(5);
  });
});

describe('a rolling restart', () => {
  it('is one election, that of the leader, and three servers that came back', async () => {
    const { findings: all } = await analyse('rolling-restart');
    // Writes that were under way when their server stopped are told as such.
    const told = all.filter((one) => one.rule !== 'write-outcome-unknown');
    expect(told.filter((one) => one.severity !== 'info').map((one) => one.rule)).toEqual(['leader-election']);
    expect(told[0]).toMatchObject({
      data: { leader: 2, epoch: 2, previousLeader: 3, cause: 'leader-closed', startedBy: 1, rounds: 1 },
    });
    expect(told[0]!.data['withoutLeader']).toBeCloseTo(0.447, 2);
    const stopped = quorumTruth('rolling-restart').actions.filter((one) => one.action === 'stop');
    expect(seconds(told[0]!.from)).toBeGreaterThan(stopped[2]!.time);
    const back = all.filter((one) => one.rule === 'follower-sync');
    expect(back.map((one) => [one.data['learner'], one.data['reason']])).toEqual([
      [1, 'came-back'],
      [2, 'came-back'],
      [3, 'came-back'],
    ]);
  });
});

describe('follower-sync', () => {
  it('of a follower that was paused for longer than syncLimit', async () => {
    const [finding, ...others] = await findings('follower-paused');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      rule: 'follower-sync',
      severity: 'warning',
      server: '10.77.0.11',
      data: { learner: 1, leader: 3, kind: 'DIFF', reason: 'lagged', transactions: 289, fromZxid: '0x10000008f' },
    });
    expect(finding!.data['silence']).toBeGreaterThan(14.9);
    expect(finding!.data['silence']).toBeLessThan(15.5);
    expect(finding!.data['away']).toBeGreaterThan(4.5);
  });

  it('of a follower that had lost its data', async () => {
    const [finding, ...others] = await findings('follower-snapshot');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      rule: 'follower-sync',
      severity: 'warning',
      data: { learner: 1, kind: 'SNAP', reason: 'lost-data', fromZxid: '0x0', snapshotBytes: 122_528 },
    });
  });

  it.each([
    ['log-truncated', 'TRUNC', '0x100000072'],
    ['log-diverged', 'SNAP', '0x100000076'],
  ])('%s: of a log with transactions that nobody else has', async (name, kind, fromZxid) => {
    const finding = (await findings(name)).find((one) => one.rule === 'follower-sync');
    expect(finding).toMatchObject({ severity: 'warning', data: { learner: 3, kind, reason: 'diverged', fromZxid } });
  });
});

describe('slow-quorum-ack', () => {
  it('of one slow disk: nobody waited for it', async () => {
    const [finding, ...others] = await findings('slow-disk');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      rule: 'slow-quorum-ack',
      severity: 'warning',
      server: '10.77.0.11',
      data: { lateCommits: 0, clientWrites: 0, writes: [] },
    });
    expect(finding!.message).toContain('it is the log (fsync) that is slow');
    expect(Math.abs(seconds(finding!.from) - action('slow-disk', 'slow-fsync').time)).toBeLessThan(0.3);
  });

  it('of a pause that is shorter than syncLimit', async () => {
    const [finding, ...others] = await findings('follower-short-pause');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ rule: 'slow-quorum-ack', server: '10.77.0.11', data: { lateCommits: 0 } });
    expect(finding!.message).toContain('PINGs were answered as late');
  });

  it('of both followers: every write that waited is named with its proposal', async () => {
    const { findings: all } = await analyse('slow-quorum');
    const finding = all.find((one) => one.rule === 'slow-quorum-ack')!;
    const results = action('slow-quorum', 'load-end')['results'] as { over50ms: number }[];
    const slow = results.reduce((sum, result) => sum + result.over50ms, 0);
    // The clients measured more: connecting, and what waited for something else than its own proposal.
    expect(finding.data['clientWrites']).toBeLessThanOrEqual(slow);
    expect(finding.data['clientWrites']).toBeGreaterThan(0.7 * slow);
    expect(finding.data['clientWrites']).toBe(finding.data['lateCommits']);
    const [write] = finding.data['writes'] as Record<string, unknown>[];
    expect(write).toMatchObject({ op: 'setData', client: expect.stringMatching(/^10\.77\.0\.2[12]:/) as string });
    expect(write!['commitLatency']).toBeLessThanOrEqual(write!['latency'] as number);
    const request = all.find((one) => one.rule === 'slow-request')!;
    expect(request.data).toMatchObject({
      writesOnly: true,
      cause: { rule: 'slow-quorum-ack' },
      proposal: { decidedByIp: expect.stringMatching(/^10\.77\.0\.1/) as string },
    });
  });
});

describe('of part of the traffic', () => {
  const kinds = (list: readonly FindingEntry[]): unknown[] =>
    list.filter((one) => one.severity !== 'info').map((one) => [one.rule, one.data['reason'] ?? one.data['epoch']]);
  const at = (name: string, host: string): CaptureInput =>
    partOfQuorumCapture(name, (_index, source, destination) => source === host || destination === host);

  it('the host of a killed leader shows that it came back, and no election', async () => {
    expect(kinds(await findings(at('leader-killed', '10.77.0.13')))).toEqual([]);
    expect(kinds(await findings(at('log-truncated', '10.77.0.13')))).toEqual([['follower-sync', 'diverged']]);
  });

  it('the host of either of the others shows the whole of it', async () => {
    for (const host of ['10.77.0.11', '10.77.0.12']) {
      const [finding] = await findings(at('leader-killed', host));
      expect(finding).toMatchObject({ rule: 'leader-election', data: { leader: 2, cause: 'leader-closed' } });
      expect(finding!.data['withoutLeader']).toBeCloseTo(0.3888, 2);
    }
  });

  it('servers that come back out of sight do not lengthen the election after them', async () => {
    for (const host of ['10.77.0.11', '10.77.0.12']) {
      const [finding] = await findings(at('rolling-restart', host));
      expect(finding).toMatchObject({ rule: 'leader-election', data: { leader: 2, cause: 'leader-closed' } });
      expect(finding!.data['withoutLeader']).toBeCloseTo(0.447, 1);
    }
  });

  it('an election without the quorum port is told by its votes', async () => {
    const votes = partOfQuorumCapture('leader-killed', (_index, _source, _destination, ports) => ports.includes(3888));
    const [finding, ...others] = await findings(votes);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'info', confidence: 'likely', data: { agreedLeader: 2 } });
  });

  it.each(['zab-load', 'load-observer'])('%s: no warning wherever the capture begins or ends', async (name) => {
    for (const [from, to] of [
      [100, 3000],
      [170, 900],
      [1500, 5000],
      [2345, 6000],
    ]) {
      const input = partOfQuorumCapture(name, (index) => index >= from! && index < to!);
      expect(kinds(await findings(input))).toEqual([]);
    }
  });

  it('follower-paused: at most what happened, wherever the capture begins', async () => {
    for (const from of [1000, 1500, 4000, 4780, 4825]) {
      const found = kinds(await findings(partOfQuorumCapture('follower-paused', (index) => index >= from)));
      expect([[], [['follower-sync', 'lagged']]]).toContainEqual(found);
    }
  });

  it('a capture with losses claims no slowness that was not there', async () => {
    for (const every of [7, 50]) {
      const input = partOfQuorumCapture('load-observer', (index) => index % every !== 0);
      expect(kinds(await findings(input))).toEqual([]);
    }
  });
});
