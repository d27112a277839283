import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CaptureSet } from '../../capture/captureSet.js';
import { Clock } from '../../capture/clock.js';
import { Dissector } from '../../network/dissector.js';
import { fixture, fixturePackets } from '../../testing/analyseCapture.js';
import { readCapture, writePcap } from '../../testing/captureFile.js';
import { fragmented } from '../../testing/fragmenting.js';
import { ring } from '../../testing/lossRewriting.js';
import { packetComments } from '../../testing/packetComments.js';
import { writePcapng } from '../../testing/pcapngFile.js';
import { runCli } from '../../testing/runCli.js';
import { hasCapinfos, hasEditcap, hasTshark, run } from '../../testing/tshark.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
const NAME = 'incidents/ensemble-restart-nodeexists.pcap';
const MIXED = FIXTURES + NAME;
const place = temporaryFolder();

async function slice(...argv: string[]): Promise<Buffer> {
  const target = place('slice.pcapng');
  const { status, stderr } = await runCli('slice', ...argv, '-o', target);
  expect(status, stderr).toBe(0);
  return readFileSync(target);
}

/** Frame numbers of the original, from the comments. */
async function numbers(capture: Buffer): Promise<number[]> {
  return (await packetComments(capture)).map(([first]) => Number(/^zkscope: frame (\d+) of /.exec(first!)![1]));
}

