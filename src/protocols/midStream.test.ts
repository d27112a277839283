import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CaptureBuilder } from '../testing/captureBuilder.js';
import { readCapture, writePcap, type Packet } from '../testing/captureFile.js';
import { decodeBytes, type Decoded } from '../testing/decodeBytes.js';
import { parseTcp } from '../testing/packets.js';
import { quorumCapture } from '../testing/quorumCapture.js';
import { int, long, quorumPacket } from '../testing/quorumPackets.js';
import { onPort } from '../testing/tcpRewriting.js';

const SYN = 2;
const ends = { client: '10.0.0.1:40000', server: '10.0.0.2:20022' };

/** Packets of one port, from connections whose start is not among them. */
function fromTheMiddle(packets: readonly Packet[], port: number, behind: number): Packet[] {
  return packets.slice(behind).filter((packet) => {
    const tcp = parseTcp(packet);
    return tcp !== undefined && (tcp.flags & SYN) === 0 && [tcp.source.port, tcp.destination.port].includes(port);
  });
}

const texts = ({ messages }: Decoded, port: number): string[] =>
  messages.map((message) => JSON.stringify(message).replaceAll(`:${port}"`, ':PORT"'));

describe('from the middle, on a port of its own', () => {
  const quorum = readCapture(gunzipSync(readFileSync(quorumCapture('follower-paused'))));

  it('ZAB is found, and nothing of what was looked at is lost', async () => {
    const packets = fromTheMiddle(quorum, 2888, quorum.length >> 1);
    const known = await decodeBytes(writePcap(packets));
    const found = await decodeBytes(writePcap(onPort(packets, 2888, 20022)));
    expect(known.messages.length).toBeGreaterThan(20);
    expect(texts(found, 20022)).toEqual(texts(known, 2888));
    expect(found.gaps.length).toBe(known.gaps.length);
  });

  it('ZAB is found by three pings', async () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    for (let i = 0; i < 2; i++) {
      c.server(quorumPacket({ type: 5, zxid: 0xe00000041n }));
      c.client(quorumPacket({ type: 5, zxid: 0xe00000041n, data: Buffer.concat([long(9n), int(4000)]) }));
    }
    const { messages } = await decodeBytes(builder.toPcap());
    expect(messages.map(({ op, frame }) => [op, frame])).toEqual([1, 2, 3, 4].map((frame) => ['PING', frame]));
    expect(messages[0]).toMatchObject({ protocol: 'zab', server: ends.server });
  });

  it('the leader is told by its packets, whichever port is higher', async () => {
    const builder = new CaptureBuilder();
    const c = builder.connection({ client: '10.0.0.1:2781', server: '10.0.0.2:50000' });
    for (let i = 0; i < 3; i++) {
      c.client(quorumPacket({ type: 5, zxid: 0xe00000041n }));
      c.server(quorumPacket({ type: 5, zxid: 0xe00000041n, data: Buffer.alloc(0) }));
    }
    const { messages } = await decodeBytes(builder.toPcap());
    expect(messages.length).toBe(6);
    expect(messages.every(({ server }) => server === '10.0.0.1:2781')).toBe(true);
    expect(messages[0]).toMatchObject({ direction: 'response' });
  });

  it.each([
    ['of 3.4, by three', Buffer.alloc(0), 3],
    ['with a configuration, at once', Buffer.from('server.1=a:1:2'), 1],
  ])('the election is found: notifications %s', async (_, config, count) => {
    const fields = [int(0), long(1n), long(0x100000000n), long(3n), long(1n)];
    const body =
      config.length === 0 ? Buffer.concat(fields) : Buffer.concat([...fields, int(2), int(config.length), config]);
    const builder = new CaptureBuilder();
    const c = builder.connection({ ...ends, server: '10.0.0.2:30022' });
    for (let i = 0; i < count; i++) c.client(Buffer.concat([int(body.length), body]));
    const { messages } = await decodeBytes(builder.toPcap());
    expect(messages.map(({ protocol }) => protocol)).toEqual(new Array(count).fill('election'));
  });

  it('ZooKeeper is found by its answers alone', async () => {
    const packets = readCapture(readFileSync(new URL('../../fixtures/protocol/mid-stream.pcap', import.meta.url)));
    const answers = packets.filter((packet) => parseTcp(packet)?.source.port === 2181);
    const known = await decodeBytes(writePcap(answers));
    const found = await decodeBytes(writePcap(onPort(answers, 2181, 4181)));
    expect(known.messages.length).toBeGreaterThan(250);
    expect(found.messages.length).toBeGreaterThan(known.messages.length * 0.95);
  });

  it('a port that is named needs no three', async () => {
    const builder = new CaptureBuilder();
    builder.connection(ends).server(quorumPacket({ type: 5, zxid: 0xe00000041n }));
    const capture = builder.toPcap();
    expect((await decodeBytes(capture)).messages).toEqual([]);
    const named = await decodeBytes(capture, { ports: [{ port: 20022, protocol: 'zab' }] });
    expect(named.messages).toMatchObject([{ protocol: 'zab', op: 'PING' }]);
  });

  it('what a gap lies behind is not taken for what follows on it', async () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    const ping = quorumPacket({ type: 5, zxid: 0xe00000041n });
    c.server(ping);
    c.server(ping.subarray(0, 7), { lost: true });
    builder.wait(1);
    c.client(quorumPacket({ type: 5, zxid: 0xe00000041n, data: Buffer.alloc(0) }));
    for (let i = 0; i < 3; i++) c.server(ping);
    const { messages } = await decodeBytes(builder.toPcap());
    expect(messages.length).toBeGreaterThanOrEqual(3);
    expect(messages.every(({ op }) => op === 'PING')).toBe(true);
  });
});

