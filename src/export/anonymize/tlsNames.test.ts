import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { fixture } from '../../testing/analyseCapture.js';
import { anonymized } from '../../testing/anonymized.js';
import { KEPT_NAMES } from './names.js';
import { readCapture } from '../../testing/captureFile.js';

const ROOT = new URL('../../../fixtures/', import.meta.url);
const captures = readdirSync(new URL('tls', ROOT), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name) && !name.includes('plain'))
  .map((name) => `tls/${name}`)
  .sort();

/** Names of hosts (SNI), of who holds a certificate and who gave it: whatever looks like a word, in packets. */
const words = (capture: Buffer): Set<string> =>
  new Set(
    readCapture(capture).flatMap(({ data }) => data.toString('latin1').match(/[A-Za-z][A-Za-z0-9.-]{7,}/g) ?? []),
  );

it.each(captures)('%s: no word of a handshake stands in it afterwards', async (name) => {
  const before = words(fixture(name));
  const after = (await anonymized(fixture(name))).toString('latin1');
  expect([...before].filter((word) => after.includes(word) && !KEPT_NAMES.includes(word))).toEqual([]);
});

it('there are such words, and shorter names', async () => {
  expect([...words(fixture('tls/failures.pcap.gz'))]).toContain('localhost');
  for (const [name, ...hosts] of [
    ['tls/etcd-go.pcap.gz', 'etcd.lab'],
    ['tls/openssl.pcap.gz', 'ec.test'],
    ['tls/quorum-tls12.pcap.gz', 'zk1.lab', 'zk2.lab'],
    ['tls/failures.pcap.gz', 'zk.lab', 'lab CA'],
  ] as const) {
    const before = fixture(name);
    const after = await anonymized(before);
    for (const host of hosts) expect([host, before.includes(host), after.includes(host)]).toEqual([host, true, false]);
  }
});
