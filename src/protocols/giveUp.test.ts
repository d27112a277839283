import { describe, expect, it } from 'vitest';
import { DecoderRun } from '../testing/decoderRun.js';
import { int, long, quorumPacket, setDataProposal } from '../testing/quorumPackets.js';
import type { Protocol } from './protocol.js';
import { quorum } from './quorum/index.js';
import { zookeeper } from './zookeeper/index.js';

const text = (value: string): Buffer => Buffer.concat([int(value.length), Buffer.from(value)]);
const framed = (...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([int(body.length), body]);
};
const [zab, election] = quorum();

/** What is told, as `op path truncated` (messages are reused: they are looked at as they come). */
function start(protocol: Protocol, port: number): { run: DecoderRun; told: string[] } {
  const told: string[] = [];
  const run = new DecoderRun(
    (connection, sink) =>
      protocol.open(connection, {
        message: (message) => {
          const { path } = message.toRecord({ data: false });
          told.push([message.op, path, message.truncated].join(' '));
          sink.message(message);
        },
        gap: (gap) => {
          sink.gap(gap);
        },
      }),
    { midStream: true, port },
  );
  return { run, told };
}

describe('what is not whole, where too much of it is held,', () => {
  it('stays a message of ZooKeeper, cut behind its beginning', () => {
    const { run, told } = start(zookeeper(), 2181);
    const large = framed(int(7), int(5), text('/a'), int(1_000_000), Buffer.alloc(1_000_000), int(-1));
    run.client(large.subarray(0, 400_000));
    expect(run.held).toBeGreaterThanOrEqual(400_000);
    expect(run.giveUp().held).toBe(1024);
    run.client(large.subarray(400_000, 900_000));
    expect(run.held).toBeLessThanOrEqual(65_536);
    run.giveUp().client(large.subarray(900_000));
    run.client(framed(int(8), int(3), text('/b'), Buffer.of(0))).end();
    expect(told).toEqual(['setData /a true', 'exists /b false']);
    expect(run.gaps).toEqual([]);
  });

  it('costs nothing where a length was only announced', () => {
    const { run } = start(zookeeper(), 2181);
    run.client(Buffer.concat([int(100_000_000), int(7), int(5), text('/a'), int(99_999_980)]));
    expect(run.held).toBeLessThanOrEqual(512);
  });

  it('stays a packet of ZAB, with the beginning of its data', () => {
    const { run, told } = start(zab, 2888);
    const large = setDataProposal(0x100000005n, '/a', Buffer.alloc(200_000));
    run.server(large.subarray(0, 100_000));
    expect(run.held).toBeGreaterThanOrEqual(100_000);
    expect(run.giveUp().held).toBeLessThanOrEqual(1024 + 16);
    run
      .server(large.subarray(100_000))
      .server(quorumPacket({ type: 4, zxid: 0x100000005n }))
      .end();
    expect(told).toEqual(['PROPOSAL /a true', 'COMMIT /a false']);
    expect(run.gaps).toEqual([]);
  });

  it('is counted as skipped in an election', () => {
    const { run } = start(election, 3888);
    const config = Buffer.alloc(100_000, 0x41);
    const fields = [int(0), long(1n), long(0x100000000n), long(3n), long(1n), int(2), int(config.length), config];
    const large = framed(...fields);
    run.client(large.subarray(0, 50_000));
    expect(run.held).toBeGreaterThanOrEqual(50_000);
    expect(run.giveUp().held).toBe(0);
    run
      .client(large.subarray(50_000))
      .client(framed(...fields.slice(0, 5)))
      .end();
    expect(run.messages.length).toBe(1);
    expect(run.gapBytes('skipped')).toBe(large.length);
  });
});
