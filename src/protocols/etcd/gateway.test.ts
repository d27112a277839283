import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { TO_SERVER } from '../../network/connection.js';
import type { CaptureInput } from '../../capture/captureInput.js';
import { LeaseTable } from '../../model/index.js';
import { fixture } from '../../testing/analyseCapture.js';
import { readCapture, writePcap } from '../../testing/captureFile.js';
import { DecoderRun } from '../../testing/decoderRun.js';
import { streamInput } from '../../testing/readFrames.js';
import { MessageReader } from '../messageReader.js';
import { KeyStore } from '../tls/keys/keyStore.js';
import { EtcdDecoder } from './decoder.js';
import { gatewayOp, readGatewayBody } from './gateway.js';
import { DecodedEtcdMessage } from './message.js';

const CAPTURE = fileURLToPath(new URL('../../../fixtures/etcd/gateway.pcap.gz', import.meta.url));

async function read(
  keys: boolean,
  capture: CaptureInput = CAPTURE,
  keyLog = 'etcd/gateway.keys',
): Promise<{ messages: DecodedEtcdMessage[]; leases: LeaseTable }> {
  const tlsKeys = new KeyStore();
  if (keys) tlsKeys.add(fixture(keyLog));
  const messages: DecodedEtcdMessage[] = [];
  const leases = new LeaseTable();
  const none = (): void => undefined;
  const reader = new MessageReader(
    [capture],
    {
      message(message) {
        if (!(message instanceof DecodedEtcdMessage)) return;
        messages.push(message);
        leases.message(message, message.connection as never);
      },
      ...{ gap: none, connectionOpened: none, connectionClosed: none },
    },
    { tlsKeys },
  );
  await reader.read();
  leases.end();
  return { messages, leases };
}