async function decoded(...argv: string[]): Promise<Record<string, unknown>[]> {
  const { stdout } = await runCli('decode', '--json', ...argv);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('zkscope slice', () => {
  it('writes whole connections, as they are, with their numbers', async () => {
    const messages = await decoded(MIXED, '--op', 'create');
    const wanted = new Set(messages.map(({ client }) => client));
    const all = (await decoded(MIXED)).filter(({ client }) => wanted.has(client));
    const cut = await slice(MIXED, '--op', 'create');
    const original = fixturePackets(NAME);
    const frames = await numbers(cut);
    expect(frames.length).toBeLessThan(original.length);
    expect(readCapture(cut)).toEqual(frames.map((frame) => original[frame - 1]));
    const again = await decoded(place('slice.pcapng'));
    const gist = ({ time, op, path, xid, zxid }: Record<string, unknown>): unknown => [time, op, path, xid, zxid];
    expect(again.map(gist)).toEqual(all.map(gist));
  });

  it('--only: the frames themselves', async () => {
    const messages = await decoded(MIXED, '--op', 'create');
    const frames = await numbers(await slice(MIXED, '--op', 'create', '--only'));
    const wanted = [...new Set(messages.map(({ frame }) => frame as number))];
    expect(frames.filter((frame) => wanted.includes(frame))).toEqual(wanted);
    // Beside them only what messages in several segments began with.
    expect(frames.length).toBeLessThan(wanted.length + 5);
    expect(await numbers(await slice(MIXED, '--frame', '20-30', '--only'))).toEqual([
      20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
    ]);
  });

  it('--finding --only: its evidence, and the requests of what it cites', async () => {
    const { stdout } = await runCli('analyze', '--json', MIXED);
    const [first] = (JSON.parse(stdout) as { findings: { evidence: { frame: number }[] }[] }).findings;
    const cited = first!.evidence.map(({ frame }) => frame);
    const frames = await numbers(await slice(MIXED, '--finding', '1', '--only'));
    expect(cited.filter((frame) => !frames.includes(frame))).toEqual([]);
    expect(frames.length).toBeGreaterThan(cited.length);
    expect(frames.length).toBeLessThan(60);
  });

  it('a message in several segments, and a segment in fragments, comes with all of them', async () => {
    writeFileSync(place('fragments.pcap'), writePcap(fragmented(fixturePackets(NAME), 64)));
    const gist = ({ op, path, xid }: Record<string, unknown>): unknown => [op, path, xid];
    const [create] = await decoded(place('fragments.pcap'), '--op', 'create');
    const client = String(create!['client']);
    writeFileSync(place('cut.pcapng'), await slice(place('fragments.pcap'), '--client', client));
    const messages = await decoded(place('fragments.pcap'), '--client', client);
    expect((await decoded(place('cut.pcapng'))).map(gist)).toEqual(messages.map(gist));
    let segments = 0;
    const dissector = new Dissector(() => segments++);
    const clock = new Clock();
    const cut = await slice(place('fragments.pcap'), '--op', 'create', '--only');
    const set = new CaptureSet([{ name: 'cut', stream: Readable.from([cut]) }], clock);
    await set.read((frame) => {
      dissector.frame(frame);
    });
    dissector.end();
    expect(segments).toBeGreaterThan(10);
    expect(dissector.problems()).toEqual([]);
  });

  it('several captures in, one out: frames have the numbers of both', async () => {
    const files = ring(fixturePackets(NAME), 3).map((part, i) => {
      writeFileSync(place(`ring${i}.pcap`), writePcap(part));
      return place(`ring${i}.pcap`);
    });
    const cut = await slice(...files.reverse(), '--op', 'create');
    const alone = await slice(MIXED, '--op', 'create');
    expect(readCapture(cut)).toEqual(readCapture(alone));
    const last = (await packetComments(cut)).at(-1)![0];
    expect(last).toMatch(/^zkscope: frame \d+ of ring2\.pcap, \d+ of all$/);
  });

  it('times keep all digits, interfaces their link types, blocks of secrets only the keys that are needed', async () => {
    const secrets = fixture('tls/dsb.pcapng.gz');
    writeFileSync(place('dsb.pcapng'), secrets);
    const [first] = await decoded(place('dsb.pcapng'), '--op', 'create');
    const cut = await slice(place('dsb.pcapng'), '--client', String(first!['client']));
    writeFileSync(place('one.pcapng'), cut);
    const gist = ({ time, op, path, xid }: Record<string, unknown>): unknown => [time, op, path, xid];
    const wanted = (await decoded(place('dsb.pcapng'), '--client', String(first!['client']))).map(gist);
    expect((await decoded(place('one.pcapng'))).map(gist)).toEqual(wanted);
    const lines = (bytes: Buffer): number =>
      bytes.toString('latin1').match(/(?:CLIENT_RANDOM|SECRET\w*) [0-9a-f]{64} /g)?.length ?? 0;
    expect(lines(cut)).toBeGreaterThan(0);
    expect(lines(cut)).toBeLessThan(lines(secrets));
    const nanoseconds = fixturePackets(NAME).map((packet, i) => ({
      ...packet,
      nanos: packet.nanos + (i % 1000),
    }));
    writeFileSync(place('nano.pcapng'), writePcapng(nanoseconds, { resolution: 9, bigEndian: true, sections: 3 }));
    const nano = await slice(place('nano.pcapng'));
    const frames = await numbers(nano);
    expect(readCapture(nano)).toEqual(frames.map((frame) => nanoseconds[frame - 1]));
  });

  it('refuses what it cannot do, and leaves nothing behind', async () => {
    const before = readdirSync(place());
    const target = place('none.pcapng');
    writeFileSync(place('lines.ndjson'), (await runCli('decode', '--json', '--connections', MIXED)).stdout);
    symlinkSync(MIXED, place('link.pcap'));
    const refused: [string[], string][] = [
      [[MIXED, '--finding', '99', '-o', target], 'there is no finding 99'],
      [[MIXED, '--incident', '7', '-o', target], 'there is no incident 7'],
      [[MIXED, '--finding', '1', '--op', 'create', '-o', target], 'take no filters'],
      [[MIXED, '--path', '/nowhere', '-o', target], 'nothing was written'],
      [[place('lines.ndjson'), '-o', target], 'decoded lines hold no packets'],
      [[MIXED, '-o', place('link.pcap')], 'is one of the captures'],
      [[MIXED, '-o', place('no/such/folder')], 'no such directory'],
      [[MIXED, '-o', '/dev/full'], 'no space left'],
    ];
    for (const [argv, text] of refused) {
      const { status, stderr } = await runCli('slice', ...argv);
      expect([status, stderr.split('\n').length], stderr).toEqual([2, 2]);
      expect(stderr).toContain(text);
    }
    expect(readdirSync(place()).sort()).toEqual([...before, 'lines.ndjson', 'link.pcap'].sort());
  });

  it.skipIf(!hasTshark || !hasCapinfos || !hasEditcap)(
    'tshark, capinfos and editcap read it (skipped where they are not installed)',
    async () => {
      const cut = await slice(`${FIXTURES}incidents/sidecar-drop.pcap`, '--finding', '1');
      writeFileSync(place('finding.pcapng'), cut);
      const comments = run('tshark', [
        '-r',
        place('finding.pcapng'),
        '-Y',
        'frame.comment',
        '-T',
        'fields',
        '-e',
        'frame.comment',
      ]);
      expect(comments.trim().split('\n')).toEqual((await packetComments(cut)).map(([first]) => first));
      expect(run('capinfos', ['-c', '-M', place('finding.pcapng')])).toContain(`${readCapture(cut).length}`);
      run('editcap', [place('finding.pcapng'), place('copy.pcapng'), '1']);
      expect(readCapture(readFileSync(place('copy.pcapng'))).length).toBe(readCapture(cut).length - 1);
      const tls = await slice(`${FIXTURES}tls/dsb.pcapng.gz`);
      writeFileSync(place('tls.pcapng'), tls);
      const fields = ['-d', 'tcp.port==2281,tls', '-Y', 'tls', '-T', 'fields', '-e', 'frame.number'];
      expect(run('tshark', ['-r', place('tls.pcapng'), ...fields]).length).toBeGreaterThan(0);
    },
  );
});
