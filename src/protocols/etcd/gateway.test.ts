import { describe, expect, it } from 'vitest';
import { TO_SERVER } from '../../network/connection.js';
import type { CaptureInput } from '../../capture/captureInput.js';
import { LeaseTable } from '../../model/index.js';
import { fixture } from '../../testing/analyseCapture.js';
import { readCapture, writePcap } from '../../testing/captureFile.js';
import { streamInput } from '../../testing/readFrames.js';
import { MessageReader } from '../messageReader.js';
import { KeyStore } from '../tls/keys/keyStore.js';
import { gatewayOp, readGatewayBody } from './gateway.js';
import { EtcdMessage } from './message.js';

const CAPTURE = new URL('../../../fixtures/etcd/gateway.pcap.gz', import.meta.url).pathname;

async function read(
  keys: boolean,
  capture: CaptureInput = CAPTURE,
): Promise<{ messages: EtcdMessage[]; leases: LeaseTable }> {
  const tlsKeys = new KeyStore();
  if (keys) tlsKeys.add(fixture('etcd/gateway.keys'));
  const messages: EtcdMessage[] = [];
  const leases = new LeaseTable();
  const none = (): void => undefined;
  const reader = new MessageReader(
    [capture],
    {
      message(message) {
        if (!(message instanceof EtcdMessage)) return;
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
    const of = (op: string): EtcdMessage[] => messages.filter((message) => message.op === op);
    for (const op of ['LeaseGrant', 'LeaseTimeToLive', 'LeaseRevoke']) expect(of(op)).toHaveLength(2 * count);
    expect(of('LeaseKeepAlive')).toHaveLength(26 * count);
    for (const { kind, request, latency, status } of of('LeaseKeepAlive')) {
      if (kind === 'response') expect([request?.op, status, latency! > 0]).toEqual(['LeaseKeepAlive', 200, true]);
    }
    expect(of('LeaseTimeToLive')[1]).toMatchObject({ fields: { ttl: 4, grantedTtl: 5, raftTerm: 2 } });
  });

  // Recorded with etcd 3.4: ten renewals of two leases in one request, answered (seven of them) when it ends.
  const stream = fixture('etcd/gateway-stream.pcap.gz');
  const ofStream = (messages: readonly EtcdMessage[], kind: string): EtcdMessage[] =>
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
