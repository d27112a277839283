import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CaptureBuilder } from '../../testing/captureBuilder.js';
import { readCapture, writePcap } from '../../testing/captureFile.js';
import { conversations, decodeBytes } from '../../testing/decodeBytes.js';
import { onPort } from '../../testing/tcpRewriting.js';
import type { MessageRecord } from '../../observations/record.js';
import { OpCode } from './format/opcodes.js';

/** Captures on which other decoders lose, invent or mix up messages. */

const ends = { client: '10.0.0.1:40000', server: '10.0.0.2:2181' };

function int(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeInt32BE(value | 0, i * 4));
  return bytes;
}

function framed(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([int(body.length), body]);
}

const string = (text: string): Buffer => Buffer.concat([int(Buffer.byteLength(text)), Buffer.from(text)]);
const exists = (xid: number, path: string): Buffer => framed(int(xid, OpCode.exists), string(path), Buffer.from([1]));
const header = (xid: number, zxid: number, err = 0): Buffer => int(xid, 1, zxid, err);
const stat = Buffer.alloc(68);
const connectRequest = framed(int(0, 0, 0, 10_000, 0, 0), string('\0'.repeat(16)), Buffer.from([0]));
const connectResponse = framed(int(0, 10_000, 0x01000039, 0x86b70000), string('\x01'.repeat(16)), Buffer.from([0]));

function ops(messages: readonly MessageRecord[]): string[] {
  return messages.map((m) =>
    `${m['kind'] as string} ${m['op'] as string} ${(m['xid'] as number | undefined) ?? ''}`.trim(),
  );
}

describe('many messages', () => {
  it('in one segment are all there', async () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends).handshake();
    const requests = Array.from({ length: 20 }, (_, i) => exists(i + 1, `/n${i}`));
    const answers = requests.map((_, i) => framed(header(i + 1, 100 + i), stat));
    c.client(connectRequest).server(connectResponse);
    c.client(Buffer.concat(requests)).server(Buffer.concat(answers));
    const { messages } = await decodeBytes(builder.toPcap());
    expect(messages.length).toBe(42);
    expect(messages.filter((m) => m['kind'] === 'response' && m['op'] === 'exists').length).toBe(20);
  });

  it('of two clients with the same xids are not mixed up', async () => {
    const builder = new CaptureBuilder();
    const clients = ['10.0.0.1:40000', '10.0.0.3:40000'].map((client) =>
      builder.connection({ ...ends, client }).handshake(),
    );
    for (const c of clients) c.client(connectRequest).server(connectResponse);
    clients[0]!.client(exists(1, '/a'));
    clients[1]!.client(framed(int(1, OpCode.getChildren), string('/b'), Buffer.from([0])));
    clients[1]!.server(framed(header(1, 5), int(1), string('x')));
    clients[0]!.server(framed(header(1, 5), stat));
    const { messages } = await decodeBytes(builder.toPcap());
    const answers = messages.filter((m) => m['kind'] === 'response' && m['op'] !== 'connect');
    expect(answers.map((m) => [m['client'], m['op']])).toEqual([
      ['10.0.0.3:40000', 'getChildren'],
      ['10.0.0.1:40000', 'exists'],
    ]);
  });

  it('with one reserved xid are answered oldest first', async () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends).handshake();
    c.client(connectRequest).server(connectResponse);
    const auth = (scheme: string): Buffer => framed(int(-4, OpCode.auth, 0), string(scheme), string('user:secret'));
    c.client(auth('digest')).client(auth('ip'));
    c.server(framed(int(-4, 0, 0, 0))).server(framed(int(-4, 0, 0, -115)));
    const { messages } = await decodeBytes(builder.toPcap());
    expect(messages.slice(2).map((m) => [m['op'], m['scheme'] ?? m['error'] ?? 'ok'])).toEqual([
      ['auth', 'digest'],
      ['auth', 'ip'],
      ['auth', 'ok'],
      ['auth', 'AuthFailed'],
    ]);
    expect(JSON.stringify(messages)).not.toContain('secret');
  });
});

describe('a long answer', () => {
  const children = Array.from({ length: 3000 }, (_, i) => `child-${String(i).padStart(10, '0')}`);
  const answer = framed(header(1, 7), int(children.length), ...children.map(string), stat);

  function capture(lost: number): Buffer {
    const builder = new CaptureBuilder();
    const c = builder.connection({ ...ends, segmentSize: 1448 }).handshake();
    c.client(connectRequest).server(connectResponse);
    c.client(framed(int(1, OpCode.getChildren2), string('/many'), Buffer.from([1])));
    for (let at = 0, i = 0; at < answer.length; at += 1448, i++)
      c.server(answer.subarray(at, at + 1448), { lost: i === lost });
    c.client(exists(2, '/after'));
    c.server(framed(header(2, 7), stat));
    return builder.toPcap();
  }

  it('over many segments is one message', async () => {
    const { messages, gaps } = await decodeBytes(capture(-1));
    const list = messages.find((m) => m['op'] === 'getChildren2' && m['kind'] === 'response');
    expect(list?.['children']).toEqual(children);
    expect(Number(list!['frame']) - Number(list!['firstFrame'])).toBeGreaterThan(40);
    expect(gaps).toEqual([]);
  });

  it.each([1, 7, 30])(
    'of which segment %i is missing is given as far as it goes, and what follows is whole',
    async (lost) => {
      const { messages, gaps } = await decodeBytes(capture(lost));
      expect(ops(messages)).toEqual([
        'request connect',
        'response connect',
        'request getChildren2 1',
        'response getChildren2 1',
        'request exists 2',
        'response exists 2',
      ]);
      expect(messages[3]).toMatchObject({ truncated: true, length: answer.length - 4 });
      expect(messages.filter((m) => m['truncated'] === true).length).toBe(1);
      expect(gaps).toMatchObject([{ direction: 'response', bytes: 1448, reason: 'missing' }]);
    },
  );

  it('whose first segment is missing is skipped, and what follows is found again', async () => {
    const { messages, gaps } = await decodeBytes(capture(0));
    expect(ops(messages)).toEqual([
      'request connect',
      'response connect',
      'request getChildren2 1',
      'request exists 2',
      'response exists 2',
    ]);
    expect(gaps.reduce((sum, gap) => sum + Number(gap['bytes']), 0)).toBe(answer.length);
  });
});

