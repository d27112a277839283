import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Connection, Moment } from '../../network/connection.js';
import { etcd } from '../etcd/index.js';
import { MessageReader } from '../messageReader.js';
import { TlsMessage, type TlsHandshake } from './message.js';

interface Handshake {
  src: string;
  dst: string;
  outcome: string;
  syn_s: number;
  client_hello_s: number;
  client_hello_bytes: number;
  server_first: string | null;
  server_first_s: number | null;
  first_fin: string | null;
  first_fin_s: number | null;
  hello_to_fin_s: number | null;
  fins: number;
  rst: string | null;
}

const CAPTURE = fileURLToPath(new URL('../../../fixtures/etcd/tls-stall', import.meta.url));
/** The truth calls a handshake slow that the server answered after 4 s; the others took milliseconds. */
const SLOW = 1e9;

function firstFin({ toServer, toClient }: Connection): { by: string; moment: Moment } | null {
  if (toServer.fin !== null && (toClient.fin === null || toServer.fin.frame < toClient.fin.frame))
    return { by: 'client', moment: toServer.fin };
  return toClient.fin === null ? null : { by: 'server', moment: toClient.fin };
}

function outcome({ outcome, endedBy, hello, serverFirst }: TlsHandshake): string {
  if (outcome === 'stalled') return 'stall';
  if (outcome === 'completed') return serverFirst!.time - hello.time > SLOW ? 'completed_slow' : 'completed';
  return `${outcome}_by_${endedBy!}`;
}

it('tls-stall.pcapng: every handshake is as its truth says', async () => {
  const truth = JSON.parse(readFileSync(`${CAPTURE}.truth.json`, 'utf8')) as {
    tls: { by_outcome: Record<string, number>; close_wait_at_end: number; handshakes: Handshake[] };
  };
  const handshakes: (TlsHandshake & { connection: Connection })[] = [];
  const none = (): void => undefined;
  const reader = new MessageReader(
    [`${CAPTURE}.pcapng.gz`],
    {
      message(message) {
        if (message instanceof TlsMessage && message.op === 'Handshake')
          handshakes.push({ ...message.handshake!, connection: message.connection });
      },
      gap: none,
      connectionOpened: none,
      connectionClosed: none,
    },
    { protocols: [etcd()] },
  );
  await reader.read();
  const start = reader.captures[0]!.from!;
  const seconds = (moment: Moment | null): number | null => (moment === null ? null : (moment.time - start) / 1e9);
  const found = handshakes
    .sort((a, b) => a.connection.id - b.connection.id)
    .map((handshake): Handshake => {
      const { connection, hello, serverFirst } = handshake;
      const { toServer, toClient } = connection;
      const fin = firstFin(connection);
      return {
        src: connection.client.text,
        dst: connection.server.text,
        outcome: outcome(handshake),
        syn_s: seconds(connection.syn)!,
        client_hello_s: seconds(hello)!,
        client_hello_bytes: handshake.helloLength,
        server_first: handshake.serverHello !== null ? 'server_hello' : handshake.alert !== null ? 'alert' : null,
        server_first_s: seconds(serverFirst),
        first_fin: fin?.by ?? null,
        first_fin_s: seconds(fin?.moment ?? null),
        hello_to_fin_s: fin === null ? null : Math.round((fin.moment.time - hello.time) / 1e5) / 1e4,
        fins: (toServer.fin === null ? 0 : 1) + (toClient.fin === null ? 0 : 1),
        rst: toServer.rst !== null ? 'client' : toClient.rst !== null ? 'server' : null,
      };
    });
  expect(found).toHaveLength(truth.tls.handshakes.length);
  for (const [index, expected] of truth.tls.handshakes.entries()) {
    const mine = found[index]!;
    // Differences of epoch seconds as doubles: the truth's sixth digit may be off by one.
    for (const key of ['syn_s', 'client_hello_s', 'server_first_s', 'first_fin_s'] as const) {
      const value = expected[key];
      if (value === null) expect(mine[key], `${expected.src} ${key}`).toBeNull();
      else expect(Math.abs(mine[key]! - value), `${expected.src} ${key}`).toBeLessThan(1.1e-6);
    }
    const { src, dst, client_hello_bytes, server_first, first_fin, hello_to_fin_s, fins, rst } = expected;
    expect(mine).toMatchObject({
      ...{ src, dst, outcome: expected.outcome, client_hello_bytes, server_first },
      ...{ first_fin, hello_to_fin_s, fins, rst },
    });
  }
  const stalled = handshakes.filter((handshake) => handshake.outcome === 'stalled');
  expect(stalled.filter(({ connection }) => connection.toClient.fin === null)).toHaveLength(
    truth.tls.close_wait_at_end,
  );
  expect(handshakes.every((handshake) => handshake.serverName === 'member.etcd.test')).toBe(true);
});
