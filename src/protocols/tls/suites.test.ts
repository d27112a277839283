import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type net from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import tls from 'node:tls';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../network/connection.js';
import type { StreamChunk } from '../../network/streamChunk.js';
import { DecoderRun } from '../../testing/decoderRun.js';
import { Relay, type RecordedSegment } from '../../testing/relay.js';
import type { ConnectionDecoder } from '../protocol.js';
import { cipherSuiteName } from './crypto/cipherSuites.js';
import { TlsDecoder } from './decoder.js';
import { KeyStore } from './keys/keyStore.js';
import type { TlsMessage } from './message.js';
import { HoldBudget } from './records/heldRecords.js';

const PEER = new URL('../../../fixtures/tls/peer/', import.meta.url);
const pem = (name: string): Buffer => readFileSync(new URL(name, PEER));

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as net.AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

const EC = { key: pem('ec.key'), cert: pem('ec.crt') };
const RSA = { key: pem('rsa.key'), cert: pem('rsa.crt') };

interface Recorded {
  readonly segments: readonly RecordedSegment[];
  readonly keys: string;
}

const QUESTION = Buffer.alloc(40_000, 'a question of some length; ');
const ANSWER = Buffer.alloc(70_000, 'and an answer that is longer still; ');

/** A conversation of OpenSSL with itself, and the key log that it wrote. */
async function converse(
  client: tls.ConnectionOptions,
  server: tls.TlsOptions,
  session?: { got: Buffer | null },
): Promise<Recorded> {
  const listener = tls.createServer({ ciphers: 'ALL:@SECLEVEL=0', ...server }, (socket) => {
    let got = 0;
    socket.on('data', (bytes: Buffer) => {
      got += bytes.length;
      if (got === QUESTION.length) socket.end(ANSWER);
    });
    socket.on('error', () => undefined);
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const relay = new Relay((listener.address() as net.AddressInfo).port);
  const socket = tls.connect({
    port: await relay.listen(),
    host: '127.0.0.1',
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ciphers: 'ALL:@SECLEVEL=0',
    ...(session?.got == null ? {} : { session: session.got }),
    ...client,
  });
  let keys = '# a key log\r\n\r\nNONSENSE 12\n';
  socket.on('keylog', (line: Buffer) => (keys += line.toString('latin1')));
  socket.on('session', (ticket: Buffer) => {
    if (session !== undefined) session.got ??= ticket;
  });
  socket.on('error', () => undefined);
  socket.end(QUESTION);
  socket.resume();
  await new Promise((done) => socket.on('close', done));
  await relay.close();
  await new Promise((done) => listener.close(done));
  return { segments: relay.segments, keys };
}

interface Heard {
  readonly run: DecoderRun;
  readonly texts: [Buffer[], Buffer[]];
  readonly lost: [number, number];
}

/** What the decoder makes of a conversation; `drop` takes segments out. */
function listen(
  { segments, keys }: Recorded,
  pieces = Infinity,
  drop: (index: number) => boolean = () => false,
  store = new KeyStore(),
): Heard {
  store.add(Buffer.from(keys));
  const texts: [Buffer[], Buffer[]] = [[], []];
  const lost: [number, number] = [0, 0];
  const inside: ConnectionDecoder = {
    tellsMissing: true,
    data: (chunk: StreamChunk) => {
      texts[chunk.direction].push(Buffer.from(chunk.bytes.subarray(chunk.start, chunk.end)));
    },
    gap: (direction, bytes) => {
      lost[direction] += bytes;
    },
    fin: () => undefined,
    end: () => undefined,
  };
  const context = { keys: store, budget: new HoldBudget() };
  const run = new DecoderRun(
    (connection: Connection, sink) => new TlsDecoder(connection, sink, context, () => inside),
    {
      pieces,
    },
  );
  for (const [index, { direction, bytes }] of segments.entries()) {
    if (bytes === null) run.fin(direction);
    else if (drop(index)) run.lose(direction, bytes.length);
    else run.segment(direction, bytes);
  }
  run.end();
  expect(context.budget.bytes).toBe(0);
  return { run, texts, lost };
}

function handshakeOf({ run }: Heard): NonNullable<TlsMessage['handshake']> {
  return (run.messages.find(({ op }) => op === 'Handshake') as TlsMessage).handshake!;
}

function expectAll({ texts }: Heard): void {
  expect(Buffer.concat(texts[0]).equals(QUESTION)).toBe(true);
  expect(Buffer.concat(texts[1]).equals(ANSWER)).toBe(true);
}

const TLS_1_3: tls.ConnectionOptions = { minVersion: 'TLSv1.3' };
const TLS_1_2: tls.ConnectionOptions = { maxVersion: 'TLSv1.2' };
const SUITES: readonly [name: string, client: tls.ConnectionOptions, server: tls.TlsOptions][] = [
  ['TLS_AES_128_GCM_SHA256', { ...TLS_1_3, ciphers: 'TLS_AES_128_GCM_SHA256' }, EC],
  ['TLS_AES_256_GCM_SHA384', { ...TLS_1_3, ciphers: 'TLS_AES_256_GCM_SHA384' }, RSA],
  ['TLS_CHACHA20_POLY1305_SHA256', { ...TLS_1_3, ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }, EC],
  ...[
    ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
    ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
    ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM', 'ECDHE-ECDSA-AES128-CCM'],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8', 'ECDHE-ECDSA-AES256-CCM8'],
    ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'ECDHE-ECDSA-AES128-SHA'],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384', 'ECDHE-ECDSA-AES256-SHA384'],
  ].map(([name, cipher]): [string, tls.ConnectionOptions, tls.TlsOptions] => [
    name!,
    { ...TLS_1_2, ciphers: `${cipher!}:@SECLEVEL=0` },
    EC,
  ]),
  ...[
    ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', 'ECDHE-RSA-AES128-SHA256'],
    ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
    ['TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', 'DHE-RSA-AES128-GCM-SHA256'],
    ['TLS_DHE_RSA_WITH_AES_256_CBC_SHA256', 'DHE-RSA-AES256-SHA256'],
    ['TLS_RSA_WITH_AES_128_GCM_SHA256', 'AES128-GCM-SHA256'],
    ['TLS_RSA_WITH_AES_256_CBC_SHA256', 'AES256-SHA256'],
  ].map(([name, cipher]): [string, tls.ConnectionOptions, tls.TlsOptions] => [
    name!,
    { ...TLS_1_2, ciphers: `${cipher!}:@SECLEVEL=0` },
    { ...RSA, dhparam: 'auto' },
  ]),
];