describe('strange words', () => {
  it('a four-letter word with a long answer is one request and one answer', async () => {
    const builder = new CaptureBuilder();
    const c = builder.connection({ ...ends, segmentSize: 1448 }).handshake();
    c.client('mntr').server(Buffer.alloc(9000, 0x61)).close('server');
    const { messages } = await decodeBytes(builder.toPcap());
    expect(messages).toMatchObject([
      { op: 'fourLetterWord', kind: 'request', word: 'mntr' },
      { op: 'fourLetterWord', kind: 'response', word: 'mntr', dataLength: 9000 },
    ]);
    expect(messages[0]).not.toHaveProperty('length');
  });

  it('an answer to a four-letter word goes on after the FIN of a client that had all of it so far', async () => {
    const builder = new CaptureBuilder();
    const c = builder.connection({ ...ends, segmentSize: 1448 }).handshake();
    c.client('mntr').server(Buffer.alloc(16_384, 0x61)).fin('client');
    c.server(Buffer.alloc(8192, 0x62)).fin('server');
    const { messages, gaps } = await decodeBytes(builder.toPcap());
    expect(messages[1]).toMatchObject({ kind: 'response', word: 'mntr', dataLength: 24_576 });
    expect([messages.length, gaps.length]).toEqual([2, 0]);
  });

  it.each(['rst', 'nothing'])('an answer to a four-letter word that %s ends is told', async (how) => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends).handshake();
    c.client('mntr').server(Buffer.alloc(100, 0x61)).fin('client').server(Buffer.alloc(50, 0x62));
    if (how === 'rst') c.rst('client');
    const { messages } = await decodeBytes(builder.toPcap());
    expect(messages[1]).toMatchObject({ kind: 'response', word: 'mntr', dataLength: 150 });
  });

  it('an unknown opcode has its number, and its answer the name', async () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends).handshake();
    c.client(connectRequest).server(connectResponse);
    c.client(framed(int(9, 77), string('/x'))).server(framed(int(9, -1, -1, -6)));
    const { messages } = await decodeBytes(builder.toPcap());
    expect(messages.slice(2)).toMatchObject([
      { op: 'unknown(77)', kind: 'request' },
      { op: 'unknown(77)', kind: 'response', error: 'Unimplemented', zxid: '0xffffffffffffffff' },
    ]);
  });

  it('an answer without a request keeps its header', async () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends).handshake();
    c.client(connectRequest)
      .server(connectResponse)
      .server(framed(header(4711, 3, -101)));
    const { messages } = await decodeBytes(builder.toPcap());
    expect(messages[2]).toMatchObject({ op: null, xid: 4711, err: -101, error: 'NoNode' });
    expect(messages[2]).not.toHaveProperty('latency');
  });

  it('createSession is answered by a second connect response', async () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends).handshake();
    c.client(connectRequest).server(connectResponse);
    const session = Buffer.concat([int(0, 0, 0, 5000, 0, 0), string('\0'.repeat(16))]);
    c.client(framed(int(3, OpCode.createSession), session)).server(
      framed(int(0, 5000, 0, 0x99), string('\x02'.repeat(16))),
    );
    const { messages } = await decodeBytes(builder.toPcap());
    expect(messages[3]).toMatchObject({ op: 'createSession', kind: 'response', timeout: 5000, session: '0x99' });
  });
});

describe('another port', () => {
  const packets = readCapture(readFileSync(new URL('../../../fixtures/protocol/kazoo-client.pcap', import.meta.url)));
  const midStream = readCapture(readFileSync(new URL('../../../fixtures/protocol/mid-stream.pcap', import.meta.url)));

  it('is found by the handshake', async () => {
    const known = conversations(
      (await decodeBytes(writePcap(packets))).messages.filter((m) => m['op'] !== 'fourLetterWord'),
    );
    const other = conversations(
      (await decodeBytes(writePcap(onPort(packets, 2181, 4181)))).messages.filter((m) => m['op'] !== 'fourLetterWord'),
    );
    const text = (groups: object): string => JSON.stringify(groups).replaceAll(':4181', ':2181');
    expect(text(other)).toBe(text(known));
  });

  it('is named for captures that begin later', async () => {
    const moved = writePcap(onPort(midStream, 2181, 4181));
    const named = await decodeBytes(moved, { zookeeperPorts: [4181] });
    expect(named.messages.length).toBe(602);
    // Without a name requests and answers of the middle are plain enough to be found as well.
    const found = await decodeBytes(moved);
    expect(found.messages.length).toBeGreaterThan(550);
    expect(found.messages.every((m) => String(m['server']).endsWith(':4181'))).toBe(true);
  });
});
