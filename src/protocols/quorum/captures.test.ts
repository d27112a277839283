import type { ConnectedMessage } from '../registry.js';
import { describe, expect, it } from 'vitest';
import { TO_SERVER } from '../../network/connection.js';
import { quorumTruth, readQuorum } from '../../testing/quorumCapture.js';
import type { ElectionMessage } from './election/electionMessage.js';
import { serverStates } from './election/electionMessage.js';
import { ZabMessage } from './zab/zabMessage.js';

const recorded = [
  'election-start',
  'load-observer',
  'leader-killed',
  'follower-paused',
  'follower-short-pause',
  'follower-snapshot',
  'log-truncated',
  'log-diverged',
  'slow-disk',
  'slow-quorum',
  'quorum-sasl',
  'rolling-restart',
];

interface Counted {
  readonly bytes: number;
  readonly snapshotBytes: number;
  readonly messages: Record<string, number>;
}

function count(into: { bytes: number; snapshotBytes: number; messages: Record<string, number> }, m: ZabMessage): void {
  into.bytes += m.length;
  if (m.op === 'snapshot') into.snapshotBytes += m.length;
  else into.messages[m.op] = (into.messages[m.op] ?? 0) + 1;
}

const none = (): { bytes: number; snapshotBytes: number; messages: Record<string, number> } => ({
  bytes: 0,
  snapshotBytes: 0,
  messages: {},
});

describe.each(recorded)('%s', (name) => {
  it('has every packet and every byte that an independent decoder found', async () => {
    const truth = quorumTruth(name);
    const zab = new Map<string, { toLeader: Counted; toLearner: Counted }>();
    const election: (ElectionMessage & ConnectedMessage)[] = [];
    let lost = 0;
    await readQuorum(
      name,
      (message) => {
        if (message.protocol === 'election') election.push(message);
        if (!(message instanceof ZabMessage)) return;
        const m = message;
        const key = `${m.connection.client.text} ${m.connection.server.text}`;
        let counts = zab.get(key);
        if (counts === undefined) zab.set(key, (counts = { toLeader: none(), toLearner: none() }));
        count(m.direction === TO_SERVER ? counts.toLeader : counts.toLearner, m);
      },
      (gap) => (lost += gap.bytes),
    );
    const expected = truth.zab
      .filter((connection) => connection.toLeader.bytes + connection.toLearner.bytes > 0)
      .map((connection) => [`${connection.learner} ${connection.leader}`, connection] as const);
    expect([...zab.keys()].sort()).toEqual(expected.map(([key]) => key).sort());
    for (const [key, { toLeader, toLearner }] of expected) {
      expect(zab.get(key)!.toLearner).toEqual(toLearner);
      expect(zab.get(key)!.toLeader).toMatchObject(toLeader);
    }
    expect(lost).toBe(truth.election.incompleteBytes);
    const decodedBytes = election.reduce((sum, message) => sum + message.length, 0);
    expect(decodedBytes).toBe(truth.election.bytes - truth.election.incompleteBytes);
    const authentications = election.filter((message) => message.op === 'quorumAuth');
    expect(authentications.length).toBe(truth.election.authentications);
    const initial = election.filter((message) => message.op === 'initialMessage');
    expect(
      initial.map(({ frame, sender, addresses, connection }) => ({
        frame,
        sid: sender,
        address: addresses.join('|'),
        source: connection.client.ip,
      })),
    ).toEqual(truth.election.initialMessages);
    const notifications = election.filter((message) => message.op === 'notification');
    expect(notifications.map(({ frame, version }) => ({ frame, version }))).toEqual(
      truth.election.notifications.map(({ frame, version }) => ({ frame, version })),
    );
    const big = (text: string): number | null => (text === '0x8000000000000000' ? null : Number(text));
    for (const [i, expected] of truth.election.notifications.entries()) {
      const { state, leader, zxidText, electionEpoch, peerEpoch, sender } = notifications[i]!;
      expect(state).toBe(serverStates[expected.state]);
      expect(leader).toBe(expected.leader < 0 ? null : expected.leader);
      expect(zxidText).toBe(expected.leader < 0 ? null : expected.zxid);
      expect(electionEpoch).toBe(big(expected.electionEpoch));
      expect(peerEpoch).toBe(big(expected.peerEpoch));
      // Server N has the address 10.77.0.1N.
      expect(`10.77.0.1${sender}`).toBe(expected.source);
    }
  });
});
