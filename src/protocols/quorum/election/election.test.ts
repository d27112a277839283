import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Connection, TO_CLIENT, TO_SERVER, type Direction } from '../../../network/connection.js';
import { StreamChunk } from '../../../network/streamChunk.js';
import { buffer, int, long } from '../../../testing/quorumPackets.js';
import type { ConnectionDecoder } from '../../protocol.js';
import type { ConnectedMessage } from '../../registry.js';
import type { ElectionMessage } from './electionMessage.js';
import { quorum } from '../index.js';

const CONFIG =
  'server.1=10.0.0.1:2888:3888:participant\nserver.2=10.0.0.2:2888:3888:participant\nserver.3=10.0.0.3:2888:3888:observer\nversion=0';

const hello = (sid: bigint, address: string, version = -65536n): Buffer =>
  Buffer.concat([long(version), long(sid), buffer(address)]);

interface Vote {
  readonly state: number;
  readonly leader: bigint;
  readonly zxid: bigint;
  readonly round: bigint;
  readonly peerEpoch?: bigint;
  readonly version?: number;
  readonly config?: string;
}

/** A notification of any version: 28 bytes, 36, 40, or with a configuration. */
function notification({ state, leader, zxid, round, peerEpoch, version, config }: Vote): Buffer {
  const body = [int(state), long(leader), long(zxid), long(round)];
  if (peerEpoch !== undefined) body.push(long(peerEpoch));
  if (version !== undefined) body.push(int(version));
  if (config !== undefined) body.push(buffer(config));
  return buffer(Buffer.concat(body));
}

const vote: Vote = { state: 0, leader: 2n, zxid: 0x100000071n, round: 1n, peerEpoch: 1n, version: 2, config: CONFIG };

class Decoded {
  readonly messages: ElectionMessage[] = [];
  skipped = 0;
  foreign = 0;
  readonly connection: Connection;
  private readonly decoder: ConnectionDecoder;
  private readonly position = [0, 0];

  constructor(midStream = false) {
    const end = (ip: string, port: number) => ({ ip, port, text: `${ip}:${port}` });
    this.connection = new Connection(
      0,
      end('10.0.0.2', 40_000),
      end('10.0.0.1', 3888),
      true,
      { frame: 1, time: 0 },
      midStream,
    );
    this.decoder = quorum()[1].open(this.connection, {
      message: (message: ConnectedMessage) => message.protocol === 'election' && this.messages.push(message),
      gap: (gap) => {
        if (gap.reason === 'skipped') this.skipped += gap.bytes;
        if (gap.reason === 'foreign') this.foreign += gap.bytes;
      },
    });
  }

  feed(direction: Direction, bytes: Buffer, size = Infinity, frame = 5): this {
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size);
      const chunk = Buffer.concat([Buffer.alloc(3, 0xee), piece, Buffer.alloc(3, 0xee)]);
      const place = [this.position[direction]!, frame + at, (frame + at) * 10] as const;
      this.decoder.data(new StreamChunk().set(direction, chunk, 3, 3 + piece.length, ...place));
      this.position[direction]! += piece.length;
    }
    return this;
  }

  gap(direction: Direction, length: number): this {
    this.decoder.gap(direction, length, this.position[direction]!, 9, 90);
    this.position[direction]! += length;
    return this;
  }

  end(): this {
    this.decoder.end(99, 990);
    return this;
  }

  get bytes(): number {
    return this.messages.reduce((sum, message) => sum + message.length, 0);
  }
}

