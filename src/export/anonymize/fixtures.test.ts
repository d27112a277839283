import { readdirSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { CaptureReader } from '../../observations/captureReader.js';
import { sinkOf } from '../../observations/forward.js';
import { messageRecord } from '../../observations/record.js';
import type { FindingEntry } from '../../report/analyze/document.js';
import { analyse, fixture, fixturePackets } from '../../testing/analyseCapture.js';
import { ipBytes, ipOf } from '../../testing/addresses.js';
import { anonymized, TEST_KEY } from '../../testing/anonymized.js';
import { readCapture, writePcap, type Packet } from '../../testing/captureFile.js';
import { hasTshark, tsharkFields, withFile } from '../../testing/tshark.js';
import { LINK_VARIANTS, STREAM_VARIANTS } from '../../testing/variants.js';
import { AddressMap } from './addresses.js';
import { AnonymizingKey } from './key.js';
import { KEPT_NAMES, NameMap } from './names.js';

const ROOT = new URL('../../../fixtures/', import.meta.url);
const captures = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name) && !/^(?:fuzz|hex)\//.test(name))
  .sort();

/** Bytes of captures that are written twice, to see that it is the same. */
const SMALL = 100_000;

/** What stays on purpose: ZooKeeper's own names, what recipes call their znodes, and etcd's own paths. */
const KEPT = [
  ...KEPT_NAMES,
  ...[
    'latch',
    'lock',
    'lease',
    'read',
    'write',
    'leases',
    'internal',
    'version',
    'health',
    'members',
    'metrics',
    'raft',
  ],
  ...['probing', 'stream', 'message', 'msgapp', 'snapshot', 'grant', 'keepalive', 'timetolive', 'revoke'],
];
/** Of findings that say the same of several, which of them is cited is a matter of their names. */
const CITES_ANOTHER = ['apps/leader-pause.pcap.gz'];
/** Larger captures are read where there is time: ALL_FIXTURES=1. */
const MOST_BYTES = process.env['ALL_FIXTURES'] === undefined ? 150_000 : Infinity;

const names = new NameMap(new AnonymizingKey(TEST_KEY));
const addresses = new AddressMap(new AnonymizingKey(TEST_KEY));
const path = (text: string): string => names.path(Buffer.from(text)).toString();
/** `ip:port` and `ip`, `[ip]:port` of IPv6. */
const address = (text: string): string =>
  text.replace(/\d+\.\d+\.\d+\.\d+|[\da-f]*:[\da-f:]+(?=\]|$)/, (ip) => ipOf(addresses.ip(ipBytes(ip))));
const same = (text: string): string => text;

/** What a finding says, its names mapped; where it lists several, which of them comes first is a matter of their names. */
function gist(found: FindingEntry, mapPath = same, mapAddress = same): unknown {
  const { id, rule, severity, confidence, incident, cause, from, to, evidence, data } = found;
  const several = Array.isArray(data['affected']) && data['affected'].length > 1;
  const frames = several ? evidence.length : evidence.map(({ frame }) => frame);
  const where = several
    ? null
    : [mapPath(found.path ?? ''), mapAddress(found.client ?? ''), mapAddress(found.server ?? ''), found.session];
  return JSON.stringify([severity, rule, confidence, incident === 0, cause === null, id > 0, from, to, frames, where]);
}

/** Names of the capture that are longer than two letters, and are not kept on purpose. */
async function namesIn(capture: Buffer): Promise<Set<string>> {
  const found = new Set<string>();
  const add = (value: unknown): void => {
    if (typeof value === 'string' && value.includes('/')) for (const name of value.split('/')) found.add(name);
    else if (typeof value === 'string') found.add(value);
    else if (Array.isArray(value)) value.forEach(add);
  };
  const input = { name: 'capture', stream: Readable.from([capture]) };
  const reader: CaptureReader = new CaptureReader(
    [input],
    sinkOf({
      message: (message, connection) => {
        if (message.protocol === 'tls') return;
        const record = messageRecord(message, connection, reader.clock, { data: false });
        for (const field of ['path', 'children', 'paths', 'dataWatches', 'existWatches', 'childWatches'])
          add(record[field]);
      },
    }),
  );
  await reader.read();
  return new Set(
    [...found].filter((name) => /[A-Za-z]{3}/.test(name) && !/^[0-9a-f-]+$/i.test(name) && !KEPT.includes(name)),
  );
}

