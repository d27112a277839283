import { sinkOf } from '../../../observations/forward.js';
import { describe, expect, it } from 'vitest';
import { CaptureReader } from '../../../observations/captureReader.js';
import { quorum } from '../../../protocols/quorum/index.js';
import { quorumCapture, quorumTruth } from '../../../testing/quorumCapture.js';
import { agreedLeader, QuorumModel } from './index.js';

interface Read {
  readonly model: QuorumModel;
  /** Epoch seconds of a time of the model. */
  readonly seconds: (time: number) => number;
}

async function read(name: string): Promise<Read> {
  const model = new QuorumModel();
  const sink = sinkOf({
    message: model.message.bind(model),
    gap: (_gap, connection) => {
      model.gap(connection);
    },
    closed: model.closed.bind(model),
  });
  const reader = new CaptureReader([quorumCapture(name)], sink, { protocols: quorum() });
  await reader.read();
  model.end();
  return { model, seconds: (time) => reader.clock.epochSeconds(time) };
}

function captureStart(name: string): number {
  return quorumTruth(name).actions.find((action) => action.action === 'capture-start')!.time;
}

describe.each([
  'election-start',
  'load-observer',
  'leader-killed',
  'follower-paused',
  'follower-snapshot',
  'log-truncated',
  'log-diverged',
  'quorum-sasl',
  'rolling-restart',
])('%s', (name) => {
  it('has the elections that the servers logged', async () => {
    const { model, seconds } = await read(name);
    const logged = quorumTruth(name).log.quorum.filter((entry) => entry.time > captureStart(name));
    const elected = model.elections.flatMap((election) => (election.reign === null ? [] : [election]));
    expect(elected.map(({ reign }) => [reign!.leader.id, reign!.epoch])).toEqual(
      logged.map((entry) => [entry.leader, entry.epoch]),
    );
    for (const [i, election] of elected.entries()) {
      expect(agreedLeader(election) ?? logged[i]!.leader).toBe(logged[i]!.leader);
      // The log line comes when a quorum has acknowledged, UPTODATE right after it.
      expect(seconds(election.reign!.serving!.time)).toBeGreaterThan(logged[i]!.time - 0.01);
      expect(seconds(election.reign!.serving!.time)).toBeLessThan(logged[i]!.time + 0.5);
    }
  });

  it('has the synchronisations that the leaders logged', async () => {
    const { model, seconds } = await read(name);
    const logged = quorumTruth(name).log.syncs.filter((entry) => entry.time > captureStart(name));
    const seen = model.links.filter((link) => link.sync !== null);
    const inOrder = [...seen].sort((a, b) => a.sync!.kindAt!.time - b.sync!.kindAt!.time);
    expect(inOrder.map(({ leader, learner, sync }) => [leader.id, learner.id, sync!.kind, sync!.fromZxid])).toEqual(
      logged.map((entry) => [entry.leader, entry.learner, entry.kind, Number(entry.peerLastZxid)]),
    );
    for (const [i, { sync }] of inOrder.entries()) {
      expect(Math.abs(seconds(sync!.kindAt!.time) - logged[i]!.time)).toBeLessThan(0.2);
      expect(sync!.acknowledged).not.toBeNull();
      expect(sync!.upToDate).not.toBeNull();
    }
  });
});

describe('acknowledgements', () => {
  it('are slow for as long as fsync was slow, and no longer', async () => {
    const { model, seconds } = await read('slow-disk');
    const [on, off] = quorumTruth('slow-disk').actions.filter((action) => action.action === 'slow-fsync');
    const slow = model.servers.all().filter((server) => server.slow.length > 0);
    expect(slow.map((server) => server.ip)).toEqual([`10.77.0.1${String(on!['server'])}`]);
    const [stretch] = slow[0]!.slow;
    expect(Math.abs(seconds(stretch!.from.time) - on!.time)).toBeLessThan(0.3);
    expect(Math.abs(seconds(stretch!.to.time) - off!.time)).toBeLessThan(0.3);
    // 80 ms were added to each fsync; the server itself logged as many slow ones (20 ms and more).
    expect(stretch!.waited / stretch!.waits).toBeGreaterThan(80e6);
    expect(stretch!.waited / stretch!.waits).toBeLessThan(90e6);
    const warnings = quorumTruth('slow-disk').log.fsyncWarnings[String(on!['server'])]!;
    expect(Math.abs(stretch!.waits - warnings)).toBeLessThan(5);
    expect(stretch!.peersFaster).toBeGreaterThan(stretch!.seconds / 2);
    expect(stretch!.longestPing).toBeLessThan(20e6);
  });

  it('are late once after a short pause, as PINGs are', async () => {
    const { model } = await read('follower-short-pause');
    const stretches = model.servers.all().flatMap((server) => server.slow);
    expect(stretches.length).toBe(1);
    expect(stretches[0]!.waits).toBe(1);
    expect(stretches[0]!.longest).toBeGreaterThan(3.9e9);
    expect(stretches[0]!.longestPing).toBeGreaterThan(3.5e9);
  });

  it('are not slow in a bulk load, however long each proposal waits', async () => {
    const { model } = await read('zab-load');
    expect(model.commitLatency.percentile(0.5)).toBeGreaterThan(50e6);
    expect(model.servers.all().flatMap((server) => server.slow)).toEqual([]);
  });

  it('lead from a client’s write to its proposal', async () => {
    const { model } = await read('election-start');
    const proposal = model.proposalOf('0x100000def6f0000', 5)!;
    expect(proposal).toMatchObject({ txn: 'setData', path: '/few/n', zxid: 0x100000004 });
    expect(proposal.request).toMatchObject({ frame: 153 });
    expect(proposal.proposed.frame).toBe(154);
    expect(proposal.acks.map((ack) => ack.server)).toContain(1);
    expect(model.proposalOf('0x100000def6f0000', 4711)).toBeNull();
  });
});
