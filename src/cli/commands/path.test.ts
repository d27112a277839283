import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { PathDocument, PathSessionEntry } from '../../report/path/document.js';
import { schemaText } from '../../report/schemas.js';
import { runCli } from '../../testing/runCli.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const folder = fileURLToPath(new URL('../../../fixtures/incidents/', import.meta.url));
const incident = (name: string): string => join(folder, name);
const validate = new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(schemaText('path')) as object);
const place = temporaryFolder();

async function pathOf(...argv: string[]): Promise<PathDocument> {
  const { stdout, status } = await runCli('path', '--json', ...argv);
  expect(status).toBe(0);
  const document: unknown = JSON.parse(stdout);
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  return document as PathDocument;
}

const byClient = (document: PathDocument, ip: string): PathSessionEntry =>
  document.sessions.find(({ client }) => client.startsWith(`${ip}:`))!;

const statuses = (document: PathDocument): string[] =>
  document.sessions.map(({ client, about, status }) => `${client.replace(/:\d+$/, '')} ${about} ${status}`).sort();

interface Truth {
  expect: {
    windows: { notification: number; readWithoutWatch: number; readWithWatch: number; cversion: number[] }[];
  }[];
}

describe('zkscope path on the blind windows of an rpcx client', () => {
  const capture = incident('rpcx-blind-window.pcap.gz');

  it('says who is out of date, since when, what is wrong, and which frames prove it', async () => {
    const document = await pathOf('/rpcx/Arith', capture);
    expect(statuses(document)).toEqual(['10.77.0.90 children outOfDate', '10.77.0.91 children upToDate']);
    const stale = byClient(document, '10.77.0.90');
    expect(stale).toMatchObject({
      session: '0x1000024810f0096',
      reason: 'secondListUnused',
      confidence: 'likely',
      since: '2026-11-21T00:17:17.287627Z',
      sinceFrame: 2699,
      missing: [],
      extra: ['tcp@10.77.0.41:8972'],
      believed: { frame: 2652, cversion: 55, watch: false },
    });
    expect(stale.evidence.map(({ frame }) => frame)).toEqual([2646, 2652, 2699, 2797]);
    // What its own log says that it believed to the end.
    const truth = JSON.parse(readFileSync(incident('rpcx-blind-window.truth.json'), 'utf8')) as Truth & {
      clients: { address: string; finalList?: string[] }[];
    };
    expect(stale.believed?.children).toEqual(truth.clients[0]!.finalList!.toSorted());
  });

  it('finds each window that changes something, and no other', async () => {
    const document = await pathOf('/rpcx/Arith', capture);
    const truth = JSON.parse(readFileSync(incident('rpcx-blind-window.truth.json'), 'utf8')) as Truth;
    const changed = truth.expect[0]!.windows.filter(({ cversion }) => cversion[0] !== cversion[1]);
    const blind = byClient(document, '10.77.0.90').intervals.filter((interval) => interval.blind);
    expect(blind.map(({ believedFrame }) => believedFrame)).toEqual(changed.map((window) => window.readWithoutWatch));
    expect(byClient(document, '10.77.0.91').intervals.some((interval) => interval.blind)).toBe(false);
  });

  it('puts the verdict first for people', async () => {
    const { stdout } = await runCli('path', '/rpcx/Arith', capture);
    const lines = stdout.split('\n');
    const verdict = lines.findIndex((line) => line.includes('OUT OF DATE: 10.77.0.90:45603'));
    expect(verdict).toBeLessThanOrEqual(4);
    expect(lines[verdict + 2]).toContain('too many tcp@10.77.0.41:8972');
    expect(stdout).toContain('Wireshark: frame.number in {2646, 2652, 2699, 2797}');
    expect(stdout).toContain('UP TO DATE: 10.77.0.91:54989');
    // The capture is named as it was given, however long that is.
    for (const line of lines) expect(line.replace(capture, 'F').length).toBeLessThanOrEqual(110);
  });

  it('attributes what vanished to the closeSession with the same zxid', async () => {
    const { children } = await pathOf('/rpcx/Arith', capture);
    expect(children.changes).toHaveLength(24);
    expect(children.unseenChanges).toBe(0);
    expect(children.changes.at(-1)).toMatchObject({
      kind: 'delete',
      child: 'tcp@10.77.0.41:8972',
      cause: 'closeSession',
      knownFrom: 'list',
      zxid: '0x1000008a1',
      frame: 2699,
      client: '10.77.0.41:60629',
    });
    // Two went between two lists: which transaction took which is not known.
    const doubtful = children.changes.filter(({ zxid }) => zxid === null);
    expect(doubtful.map(({ child, zxidAfter, zxidUpTo }) => [child, zxidAfter, zxidUpTo])).toEqual([
      ['tcp@10.77.0.34:8972', '0x100000890', '0x100000892'],
      ['tcp@10.77.0.33:8972', '0x100000890', '0x100000892'],
    ]);
    expect([children.first!.length, children.last!.length]).toEqual([32, 32]);
  });

  it('sets the lists side by side at a moment', async () => {
    const { at } = await pathOf('/rpcx/Arith', capture, '--at', '00:17:16');
    expect(at!.server).toHaveLength(32);
    expect(at!.beliefs.map(({ client, missing, extra }) => [client, missing, extra])).toEqual(
      expect.arrayContaining([
        ['10.77.0.90:45603', [], ['tcp@10.77.0.40:8972']],
        ['10.77.0.91:54989', [], []],
      ]),
    );
    const { stdout } = await runCli('path', '/rpcx/Arith', capture, '--at', '00:17:16');
    expect(stdout).toMatch(/tcp@10\.77\.0\.40:8972\s+-\s+yes too many/);
    expect(stdout).toContain('Same as the server: 10.77.0.91:54989.');
  });

  it('applies the common filters', async () => {
    const one = await pathOf('/rpcx/Arith', capture, '--client', '10.77.0.91');
    expect(one.sessions.map(({ client }) => client)).toEqual(['10.77.0.91:54989']);
    expect(one.children.changes).toEqual([]);
    const early = await pathOf('/rpcx/Arith', capture, '--to', '00:17:09.4');
    expect(early.children.changes.map(({ frame }) => frame)).toEqual([197, 280]);
    const creates = await pathOf('/rpcx/Arith', capture, '--op', 'create');
    expect(new Set(creates.children.changes.map(({ kind }) => kind))).toEqual(new Set(['create']));
    const refused = await runCli('path', '/rpcx/Arith', capture, '--path', '/x');
    expect([refused.status, refused.stdout]).toEqual([2, '']);
  });
});

