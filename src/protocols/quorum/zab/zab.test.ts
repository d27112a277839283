import { beforeAll, describe, expect, it } from 'vitest';
import { TO_CLIENT, TO_SERVER } from '../../../network/connection.js';
import { readQuorum } from '../../../testing/quorumCapture.js';
import { int, long, quorumPacket, setDataProposal } from '../../../testing/quorumPackets.js';
import { quorum } from '../index.js';
import { ZabMessage } from './zabMessage.js';
import { streamChunk } from '../../../testing/streamChunks.js';

const [zab] = quorum();

interface Line extends Record<string, unknown> {
  readonly op: string;
  readonly frame: number;
  readonly direction: string;
}

async function records(name: string, data = false): Promise<Line[]> {
  const lines: Line[] = [];
  await readQuorum(name, (m) => {
    if (m instanceof ZabMessage) lines.push({ op: m.op, frame: m.frame, direction: '', ...m.toRecord({ data }) });
  });
  return lines;
}

describe('recognising a learner', () => {
  const info = (type: number, length: number, version = 0x10000): Buffer =>
    quorumPacket({
      type,
      zxid: 0x100000000n,
      data: Buffer.concat([long(3n), int(version), Buffer.alloc(length - 12)]),
    });

  it('takes the first packet of followers and observers, 3.4 and later', () => {
    for (const type of [11, 16]) {
      for (const length of [12, 20]) {
        const bytes = info(type, length);
        expect(zab.recognise(bytes, 0, bytes.length)).toBe('yes');
        for (let cut = 1; cut < 28; cut++) expect(zab.recognise(bytes, 0, cut)).toBe('more');
      }
    }
  });

  it('takes nothing else', () => {
    const no = (bytes: Buffer): void => {
      expect(zab.recognise(bytes, 0, bytes.length)).toBe('no');
    };
    no(info(11, 20, 0x10001));
    no(info(11, 16));
    no(info(3, 20));
    no(quorumPacket({ type: 11, zxid: 0x100000007n, data: Buffer.concat([long(1n), int(0x10000)]) }));
    no(Buffer.from('ruok'));
    no(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    no(Buffer.concat([int(44), Buffer.alloc(44)]));
    no(Buffer.from('160301020001', 'hex'));
  });

  it('tells the direction of transactions in mid-stream on any port, and of what is weaker by three that agree', () => {
    const proposal = setDataProposal(0x100000005n, '/a', Buffer.from('x'));
    expect(zab.recogniseMidStream!([streamChunk(TO_CLIENT, proposal)])).toBe(TO_CLIENT);
    const request = quorumPacket({ type: 1, zxid: -1n, data: Buffer.concat([long(5n), int(1), int(5)]), ids: [] });
    expect(zab.recogniseMidStream!([streamChunk(TO_CLIENT, request)])).toBe(TO_SERVER);
    for (const type of [3, 4, 5]) {
      const bytes = quorumPacket({ type, zxid: 0x100000005n });
      const chunk = streamChunk(type === 3 ? TO_SERVER : TO_CLIENT, bytes);
      expect(zab.recogniseMidStream!([chunk])).toBeNull();
      expect(zab.recogniseMidStream!([chunk, chunk])).toBeNull();
      expect(zab.recogniseMidStream!([chunk, chunk, chunk])).toBe(chunk.direction);
      const other = quorumPacket({ type, zxid: 0x200000005n });
      expect(zab.recogniseMidStream!([chunk, chunk, streamChunk(chunk.direction, other)])).toBeNull();
    }
  });
});

describe('a bulk load from the middle', () => {
  let lines: Line[];
  beforeAll(async () => {
    lines = await records('zab-load');
  });
  const count = (op: string): number => lines.filter((line) => line.op === op).length;

  it('has all messages and bytes that an independent decoder found', () => {
    expect(lines.reduce((sum, line) => sum + (line['length'] as number), 0)).toBe(805_449);
    expect(count('PING')).toBe(12);
    expect(count('PROPOSAL')).toBe(3196);
    expect(count('COMMIT')).toBe(3184);
    expect(count('REQUEST')).toBe(1732);
    expect(count('ACK')).toBe(3186);
    expect(lines.length).toBe(12 + 3196 + 3184 + 1732 + 3186);
  });

  it('pairs every ACK with its PROPOSAL and every COMMIT with its acknowledgements', () => {
    for (const line of lines) {
      if (line.op === 'ACK') {
        expect(line['acknowledges']).toBe('PROPOSAL');
        expect(line['latency']).toBeGreaterThan(0);
      }
      // Of three servers, two make a quorum: the leader itself and one of the others, or both others.
      if (line.op === 'COMMIT') expect((line['acks'] as unknown[]).length).toBeGreaterThan(0);
    }
  });
});

describe('transactions of every kind', () => {
  let lines: Line[];
  beforeAll(async () => {
    lines = await records('load-observer');
  });
  const first = (op: string, name: string, value: unknown): Line =>
    lines.find((line) => line.op === op && line[name] === value)!;

  it('knows all that were sent', () => {
    const kinds = new Set(lines.filter((line) => line.op === 'PROPOSAL').map((line) => line['txn']));
    expect([...kinds].sort()).toEqual([
      'closeSession',
      'create',
      'createContainer',
      'createSession',
      'createTTL',
      'delete',
      'error',
      'multi',
      'reconfig',
      'setACL',
      'setData',
    ]);
  });

  it('gives a proposal with its header and its transaction', () => {
    expect(first('PROPOSAL', 'txn', 'createTTL')).toEqual({
      op: 'PROPOSAL',
      frame: 12310,
      direction: 'response',
      length: 116,
      zxid: '0x10000040f',
      epoch: 1,
      leader: 2,
      learner: 1,
      session: '0x100000e590f0002',
      cxid: 2,
      txnTime: '2026-11-21T01:47:20.834Z',
      txn: 'createTTL',
      path: '/ttl',
      dataLength: 1,
      acl: [{ perms: 'cdrwa', scheme: 'world', id: 'anyone' }],
      parentCVersion: 5,
      ttl: 600_000,
      digest: '0x164bc98c9f',
    });
  });

  it('gives the operations of a multi, and its errors', () => {
    const [good, bad] = [0x10000000fn, 0x100000013n].map((zxid) => first('PROPOSAL', 'zxid', `0x${zxid.toString(16)}`));
    expect((good!['ops'] as { op: string; path: string }[]).map(({ op, path }) => [op, path])).toEqual([
      ['check', '/mixed/c/s-0000000000'],
      ['create', '/mixed/c/t'],
      ['setData', '/mixed/c/t'],
      ['delete', '/mixed/c/t'],
    ]);
    expect((bad!['ops'] as Record<string, unknown>[])[1]).toEqual({ op: 'error', err: -101, error: 'NoNode' });
  });

  it('gives a request that a follower hands on, and answers to sync', () => {
    expect(first('REQUEST', 'request', 'createContainer')).toMatchObject({
      learner: 1,
      session: '0x100000e590f0002',
      cxid: 1,
      path: '/cont',
      mode: 'CONTAINER',
      auth: ['ip'],
    });
    const syncs = lines.filter((line) => line.op === 'SYNC');
    expect(syncs.length).toBe(51);
    for (const sync of syncs) expect(sync['latency']).toBeGreaterThan(0);
  });

  it('gives a commit with the proposal and who acknowledged it before', () => {
    const commit = first('COMMIT', 'zxid', '0x10000040f');
    expect(commit).toMatchObject({ session: '0x100000e590f0002', cxid: 2, txn: 'createTTL', path: '/ttl' });
    expect(commit['acks']).toEqual([{ server: 1, ip: '10.77.0.11', latency: 0.001593 }]);
    expect(commit['latency']).toBe(0.002014);
    expect(first('INFORM', 'zxid', '0x10000040f')).toMatchObject({ learner: 4, txn: 'createTTL', ttl: 600_000 });
  });

  it('reads what a reconfiguration activates', () => {
    expect(first('COMMITANDACTIVATE', 'zxid', '0x100000421')).toMatchObject({ designatedLeader: 2, txn: 'reconfig' });
    expect(first('INFORMANDACTIVATE', 'zxid', '0x100000421')).toMatchObject({
      designatedLeader: 2,
      learner: 4,
      path: '/zookeeper/config',
    });
  });

  it('shows payload only when asked', async () => {
    expect(lines.some((line) => 'data' in line)).toBe(false);
    const shown = (await records('election-start', true)).find((line) => line['txn'] === 'setData')!;
    expect(Buffer.from(shown['data'] as string, 'base64').toString()).toBe('yy');
  });
});

describe('how a learner joins', () => {
  it('goes from its info to UPTODATE', async () => {
    const lines = (await records('follower-snapshot')).filter(
      (line) => line.frame >= 971 && line.frame <= 1128 && line['learner'] === 1,
    );
    const steps = lines.filter((line) => !['PROPOSAL', 'COMMIT', 'PING'].includes(line.op));
    expect(steps.map(({ op, acknowledges }) => (op === 'ACK' ? `ACK ${String(acknowledges)}` : op))).toEqual([
      'FOLLOWERINFO',
      'LEADERINFO',
      'ACKEPOCH',
      'SNAP',
      'snapshot',
      'NEWLEADER',
      'ACK NEWLEADER',
      'UPTODATE',
      'ACK UPTODATE',
    ]);
    expect(steps[4]).toMatchObject({ length: 122_528, zxid: '0x10000041e', synchronising: true, duration: 0.028393 });
    expect(steps[5]!['config']).toContain('server.1=10.77.0.11:2888:3888:participant');
    expect(lines.every((line) => line['leader'] === 3)).toBe(true);
  });

  it('tells NEWLEADER from UPTODATE where an ACK of a transaction overtakes the first', async () => {
    const acks = (await records('leader-killed')).filter(
      (line) => line.op === 'ACK' && line['learner'] === 3 && line['zxid'] === '0x200000000',
    );
    expect(acks.map((line) => [line.frame, line['acknowledges']])).toEqual([
      [5144, 'NEWLEADER'],
      [5145, 'UPTODATE'],
    ]);
  });
});
