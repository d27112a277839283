import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { readCapture, writePcap, type Packet } from '../../testing/captureFile.js';
import { decodeBytes } from '../../testing/decodeBytes.js';
import { flatMapTcp } from '../../testing/packets.js';

const MOVED = new Map([
  [2379, 12_379],
  [2380, 12_380],
]);

/** The same conversations with servers on ports that no protocol is expected on. */
function moved(packets: readonly Packet[]): Packet[] {
  const move = <E extends { port: number }>(end: E): E => ({ ...end, port: MOVED.get(end.port) ?? end.port });
  return flatMapTcp(packets, (tcp) => [{ ...tcp, source: move(tcp.source), destination: move(tcp.destination) }]);
}

it('finds etcd on ports of its own by how its connections begin', async () => {
  const file = new URL('../../../fixtures/etcd/lease-onset.pcap.gz', import.meta.url);
  const packets = readCapture(gunzipSync(readFileSync(file)));
  const { messages } = await decodeBytes(writePcap(moved(packets)));
  const renewals = messages.filter((m) => m['op'] === 'LeaseKeepAlive' && m['kind'] === 'request');
  expect(renewals.filter((m) => m['transport'] === 'grpc')).toHaveLength(270);
  expect(renewals.filter((m) => m['transport'] === 'http')).toHaveLength(270);
  expect(renewals.some((m) => m['guessed'] === true)).toBe(false);
});