describe('zkscope path on incidents and their healthy twins', () => {
  const cases: [file: string, path: string, expected: string[]][] = [
    ['rpcx-blind-window-ok.pcap.gz', '/rpcx/Billing', ['10.77.0.90 children upToDate', '10.77.0.91 children upToDate']],
    ['lagging-follower-ok.pcap', '/svc/lag', ['10.77.0.110 children upToDate', '10.77.0.112 children upToDate']],
    [
      'watch-lost-after-reconnect.pcap',
      '/svc/mail',
      [
        '10.77.0.38 children outOfDate',
        '10.77.0.39 children outOfDate',
        '10.77.0.44 children upToDate',
        '10.77.0.76 children upToDate',
      ],
    ],
    [
      'watch-lost-after-reconnect-ok.pcap',
      '/svc/chat',
      ['10.77.0.44', '10.77.0.58', '10.77.0.59', '10.77.0.76'].map((ip) => `${ip} children upToDate`),
    ],
    [
      'rewatch-missing.pcap',
      '/services/stock',
      ['10.77.0.44 children upToDate', '10.77.0.45 children outOfDate', '10.77.0.47 children upToDate'],
    ],
    ['rewatch-missing.pcap', '/config/stock', ['10.77.0.46 data upToDate', '10.77.0.47 data upToDate']],
    [
      'rewatch-ok-midstream.pcap',
      '/mesh/orders/nodes',
      ['10.77.0.58', '10.77.0.59'].map((ip) => `${ip} children upToDate`),
    ],
  ];
  for (const [file, path, expected] of cases) {
    it(`${file} ${path}`, async () => {
      expect(statuses(await pathOf(path, incident(file)))).toEqual(expected);
    });
  }

  it('names the members where two lists are equally long', async () => {
    const lost = byClient(await pathOf('/svc/mail', incident('watch-lost-after-reconnect.pcap')), '10.77.0.39');
    expect(lost).toMatchObject({ reason: 'noWatch', missing: ['10.77.0.75'], extra: ['10.77.0.70'], watching: false });
    expect(lost.message).toContain('after the reconnect');
  });

  it('tells who was never told again that it will not be told', async () => {
    const entry = byClient(await pathOf('/config/stock', incident('rewatch-missing.pcap')), '10.77.0.46');
    expect(entry.watching).toBe(false);
    expect(entry.message).toContain('will not be announced');
  });

  it('finds nobody out of date on any child list of a healthy capture', async () => {
    for (const path of ['/live/election', '/live/latch', '/live/lock', '/live/services', '/live/config']) {
      const { status, stdout } = await runCli('path', '--json', path, incident('healthy-mixed.pcap.gz'));
      expect(status).toBe(0);
      const document = JSON.parse(stdout) as PathDocument;
      expect([path, document.summary.outOfDate, document.summary.possiblyOutOfDate]).toEqual([path, 0, 0]);
    }
  });

  it('leaves what a gap may have hidden unknown', async () => {
    // Frames behind the stale reader's last read are cut out of the middle of the file, with a hole in its streams.
    const file = readFileSync(incident('rewatch-missing.pcap'));
    const frames: Buffer[] = [file.subarray(0, 24)];
    for (let at = 24, frame = 1; at < file.length; frame++) {
      const length = 16 + file.readUInt32LE(at + 8);
      if (frame <= 170 || frame > 240) frames.push(file.subarray(at, at + length));
      at += length;
    }
    const path = place('hole.pcap');
    writeFileSync(path, Buffer.concat(frames));
    const document = await pathOf('/services/stock', path);
    for (const session of document.sessions.filter(({ gaps }) => gaps > 0)) {
      expect(['unknown', 'upToDate', 'ended', 'pending']).toContain(session.status);
    }
    expect(document.sessions.some(({ gaps }) => gaps > 0)).toBe(true);
  });
});