describe('etcd’s JSON gateway', () => {
  // Recorded with etcd 3.4 and curl: 13 keepalives of each of three leases, the last behind the revocation.
  it.each([
    ['plain text only', false, 1],
    ['plain text, HTTP/2 over TLS, HTTP/1.1 over TLS', true, 3],
  ])('%s: keepalives are renewals of clients', async (_name, keys, count) => {
    const { messages, leases } = await read(keys);
    expect(leases.renewals).toBe(0);
    expect(leases.internal).toBe(0);
    expect(leases.grpcRenewals).toBe(13 * count);
    const all = leases.all();
    expect(all).toHaveLength(count);
    for (const lease of all) {
      expect(lease.grpc.count).toBe(13);
      expect(lease.ttls).toEqual([5]);
      expect(lease.notFound).toBe(1);
      expect(lease.clients).toEqual(['10.77.0.21']);
      expect(lease.granted).not.toBeNull();
      expect(lease.revoked).not.toBeNull();
    }
    const of = (op: string): DecodedEtcdMessage[] => messages.filter((message) => message.op === op);
    for (const op of ['LeaseGrant', 'LeaseTimeToLive', 'LeaseRevoke']) expect(of(op)).toHaveLength(2 * count);
    expect(of('LeaseKeepAlive')).toHaveLength(26 * count);
    for (const { kind, request, latency, status } of of('LeaseKeepAlive')) {
      if (kind === 'response') expect([request?.op, status, latency! > 0]).toEqual(['LeaseKeepAlive', 200, true]);
    }
    expect(of('LeaseTimeToLive')[1]).toMatchObject({ fields: { ttl: 4, grantedTtl: 5, raftTerm: 2 } });
  });

  // Recorded with etcd 3.4: ten renewals of two leases in one request, answered (seven of them) when it ends.
  const stream = fixture('etcd/gateway-stream.pcap.gz');
  const ofStream = (messages: readonly DecodedEtcdMessage[], kind: string): DecodedEtcdMessage[] =>
    messages.filter(
      (message) => message.op === 'LeaseKeepAlive' && message.transport === 'http' && message.kind === kind,
    );

  it('a stream of keepalives is as many renewals', async () => {
    const { messages } = await read(false, streamInput(stream));
    const requests = ofStream(messages, 'request');
    const responses = ofStream(messages, 'response');
    expect(requests).toHaveLength(10);
    expect(new Set(requests.map(({ leaseId }) => leaseId?.decimal)).size).toBe(2);
    expect(new Set(requests.map(({ frame }) => frame)).size).toBe(10);
    for (let i = 1; i < 10; i++) expect(requests[i]!.time - requests[i - 1]!.time).toBeGreaterThan(0.3e9);
    // One came in two segments.
    expect(requests.filter(({ frame, firstFrame }) => frame > firstFrame)).toHaveLength(1);
    expect(responses).toHaveLength(7);
    for (const { leaseId, request, latency, ttl, status } of responses) {
      expect([request?.leaseId?.decimal, status]).toEqual([leaseId?.decimal, 200]);
      expect(requests).toContain(request);
      expect(latency).toBeGreaterThan(0);
      expect(ttl).toBeGreaterThan(10);
    }
  });

  it('of which a part is missing, it is as many as are there', async () => {
    const packets = readCapture(stream);
    const whole = (await read(false, streamInput(stream))).messages;
    const lost = ofStream(whole, 'request')[4]!;
    const { messages } = await read(false, streamInput(writePcap(packets.filter((_, i) => i + 1 !== lost.frame))));
    expect(ofStream(messages, 'request').length).toBeLessThan(10);
    expect(ofStream(messages, 'request').length).toBeGreaterThanOrEqual(4);
  });

  // Recorded with etcd 3.4 and curl: ten renewals of two leases in one request over HTTP/2, each sent for itself and
  // answered at once; three in one body, over HTTP/2 and over HTTP/1; one alone; and a body that is none.
  const http2 = async (): Promise<DecodedEtcdMessage[]> =>
    (await read(true, streamInput(fixture('etcd/gateway-http2.pcap.gz')), 'etcd/gateway-http2.keys')).messages;

  it('over HTTP/2, and in a body of known length, each renewal counts as well', async () => {
    const messages = await http2();
    const requests = ofStream(messages, 'request');
    const responses = ofStream(messages, 'response');
    const perConnection = new Map<number, number>();
    for (const { connection, leaseId } of requests)
      if (leaseId !== null) perConnection.set(connection.id, (perConnection.get(connection.id) ?? 0) + 1);
    expect([...perConnection.values()]).toEqual([10, 3, 3, 1]);
    const answered = responses.filter(({ status }) => status === 200);
    expect(answered.map(({ request }) => request)).toEqual(requests.filter(({ leaseId }) => leaseId !== null));
    for (const { request, leaseId, ttl, latency, frame } of answered) {
      expect(leaseId?.decimal).toBe(request?.leaseId?.decimal);
      expect([20, 30]).toContain(ttl);
      expect(latency).toBeGreaterThan(0);
      expect(latency).toBeLessThan(0.01e9);
      expect(frame).toBeGreaterThan(request!.frame);
    }
    // The second of each two came in two pieces, a tenth of a second apart.
    expect(requests.slice(0, 10).map(({ frame, firstFrame }) => frame > firstFrame)).toEqual(
      Array.from({ length: 10 }, (_, i) => i % 2 === 1),
    );
    const [bad, refused] = [requests.at(-1), responses.at(-1)];
    expect([bad?.leaseId, refused?.status, refused?.request]).toEqual([null, 500, bad]);
  });

  it('an error in place of an answer is no renewal', () => {
    const run = new DecoderRun((connection, sink) => new EtcdDecoder(connection, sink), { port: 2379 });
    run
      .client('POST /v3/lease/keepalive HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n')
      .client('A\r\n{"ID":"7"}\r\n')
      .server('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      .server('47\r\n{"error":{"grpc_code":14,"message":"etcdserver: no leader","code":503}}\r\n0\r\n\r\n')
      .end();
    const [asked, answer] = run.messages.filter((message) => message instanceof DecodedEtcdMessage);
    expect([run.messages.length, answer?.request === asked, answer?.ttl]).toEqual([2, true, null]);
    expect([answer?.op, answer?.toRecord()['error']]).toEqual(['LeaseKeepAlive', 'etcdserver: no leader']);
  });

  it('knows its paths, and no others', () => {
    expect(gatewayOp('/v3/lease/keepalive')).toBe('LeaseKeepAlive');
    expect(gatewayOp('/v3beta/kv/lease/revoke')).toBe('LeaseRevoke');
    for (const path of ['/v3/kv/put', '/v2/lease/keepalive', '/v3/lease/keepalive/x', '/lease/keepalive', '/leases'])
      expect(gatewayOp(path), path).toBeNull();
  });

  it('reads ids of 64 bits as numbers or strings, and nothing of what is neither', () => {
    const idOf = (body: string): string | null =>
      readGatewayBody('LeaseKeepAlive', 'request', Buffer.from(body)).leaseId?.decimal ?? null;
    expect(idOf('{"ID":"7587899066978935813"}')).toBe('7587899066978935813');
    expect(idOf('{ "ID" : 7587899066978935813 }')).toBe('7587899066978935813');
    expect(idOf('{"ID":"-1"}')).toBe('-1');
    for (const body of ['', '{"ID":', '{"ID":0}', '{"ID":1.5}', '{"ID":"x"}', '[]', '{"ID":1e9}'])
      expect(idOf(body), body).toBeNull();
  });

  it('is said in a request of the client', async () => {
    const { messages } = await read(false);
    expect(messages[0]).toMatchObject({ direction: TO_SERVER, op: 'LeaseGrant', transport: 'http', ofClient: true });
  });
});
