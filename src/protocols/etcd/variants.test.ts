import { sinkOf } from '../../observations/forward.js';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { LeaseTable } from '../../model/neighbours/leases.js';
import { readCapture, writePcap, type Packet } from '../../testing/captureFile.js';
import { content, conversations, decodeBytes, type Decoded } from '../../testing/decodeBytes.js';
import { SYN } from '../../testing/headers.js';
import { mutated, snapped, thinned } from '../../testing/lossRewriting.js';
import { parseTcp, type TcpPacket } from '../../testing/packets.js';
import { Random } from '../../testing/random.js';
import { streamInput } from '../../testing/readFrames.js';
import { STREAM_VARIANTS } from '../../testing/variants.js';
import { CaptureReader } from '../../observations/captureReader.js';
import { etcd } from './index.js';

function packetsOf(name: string): Packet[] {
  return readCapture(gunzipSync(readFileSync(new URL(`../../../fixtures/etcd/${name}.gz`, import.meta.url))));
}

function pair({ source, destination }: TcpPacket): string {
  return [`${source.ip}:${source.port}`, `${destination.ip}:${destination.port}`].sort().join(' ');
}

/** Connections whose start was captured: what is found again from the middle depends on how segments are cut. */
function fromTheirStart(packets: readonly Packet[]): Packet[] {
  const parsed = packets.map((packet) => parseTcp(packet));
  const begun = new Set(parsed.filter((tcp) => tcp !== undefined && (tcp.flags & SYN) !== 0).map((tcp) => pair(tcp!)));
  return packets.filter((_, i) => parsed[i] !== undefined && begun.has(pair(parsed[i])));
}

const options = { protocols: [etcd()] };
/** gRPC and HTTP/1 connections of the first seconds. */
const packets = fromTheirStart(packetsOf('lease-onset.pcap').slice(0, 1000));

describe('the same packets otherwise', () => {
  let original: Decoded;
  beforeAll(async () => {
    original = await decodeBytes(writePcap(packets), options);
  });

  it.each(Object.entries(STREAM_VARIANTS))('%s: gives the same messages', async (variant, rewrite) => {
    const rewritten = await decodeBytes(writePcap(rewrite(packets)), options);
    expect(original.messages.length).toBeGreaterThan(100);
    expect(rewritten.gaps).toEqual([]);
    if (variant.includes('IPv6')) expect(rewritten.messages.length).toBe(original.messages.length);
    else expect(conversations(rewritten.messages)).toEqual(conversations(original.messages));
  });
});

async function leases(packets: readonly Packet[]): Promise<{ table: LeaseTable; gaps: number }> {
  const table = new LeaseTable();
  let gaps = 0;
  const reader = new CaptureReader(
    [streamInput(writePcap(packets), undefined, 'capture')],
    sinkOf({
      message: (message, connection) => {
        table.message(message, connection);
      },
      gap: () => {
        gaps++;
      },
    }),
    options,
  );
  await reader.read();
  table.end();
  return { table, gaps };
}

describe('captures with holes', () => {
  const onset = packetsOf('lease-onset.pcap');
  const healthy = packetsOf('lease-healthy.pcap').slice(0, 4000);

  it.each([0.02, 0.2])('lost %d of the packets: counts what is left, and cries no wolf', async (ratio) => {
    const whole = await leases(onset);
    const { table, gaps } = await leases(thinned(onset, 1, ratio));
    expect(gaps).toBeGreaterThan(0);
    expect(table.renewals).toBeLessThanOrEqual(whole.table.renewals);
    expect(table.renewals).toBeGreaterThan(whole.table.renewals * (1 - 2 * ratio));
    const known = new Set(whole.table.all().map((lease) => lease.id.decimal));
    expect(table.all().filter((lease) => !known.has(lease.id.decimal))).toEqual([]);
    const calm = await leases(thinned(healthy, 2, ratio));
    expect(calm.table.all().filter((lease) => lease.storm !== null)).toEqual([]);
  });

  it('cut to 100 bytes a packet: the renewals are still there, their ids are not', async () => {
    const { table } = await leases(snapped(onset, 100));
    expect(table.renewals).toBe(270);
    expect(table.withoutId).toBe(270);
  });

  it('with bits turned over: no crash, and no message but of what the ports carry', async () => {
    for (let seed = 0; seed < 5; seed++) {
      const damaged = mutated(packets, new Random(seed), 200);
      const { messages } = await decodeBytes(writePcap(damaged), options);
      for (const message of messages) expect(content(message)).toMatch(/^\[\["protocol","(?:etcd|tls)"\]/);
    }
  });
});