describe('zkscope path where there is little to say', () => {
  it('says what is near a path that nobody named', async () => {
    const { status, stdout, stderr } = await runCli('path', '/rpcx/arith', incident('rpcx-blind-window.pcap.gz'));
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/no message of the capture is about \/rpcx\/arith; near it: \/rpcx\/Arith/);
    const document = await pathOf('/rpcx/Arit', incident('rpcx-blind-window.pcap.gz'));
    expect([document.seen, document.near?.[0]]).toEqual([false, '/rpcx/Arith']);
  });

  it('answers on empty, cut and foreign captures', async () => {
    const file = readFileSync(incident('rewatch-ok.pcap'));
    const empty = place('empty.pcap');
    const cut = place('cut.pcap');
    const junk = place('junk.pcap');
    writeFileSync(empty, file.subarray(0, 24));
    writeFileSync(cut, file.subarray(0, 20_000));
    writeFileSync(junk, 'no capture at all');
    expect(await runCli('path', '/services/cart', empty)).toEqual({
      status: 0,
      stdout: '',
      stderr: 'zkscope: the capture has no packets\n',
    });
    const partly = await runCli('path', '/services/cart', cut);
    expect(partly.stdout).toMatch(/the file\s+ends in the middle of a record/);
    expect((await runCli('path', '/services/cart', junk)).status).toBe(2);
    expect((await runCli('path', 'services', cut)).status).toBe(2);
    const other = await runCli('path', '/services/cart', join(folder, '../etcd/conn-churn.pcap.gz'));
    expect([other.status, other.stdout]).toEqual([0, '']);
    expect(other.stderr).toContain('no ZooKeeper message in the capture');
    await pathOf('/services/cart', empty);
    await pathOf('/services/cart', cut);
  });
});