describe('every cipher suite that OpenSSL speaks', () => {
  for (const [name, client, server] of SUITES) {
    it(`${name} is read whole, in pieces of any size`, async () => {
      const recorded = await converse(client, server);
      const heard = listen(recorded);
      expectAll(heard);
      expect(heard.lost).toEqual([0, 0]);
      expect(heard.run.gaps).toEqual([]);
      const handshake = handshakeOf(heard);
      expect(cipherSuiteName(handshake.cipherSuite!)).toBe(name);
      expect(handshake).toMatchObject({ outcome: 'completed', resumed: false });
      expect(handshake.encryptThenMac).toBe(name.includes('CBC'));
      expect(handshake.serverCertificates![0]!.subject).toBe(
        `CN=${server.key === EC.key ? 'ec' : 'rsa'}.test,O=zkscope test`,
      );
      for (const pieces of [7, 1000]) expectAll(listen(recorded, pieces));
    });
  }

  it('TLS 1.0 and 1.1 are read as well', async () => {
    for (const version of ['TLSv1', 'TLSv1.1'] as const) {
      const old = { minVersion: version, maxVersion: version, ciphers: 'ECDHE-RSA-AES128-SHA:@SECLEVEL=0' };
      expectAll(listen(await converse(old, { ...RSA, minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' })));
    }
  });

  it('certificates of clients, and sessions that go on', async () => {
    const asked = {
      ...RSA,
      requestCert: true,
      rejectUnauthorized: false,
      ticketKeys: Buffer.alloc(48, 7),
      sessionIdContext: 'test',
    };
    for (const version of [TLS_1_2, TLS_1_3]) {
      const session: { got: Buffer | null } = { got: null };
      const first = listen(await converse({ ...version, ...EC }, asked, session));
      expectAll(first);
      expect(handshakeOf(first).clientCertificates![0]!.subject).toBe('CN=ec.test,O=zkscope test');
      // A session of TLS 1.3 that goes on is in tls13-resume.pcap.
      if (version === TLS_1_3) continue;
      const second = listen(await converse({ ...version, ...EC }, asked, session));
      expectAll(second);
      expect(handshakeOf(second)).toMatchObject({ resumed: true, serverCertificates: null });
    }
  });
});

describe('keys that change', () => {
  it('follows a KeyUpdate of either side', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
    const keylog = join(folder, 'keys');
    const files = ['-key', fileURLToPath(new URL('ec.key', PEER)), '-cert', fileURLToPath(new URL('ec.crt', PEER))];
    const port = await freePort();
    const server = spawn('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, '-tls1_3', ...files]);
    await once(server.stdout, 'data');
    const relay = new Relay(port);
    const at = `127.0.0.1:${await relay.listen()}`;
    const client = spawn('openssl', ['s_client', '-connect', at, '-tls1_3', '-keylogfile', keylog]);
    const pause = (): Promise<unknown> => new Promise((done) => setTimeout(done, 150));
    await pause();
    for (const line of ['before\n', 'K\n', 'behind\n', 'k\n', 'again\n']) {
      client.stdin.write(line);
      server.stdin.write(line.toUpperCase().replace('K\n', line));
      await pause();
    }
    client.stdin.end();
    server.kill();
    await once(client, 'close');
    await relay.close();
    const { texts } = listen({ segments: relay.segments, keys: readFileSync(keylog, 'latin1') });
    rmSync(folder, { recursive: true });
    expect(Buffer.concat(texts[0]).toString()).toBe('before\nbehind\nagain\n');
    expect(Buffer.concat(texts[1]).toString()).toBe('BEFORE\nBEHIND\nAGAIN\n');
  });
});

describe('what is lost, damaged or made up', () => {
  it('loses no more than the records that a loss touches, and finds the next', async () => {
    for (const client of [TLS_1_3, { ...TLS_1_2, ciphers: 'ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0' }]) {
      const recorded = await converse(client, EC);
      for (let lost = 8; lost < recorded.segments.length - 3; lost += 3) {
        const { texts, lost: gone } = listen(recorded, Infinity, (index) => index === lost);
        for (const [direction, whole] of [QUESTION, ANSWER].entries()) {
          const text = Buffer.concat(texts[direction as 0 | 1]);
          expect(text.length).toBeLessThanOrEqual(whole.length);
          if (gone[direction as 0 | 1] === 0) expect(text.length === whole.length || text.length === 0).toBe(true);
          // Nothing is made up: each record's text stands in the original.
          for (const piece of texts[direction as 0 | 1]) expect(whole.includes(piece)).toBe(true);
        }
      }
    }
  });

  it('gives nothing of records that were changed on the way', async () => {
    const recorded = await converse(TLS_1_3, EC);
    fc.assert(
      fc.property(fc.nat(recorded.segments.length - 1), fc.nat(), fc.integer({ min: 1, max: 255 }), (at, byte, by) => {
        const segments = recorded.segments.map((segment, index) => {
          if (index !== at || segment.bytes === null) return segment;
          const bytes = Buffer.from(segment.bytes);
          const place = byte % bytes.length;
          bytes[place] = bytes[place]! ^ by;
          return { ...segment, bytes };
        });
        const { texts } = listen({ segments, keys: recorded.keys });
        for (const piece of texts[0]) expect(QUESTION.includes(piece)).toBe(true);
        for (const piece of texts[1]) expect(ANSWER.includes(piece)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('says why it cannot be read: no key, or one that does not fit', async () => {
    const recorded = await converse(TLS_1_3, EC);
    const none = listen({ ...recorded, keys: '' });
    expect(none.run.connection.encrypted).toBe('no key');
    expect(none.run.gaps.every((gap) => gap.reason === 'encrypted' && gap.encrypted === 'no key')).toBe(true);
    const wrong = recorded.keys.replaceAll(/ ([0-9a-f]{4})([0-9a-f]+)$/gm, ' 0000$2');
    const other = listen({ ...recorded, keys: wrong });
    expect(other.run.connection.encrypted).toBe('key does not fit');
    expect(other.texts.flat()).toEqual([]);
  });
});
