import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fixture, fixturePackets } from '../../testing/analyseCapture.js';
import { CaptureBuilder } from '../../testing/captureBuilder.js';
import { readCapture, writePcap } from '../../testing/captureFile.js';
import { ring } from '../../testing/lossRewriting.js';
import { packetComments } from '../../testing/packetComments.js';
import { writePcapng } from '../../testing/pcapngFile.js';
import { runCli } from '../../testing/runCli.js';
import { connectRequest, connectResponse, existsRequest } from '../../testing/zookeeperBytes.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const NAME = 'incidents/ensemble-restart-nodeexists.pcap';
const CAPTURE = fileURLToPath(new URL(`../../../fixtures/${NAME}`, import.meta.url));
const place = temporaryFolder();

async function anonymize(...argv: string[]): Promise<Buffer> {
  const { status, stderr } = await runCli('anonymize', ...argv, '-o', place('out.pcapng'));
  expect(status, stderr).toBe(0);
  return readFileSync(place('out.pcapng'));
}

describe('zkscope anonymize', () => {
  it('the same key gives the same bytes, of one file or of its pieces; without one nobody knows it', async () => {
    const once = await anonymize(CAPTURE, '--key', 'k');
    expect((await anonymize(CAPTURE, '--key', 'k')).equals(once)).toBe(true);
    const pieces = ring(fixturePackets(NAME), 3).map((part, i) => {
      writeFileSync(place(`${i}.pcap`), writePcap(part));
      return place(`${i}.pcap`);
    });
    expect((await anonymize(...pieces, '--key', 'k')).equals(once)).toBe(true);
    expect((await anonymize(CAPTURE)).equals(await anonymize(CAPTURE))).toBe(false);
  });

  it('says what was replaced, zeroed and kept', async () => {
    const { stderr } = await runCli('anonymize', CAPTURE, '-o', place('out.pcapng'), '--key', 'k');
    expect(stderr).toMatch(/replaced: \d+ addresses, names in \d+ places, data in \d+, credentials in \d+/);
    expect(stderr).toMatch(/zeroed, .*: \d+ bytes? \(\d+\.\d % of the payload\)/);
    expect(stderr).toContain('kept: lengths, times');
  });

  it('a name is replaced alike in pieces and in retransmissions; missing bytes are zeros', async () => {
    const text = existsRequest(1, '/customers/secret-name', true);
    const builder = new CaptureBuilder();
    const connection = builder.connection({ client: '10.0.0.1:40000', server: '10.0.0.2:2181' });
    connection.handshake();
    connection.client(connectRequest()).server(connectResponse(0x1234n));
    connection.client(text.subarray(0, 20)).client(text.subarray(20)).server('');
    connection.client(existsRequest(2, '/customers/secret-name', true));
    const packets = builder.packets;
    // Everything is captured twice, the second time later.
    const later = packets.map((packet) => ({ ...packet, seconds: packet.seconds + 1 }));
    writeFileSync(place('pieces.pcap'), writePcap([...packets, ...later]));
    const written = readCapture(await anonymize(place('pieces.pcap'), '--key', 'k')).map(({ data }) =>
      data.subarray(54),
    );
    const all = Buffer.concat(written.slice(0, packets.length));
    expect(all.includes('secret')).toBe(false);
    const [one, two] = [all.indexOf('/'), all.lastIndexOf('/', all.length - 14)];
    expect(all.subarray(one, one + 22)).toEqual(all.subarray(two, two + 22));
    const payload = (list: readonly Buffer[]): string[] =>
      list.filter(({ length }) => length > 0).map((bytes) => bytes.toString('hex'));
    expect(payload(written.slice(packets.length))).toEqual(payload(written.slice(0, packets.length)));
  });

  it('comments, names of interfaces and secrets of the capture are gone', async () => {
    writeFileSync(place('rich.pcapng'), writePcapng(fixturePackets(NAME), { extras: true, resolution: 9 }));
    const out = await anonymize(place('rich.pcapng'), '--key', 'k');
    expect((await packetComments(out)).flat()).toEqual([]);
    expect(out.includes('eth0')).toBe(false);
    writeFileSync(place('keys.pcapng'), fixture('tls/dsb.pcapng.gz'));
    expect((await anonymize(place('keys.pcapng'), '--key', 'k')).includes('CLIENT_')).toBe(false);
  });

  it('refuses what it cannot do, and leaves nothing behind', async () => {
    writeFileSync(place('own.pcap'), fixture(NAME));
    writeFileSync(place('lines.ndjson'), (await runCli('decode', '--json', '--connections', CAPTURE)).stdout);
    const before = readdirSync(place());
    const refused: [string[], string][] = [
      [[place('own.pcap'), '-o', place('own.pcap')], 'will not be written over'],
      [[place('lines.ndjson'), '-o', place('none.pcapng')], 'decoded lines hold no packets'],
      [[place('nothing.pcap'), '-o', place('none.pcapng')], 'no such file'],
      [[CAPTURE, '-o', '/dev/full'], 'no space left'],
    ];
    for (const [argv, text] of refused) {
      const { status, stderr } = await runCli('anonymize', ...argv);
      expect([status, stderr.split('\n').length], stderr).toEqual([2, 2]);
      expect(stderr).toContain(text);
    }
    expect(readdirSync(place())).toEqual(before);
  });
});