describe('nothing is recognised in', () => {
  type Words = readonly (readonly ['client' | 'server', Buffer])[];
  const short = (value: number): Buffer => Buffer.of(value >> 8, value & 255);
  const framed = (body: Buffer): Buffer => Buffer.concat([int(body.length), body]);
  const text = (value: string): Buffer => Buffer.concat([short(value.length), Buffer.from(value)]);
  const repeat = (count: number, words: (i: number) => Words): Words =>
    Array.from({ length: count }, (_, i) => words(i)).flat();

  const http = repeat(20, (i) => [
    ['client', Buffer.from(`GET /items/${i} HTTP/1.1\r\nHost: a\r\n\r\n`)],
    ['server', Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello')],
  ]);
  const tls = repeat(20, (i) => [
    ['client', Buffer.concat([Buffer.from('1703030020', 'hex'), Buffer.alloc(32, i)])],
    ['server', Buffer.concat([Buffer.from('1703030040', 'hex'), Buffer.alloc(64, i * 3)])],
  ]);
  const mysql = repeat(20, (i) => [
    ['client', Buffer.concat([Buffer.of(9, 0, 0, 0, 3), Buffer.from(`SELECT ${i % 10}`)])],
    ['server', Buffer.from('0700000100000002000000', 'hex')],
    ['client', Buffer.of(1, 0, 0, 0, 14)],
    ['server', Buffer.from('05000001fe00000200', 'hex')],
  ]);
  /** Requests: int16 key, int16 version, int32 correlation id, client; answers: correlation id and what was asked for. */
  const kafka = repeat(30, (i) => [
    ['client', framed(Buffer.concat([short(i % 4), short(i % 12), int(i + 1), text('consumer-1'), int(-1), int(500)]))],
    // Metadata: throttle time 0, three brokers, the first of which has number 0 or 1.
    [
      'server',
      framed(Buffer.concat([int(i + 1), int(0), int(3), int(i % 2), text('broker-0.kafka'), int(9092), short(-1)])),
    ],
  ]);
  /** Heartbeats and offsets: nothing but small numbers. */
  const numbers = repeat(30, (i) => [
    ['client', framed(Buffer.concat([short(12), short(3), int(i), long(BigInt(i)), int(0)]))],
    ['server', framed(Buffer.concat([int(i), int(0), int(0), int(1), long(BigInt(i * 7)), int(1)]))],
  ]);

  it.each([
    ['HTTP', http],
    ['TLS', tls],
    ['MySQL', mysql],
    ['Kafka', kafka],
    ['length-prefixed numbers', numbers],
  ])('%s, from the start, from the middle, or of one side', async (_, words) => {
    for (const only of [null, 'client', 'server']) {
      for (const handshake of [true, false]) {
        const builder = new CaptureBuilder();
        const c = builder.connection({ client: '10.0.0.1:40000', server: '10.0.0.2:9092' });
        if (handshake) c.handshake();
        for (const [who, bytes] of words) if (only === null || only === who) c[who](bytes);
        const { messages, gaps, connections } = await decodeBytes(builder.toPcap());
        expect({ only, handshake, messages, gaps, connections: connections.length }).toEqual({
          only,
          handshake,
          messages: [],
          gaps: [],
          connections: 0,
        });
      }
    }
  });

  it('length-prefixed messages of small numbers, whatever they are', async () => {
    // An eight-byte message with createSession's or closeSession's opcode behind its first number is one of ZooKeeper's.
    const any = fc.integer().filter((n) => n !== -10 && n !== -11);
    const number = fc.oneof(fc.nat(20), fc.constantFrom(8, 12, 16, 44, 100, 101, 102, 103), fc.nat(400), any);
    const message = fc
      .array(number, { minLength: 1, maxLength: 12 })
      .map((list) => framed(Buffer.concat(list.map(int))));
    const word = fc.tuple(fc.constantFrom('client' as const, 'server' as const), message);
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 3, maxLength: 12 }), async (words) => {
        const builder = new CaptureBuilder();
        const c = builder.connection({ client: '10.0.0.1:40000', server: '10.0.0.2:9092' });
        for (const [who, bytes] of words) c[who](bytes);
        const { connections } = await decodeBytes(builder.toPcap());
        expect(connections.length).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
