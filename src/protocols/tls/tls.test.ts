import { once } from 'node:events';
import type net from 'node:net';
import tls from 'node:tls';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TO_CLIENT, TO_SERVER } from '../../network/connection.js';
import { DecoderRun } from '../../testing/decoderRun.js';
import { Relay, type RecordedSegment } from '../../testing/relay.js';
import { TlsDecoder } from './decoder.js';
import type { TlsMessage } from './message.js';

const open = (...args: ConstructorParameters<typeof TlsDecoder>): TlsDecoder => new TlsDecoder(...args);

/** Handshakes of Node's own TLS, by a shared key since that needs no certificate. */
async function record(client: tls.ConnectionOptions, server: tls.TlsOptions): Promise<RecordedSegment[]> {
  const psk = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
  const ciphers = 'PSK-AES128-GCM-SHA256';
  const listener = tls.createServer({ ciphers, pskCallback: () => psk, ALPNProtocols: ['h2'], ...server }, (socket) => {
    socket.end('answer');
  });
  listener.on('tlsClientError', () => undefined);
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const relay = new Relay((listener.address() as net.AddressInfo).port);
  const socket = tls.connect({
    port: await relay.listen(),
    host: '127.0.0.1',
    servername: 'member.etcd.test',
    ALPNProtocols: ['h2', 'http/1.1'],
    ciphers,
    pskCallback: () => ({ psk, identity: 'test' }),
    checkServerIdentity: () => undefined,
    ...client,
  });
  socket.on('error', () => undefined);
  socket.resume();
  await new Promise((done) => socket.on('close', done));
  await relay.close();
  await new Promise((done) => listener.close(done));
  return relay.segments;
}

function replay(segments: readonly RecordedSegment[], pieces = Infinity): DecoderRun {
  const run = new DecoderRun(open, { pieces });
  for (const { direction, bytes } of segments) {
    if (bytes === null) run.fin(direction);
    else run.segment(direction, bytes);
  }
  return run.end();
}

function outcome(run: DecoderRun): unknown {
  return run.records().at(-1);
}

const PSK_OK: tls.ConnectionOptions = { maxVersion: 'TLSv1.2' };

describe('TLS without keys', () => {
  it('sees a handshake of TLS 1.2 from hello to completion, in pieces of any size', async () => {
    const segments = await record(PSK_OK, {});
    const run = replay(segments);
    expect(run.ops()).toEqual(['request ClientHello', 'response ServerHello', 'message Handshake']);
    expect(run.records()[0]).toMatchObject({
      serverName: 'member.etcd.test',
      tlsVersion: 'TLS 1.2',
      alpn: ['h2', 'http/1.1'],
      length: segments[0]!.bytes!.length,
    });
    expect(run.records()[1]).toMatchObject({ tlsVersion: 'TLS 1.2' });
    expect(outcome(run)).toMatchObject({ outcome: 'completed', endedBy: null, helloFrame: 1 });
    for (const pieces of [1, 3, 100]) expect(replay(segments, pieces).ops()).toEqual(run.ops());
  });

  it('names the alert of a server that refuses', async () => {
    const run = replay(await record({ maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' }));
    expect(run.ops()).toEqual(['request ClientHello', 'message Alert', 'message Handshake']);
    expect(run.records()[1]).toEqual({ direction: 'response', level: 'fatal', description: 'protocol_version' });
    expect(outcome(run)).toMatchObject({ outcome: 'alert', endedBy: 'server', alert: 'protocol_version' });
  });
});

/** A ClientHello of TLS 1.2 without extensions, in one record. */
function hello(): Buffer {
  const body = Buffer.concat([
    Buffer.from('0303', 'hex'),
    Buffer.alloc(32, 7),
    Buffer.from('00 0002 c02f 01 00'.replaceAll(' ', ''), 'hex'),
  ]);
  const message = Buffer.concat([Buffer.from([1, 0, 0, body.length]), body]);
  return Buffer.concat([Buffer.from([22, 3, 1, 0, message.length]), message]);
}

describe('how a handshake ends', () => {
  it('stalled: the client gives up without having heard a byte', () => {
    const run = new DecoderRun(open).client(hello());
    run.connection.toClient.packets = 2;
    run.frame += 10_000;
    run.fin(TO_SERVER).end();
    expect(run.ops()).toEqual(['request ClientHello', 'message Handshake']);
    const message = run.messages[1] as TlsMessage;
    expect(message.handshake).toMatchObject({ outcome: 'stalled', endedBy: 'client', serverFirst: null });
    expect(message.toRecord()).toMatchObject({ serverWait: null, duration: 10.001 });
  });

  it('unknown, not stalled, where the capture has nothing of the server, or lost some of it', () => {
    expect(outcome(new DecoderRun(open).client(hello()).fin(TO_SERVER).end())).toMatchObject({ outcome: 'unknown' });
    const lossy = new DecoderRun(open).client(hello());
    lossy.connection.toClient.packets = 2;
    lossy.lose(TO_CLIENT, 100).fin(TO_SERVER).end();
    expect(outcome(lossy)).toMatchObject({ outcome: 'unknown' });
  });

  it('unknown where the hello was never acknowledged', () => {
    const run = new DecoderRun(open).client(hello());
    run.connection.toClient.packets = 1;
    run.connection.toServer.acked = 0;
    expect(outcome(run.fin(TO_SERVER).end())).toMatchObject({ outcome: 'unknown' });
  });

  it('closed by the server, reset by either, or open at the end', () => {
    const begin = (): DecoderRun => new DecoderRun(open).client(hello());
    expect(outcome(begin().fin(TO_CLIENT).end())).toMatchObject({ outcome: 'closed', endedBy: 'server' });
    expect(outcome(begin().reset(TO_CLIENT).end())).toMatchObject({ outcome: 'reset', endedBy: 'server' });
    expect(outcome(begin().reset(TO_SERVER).end())).toMatchObject({ outcome: 'reset', endedBy: 'client' });
    expect(outcome(begin().end())).toMatchObject({ outcome: 'open', endedBy: null, duration: null });
  });

  it('says nothing of a connection whose hello was not captured', () => {
    const run = new DecoderRun(open, { midStream: true }).client(Buffer.from('1703030003aabbcc', 'hex'));
    expect(run.fin(TO_SERVER).end().messages).toEqual([]);
  });

  it('counts what is no TLS, and what is missing', () => {
    const run = new DecoderRun(open).client('GET / HTTP/1.1\r\n\r\n').server(hello()).lose(TO_CLIENT, 7).end();
    expect([run.gapBytes('skipped'), run.gapBytes('missing')]).toEqual([18, 7]);
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.nat(90),
        fc.integer({ min: 1, max: 90 }),
        (noise, at, pieces) => {
          const bytes = hello();
          Buffer.from(noise).copy(bytes, Math.min(at, bytes.length - 1));
          const run = new DecoderRun(open, { pieces }).client(bytes).server(Buffer.from(noise)).end();
          expect(run.messages.length).toBeLessThan(50);
        },
      ),
    );
  });
});