describe('an election connection', () => {
  it('begins with who connects, and goes on with votes of both sides', () => {
    const { messages } = new Decoded()
      .feed(TO_SERVER, Buffer.concat([hello(2n, '10.0.0.2:3888'), notification(vote)]))
      .feed(TO_CLIENT, notification({ ...vote, state: 2, leader: 1n, peerEpoch: 2n }));
    expect(messages.map((m) => m.toRecord({ data: false }))).toEqual([
      {
        direction: 'request',
        length: 33,
        sender: 2,
        receiver: null,
        protocolVersion: -65536,
        addresses: ['10.0.0.2:3888'],
      },
      {
        direction: 'request',
        length: 48 + CONFIG.length,
        sender: 2,
        receiver: 1,
        state: 'LOOKING',
        leader: 2,
        zxid: '0x100000071',
        electionEpoch: 1,
        peerEpoch: 1,
        version: 2,
        config: CONFIG,
      },
      {
        direction: 'response',
        length: 48 + CONFIG.length,
        sender: 1,
        receiver: 2,
        state: 'LEADING',
        leader: 1,
        zxid: '0x100000071',
        electionEpoch: 1,
        peerEpoch: 2,
        version: 2,
        config: CONFIG,
      },
    ]);
  });

  it('of several addresses (3.6) and of none (3.4)', () => {
    const several = new Decoded().feed(TO_SERVER, hello(2n, '10.0.0.2:3888|[fd77::2]:3888', -65535n));
    expect(several.messages[0]).toMatchObject({ sender: 2, addresses: ['10.0.0.2:3888', '[fd77::2]:3888'] });
    const old = notification({ state: 1, leader: 3n, zxid: 5n, round: 7n, peerEpoch: 4n, version: 1 });
    const none = new Decoded().feed(TO_SERVER, Buffer.concat([long(2n), old]));
    expect(none.messages[0]).toMatchObject({ op: 'initialMessage', sender: 2, protocolVersion: null, addresses: [] });
    expect(none.messages[1]).toMatchObject({ state: 'FOLLOWING', leader: 3, peerEpoch: 4, version: 1, config: null });
  });

  it('reads the notifications of all versions', () => {
    const plain = { state: 0, leader: 1n, zxid: 0x200000003n, round: 9n };
    const decoded = new Decoded()
      .feed(TO_CLIENT, notification(plain))
      .feed(TO_CLIENT, notification({ ...plain, peerEpoch: 2n }))
      .feed(TO_CLIENT, notification({ ...plain, peerEpoch: 2n, version: 1 }));
    const expected = { state: 'LOOKING', leader: 1, zxidText: '0x200000003', electionEpoch: 9, config: null };
    expect(decoded.messages[0]).toMatchObject({ ...expected, peerEpoch: null, version: 0 });
    expect(decoded.messages[1]).toMatchObject({ ...expected, peerEpoch: 2, version: 0 });
    expect(decoded.messages[2]).toMatchObject({ ...expected, peerEpoch: 2, version: 1 });
  });

  it('has no leader in the vote of an observer', () => {
    const least = -(2n ** 63n);
    const decoded = new Decoded().feed(
      TO_CLIENT,
      notification({ ...vote, leader: least, zxid: least, peerEpoch: least }),
    );
    expect(decoded.messages[0]).toMatchObject({ leader: null, zxid: null, zxidText: null, peerEpoch: null });
  });

  it('may come in any pieces', () => {
    const all = Buffer.concat([hello(2n, '10.0.0.2:3888'), notification(vote), notification({ ...vote, leader: 3n })]);
    for (const size of [1, 2, 3, 4, 5, 33, 37, 100, 183, 184, 185]) {
      const decoded = new Decoded().feed(TO_SERVER, all, size, 1).end();
      expect(decoded.messages.map((m) => m.op)).toEqual(['initialMessage', 'notification', 'notification']);
      expect(decoded.messages.map((m) => m.streamEnd)).toEqual([33, 33 + 48 + CONFIG.length, all.length]);
      expect(decoded.skipped).toBe(0);
      // In pieces of one byte each has its frames to itself.
      if (size === 1) {
        expect(decoded.messages.map((m) => [m.firstFrame, m.frame])).toEqual([
          [1, 33],
          [34, 33 + 48 + CONFIG.length],
          [34 + 48 + CONFIG.length, all.length],
        ]);
      }
    }
  });

  it('is found again in mid-stream and behind a gap', () => {
    const one = notification(vote);
    for (const size of [1, 7, 1000]) {
      const middle = new Decoded(true).feed(TO_CLIENT, Buffer.concat([one.subarray(50), one, one]), size).end();
      expect(middle.messages.length).toBe(2);
      expect(middle.bytes + middle.skipped).toBe(3 * one.length - 50);
    }
    const behind = new Decoded()
      .feed(TO_CLIENT, one)
      .feed(TO_CLIENT, one.subarray(0, 20))
      .gap(TO_CLIENT, 40)
      .feed(TO_CLIENT, Buffer.concat([one.subarray(60), one]))
      .end();
    expect(behind.messages.length).toBe(2);
    expect(behind.bytes + behind.skipped).toBe(3 * one.length - 40);
  });

  it('that is a health check is named, and told once', () => {
    const probe = Buffer.from('GET / HTTP/1.1\r\n\r\n');
    const decoded = new Decoded()
      .feed(TO_SERVER, probe)
      .feed(TO_CLIENT, Buffer.from('x'))
      .feed(TO_SERVER, probe)
      .end()
      .end();
    expect(decoded.connection.foreign).toBe('HTTP');
    expect(decoded).toMatchObject({ messages: [], skipped: 0, foreign: 2 * probe.length + 1 });
  });

  it('accounts for every byte of damaged streams', () => {
    const all = Buffer.concat([hello(2n, '10.0.0.2:3888'), ...Array.from({ length: 5 }, () => notification(vote))]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(all.length - 1), fc.nat(255)), { maxLength: 10 }),
        fc.integer({ min: 1, max: 300 }),
        fc.boolean(),
        (damage, size, midStream) => {
          const bytes = Buffer.from(all);
          for (const [at, value] of damage) bytes[at] = value;
          const decoded = new Decoded(midStream).feed(TO_SERVER, bytes, size).end();
          expect(decoded.bytes + decoded.skipped).toBe(bytes.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('recognising an election', () => {
  const [, election] = quorum();
  const recognise = (bytes: Buffer): string => election.recognise(bytes, 0, bytes.length);

  it('takes both ways to begin', () => {
    for (const version of [-65536n, -65535n]) {
      const bytes = hello(2n, '10.0.0.2:3888', version);
      for (let cut = 1; cut < 20; cut++) expect(recognise(bytes.subarray(0, cut))).toBe('more');
      expect(recognise(bytes)).toBe('yes');
    }
    const old = Buffer.concat([
      long(2n),
      notification({ state: 0, leader: 2n, zxid: 1n, round: 1n, peerEpoch: 1n, version: 1 }),
    ]);
    expect(recognise(old)).toBe('yes');
    for (let cut = 1; cut < 8; cut++) expect(recognise(old.subarray(0, cut))).toBe('more');
  });

  it('takes nothing else', () => {
    for (const other of [
      hello(2n, '10.0.0.2:3888', -65534n),
      Buffer.concat([int(44), Buffer.alloc(44)]),
      Buffer.concat([long(2n), Buffer.alloc(60, 7)]),
      Buffer.from('ruok'),
      Buffer.from('GET / HTTP/1.1'),
      Buffer.from('1603010200010001', 'hex'),
      Buffer.alloc(80),
    ]) {
      expect(recognise(other)).toBe('no');
    }
  });
});