describe('anonymized captures', () => {
  for (const name of captures.filter((file) => statSync(new URL(file, ROOT)).size <= MOST_BYTES)) {
    it(`${name}: the same findings, and nobody is named`, async () => {
      const before = fixture(name);
      const after = await anonymized(before);
      const [original, other] = [await analyse([before]), await analyse([after])];
      const found = other.document.findings.map((one) => gist(one));
      const owed = original.document.findings.map((one) => gist(one, path, address));
      // TLS is not looked into afterwards: what keys in the capture showed is gone.
      if (CITES_ANOTHER.includes(name)) expect(found.length).toBe(owed.length);
      else if (!name.startsWith('tls/dsb')) expect(found.sort()).toEqual(owed.sort());
      if (before.length < SMALL) expect((await anonymized(before)).equals(after)).toBe(true);
      const packets = readCapture(before);
      const written = readCapture(after);
      const place = ({ data, originalLength, seconds, nanos }: Packet): string =>
        [data.length, originalLength, seconds, nanos].join(' ');
      expect(written.map(place).join('\n') === packets.map(place).join('\n')).toBe(true);
      const ips = new Set<string>();
      for (const session of original.document.sessions)
        for (const text of [...session.clients, ...session.servers]) ips.add(text.replace(/:\d+$/, ''));
      const text = after.toString('latin1');
      const inHex = after.toString('hex');
      const leaked = [...(await namesIn(before)), ...ips].filter((secret) => {
        const bytes = Buffer.from(secret);
        // A name that stands alone: three letters may come about by themselves within others.
        const raw = secret.length < 5 ? text.includes(`/${secret}/`) : text.includes(bytes.toString('latin1'));
        const base64 =
          secret.length >= 6 && text.includes(bytes.subarray(0, 3 * Math.floor(bytes.length / 3)).toString('base64'));
        return (
          raw || base64 || (secret.length >= 6 && inHex.includes(Buffer.from(bytes.toString('hex')).toString('hex')))
        );
      });
      expect(leaked).toEqual([]);
      // The bytes of 127.0.0.1 are those of the zxids and times of many a Stat.
      const raw = [...ips].filter(
        (ip) => /^[\d.]+$/.test(ip) && ip !== '127.0.0.1' && after.includes(Buffer.from(ip.split('.').map(Number))),
      );
      expect(raw).toEqual([]);
    });
  }

  const packets = fixturePackets('protocol/every-opcode.pcap').slice(0, 150);
  const variants = { ...LINK_VARIANTS, ...STREAM_VARIANTS };

  it('hold the same messages under any link layer, in tunnels, fragments and segments of any size', async () => {
    for (const [name, vary] of Object.entries(variants)) {
      const capture = writePcap(vary(packets));
      expect((await opsOf(await anonymized(capture))).join(), name).toBe((await opsOf(capture)).join());
    }
  });

  it.skipIf(!hasTshark)('have no bad checksum (tshark; skipped where it is not installed)', async () => {
    const layers = ['tcp', 'udp', 'ip'];
    const check = layers.map((layer) => `${layer}.checksum.status == 0`).join(' || ');
    const preferences = layers.map((layer) => `${layer}.check_checksum:TRUE`);
    // Every fifth of them: tshark takes a second to start.
    for (const [name, vary] of Object.entries(variants).filter((_, i) => i % 5 === 0)) {
      const bytes = await anonymized(writePcap(vary(packets)));
      const bad = withFile(bytes, (file) => tsharkFields(file, check, ['frame.number'], preferences));
      expect(bad, name).toEqual([]);
    }
  });
});

/** Operations of the messages in a capture. */
async function opsOf(capture: Buffer): Promise<string[]> {
  const ops: string[] = [];
  const input = { name: 'capture', stream: Readable.from([capture]) };
  const sink = sinkOf({
    message: ({ frame, kind, op }) => {
      ops.push(`${frame} ${kind} ${op ?? ''}`);
    },
  });
  await new CaptureReader([input], sink).read();
  return ops;
}
