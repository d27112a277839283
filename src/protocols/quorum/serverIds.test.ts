import { describe, expect, it } from 'vitest';
import { Proposal, Proposals, RequestTable } from './zab/proposals.js';
import { ServerIds } from './serverIds.js';

const at = (ip: string, port: number) => ({ ip, port, text: ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}` });

describe('ServerIds', () => {
  it('reads a configuration: ports, several addresses, IPv6, observers', () => {
    const ids = new ServerIds();
    ids.learnConfig(
      'server.1=10.0.0.1:2888:3888:participant;0.0.0.0:2181\nserver.2=10.0.0.2:2888:3888|10.1.0.2:2888:3888\nserver.3=[fd77::3]:2888:3888:observer\nversion=100000000',
    );
    expect(ids.at(at('10.0.0.1', 2888))).toBe(1);
    expect(ids.at(at('10.1.0.2', 51_000))).toBe(2);
    expect(ids.at(at('fd77::3', 3888))).toBe(3);
    expect(ids.at(at('10.0.0.9', 3888))).toBeNull();
    expect(ids.voters).toBe(2);
    expect([...ids.observers]).toEqual([3]);
  });

  it('tells servers on one host apart by their ports only', () => {
    const ids = new ServerIds();
    ids.learnConfig('server.1=127.0.0.1:2881:3881\nserver.2=127.0.0.1:2882:3882');
    expect(ids.at(at('127.0.0.1', 2882))).toBe(2);
    expect(ids.at(at('127.0.0.1', 50_000))).toBeNull();
  });
});

describe('Proposals', () => {
  const proposal = (zxid: number): Proposal =>
    new Proposal(zxid, '10.0.0.1:2888', 0, 1, zxid, 'setData', '/a', { frame: 1, time: 0 }, null);

  it('takes the first COMMIT, and the ACK before it as the deciding one', () => {
    const proposals = new Proposals(new RequestTable(4096));
    const one = proposal(1);
    proposals.add(one);
    proposals.acknowledged(one, { frame: 2, time: 5, server: 2, ip: '10.0.0.2', latency: 5 });
    expect(proposals.committed(one, { frame: 3, time: 6 })).toBe(true);
    proposals.acknowledged(one, { frame: 4, time: 9, server: 3, ip: '10.0.0.3', latency: 9 });
    expect(proposals.committed(one, { frame: 5, time: 10 })).toBe(false);
    expect(one).toMatchObject({ committed: { frame: 3 }, decidedBy: { server: 2 } });
    expect(one.acks.length).toBe(2);
  });

  it('forgets the oldest beyond its bound', () => {
    const proposals = new Proposals(new RequestTable(4096));
    for (let zxid = 0; zxid < 10_000; zxid++) {
      proposals.add(proposal(zxid));
      proposals.requested(0x1000000, 0xdef60000, zxid, zxid, 0);
    }
    expect(proposals.get(0)).toBeNull();
    expect(proposals.get(9999)).not.toBeNull();
    expect(proposals.takeRequest(0x1000000, 0xdef60000, 9999)).toMatchObject({ frame: 9999, time: 0 });
    expect(proposals.takeRequest(0x1000000, 0xdef60000, 9999)).toBeNull();
    expect(proposals.takeRequest(0x1000000, 0xdef60001, 9998)).toBeNull();
    // The latest few thousand are nearly all there: they seldom fall on each other.
    let kept = 0;
    for (let cxid = 8000; cxid < 9999; cxid++) if (proposals.takeRequest(0x1000000, 0xdef60000, cxid) !== null) kept++;
    expect(kept).toBeGreaterThan(1400);
  });
});
