import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { schemaText } from '../../report/schemas.js';
import type { TreeDocument, TreeEntry } from '../../report/tree/document.js';
import { runCli } from '../../testing/runCli.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const folder = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
const incident = (name: string): string => join(folder, 'incidents', name);
const validate = new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(schemaText('tree')) as object);
const place = temporaryFolder();

async function treeOf(...argv: string[]): Promise<TreeDocument> {
  const { stdout, status } = await runCli('tree', '--json', ...argv);
  expect(status).toBe(0);
  const document: unknown = JSON.parse(stdout);
  expect(validate(document), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
  return document as TreeDocument;
}

function entries(roots: readonly TreeEntry[]): TreeEntry[] {
  return roots.flatMap((root) => [root, ...entries(root.nodes)]);
}

const at = (document: TreeDocument, path: string): TreeEntry =>
  entries(document.roots).find((entry) => entry.path === path)!;

const blind = incident('rpcx-blind-window.pcap.gz');

describe('zkscope tree', () => {
  it('knows who owns, reads and watches what at the end', async () => {
    const document = await treeOf(blind);
    expect(document.znodes).toEqual({ present: 34, gone: 12, absent: 0, unknown: 0 });
    expect(at(document, '/rpcx/Arith')).toMatchObject({
      state: 'present',
      ephemeral: false,
      numChildren: 32,
      cversion: 56,
      readers: 2,
      watches: 2,
    });
    expect(at(document, '/rpcx/Arith/tcp@10.77.0.73:8972')).toMatchObject({
      state: 'present',
      ephemeral: true,
      owner: '0x300002481850089',
      ownerClient: '10.77.0.73:41077',
    });
    expect(at(document, '/rpcx/Arith/tcp@10.77.0.41:8972').state).toBe('gone');
    expect(at(document, '/rpcx')).toMatchObject({ state: 'present', known: 'implied', reads: 0 });
  });

  it('is that of a moment with --at', async () => {
    const early = await treeOf(blind, '--at', '+2.1s');
    expect(at(early, '/rpcx/Arith')).toMatchObject({ numChildren: 32, cversion: 32 });
    expect(entries(early.roots).some(({ path }) => path.includes('10.77.0.73'))).toBe(false);
    expect(early.znodes.gone).toBe(0);
    // The same children as the last list that anybody had read until then.
    const paths = JSON.parse((await runCli('path', '/rpcx/Arith', '--json', blind, '--at', '+2.1s')).stdout) as {
      at: { server: string[] };
    };
    expect(at(early, '/rpcx/Arith').nodes.map(({ name }) => name)).toEqual(paths.at.server);
  });

  it('agrees with the last list of children that every path command infers', async () => {
    const capture = incident('healthy-mixed.pcap.gz');
    const document = await treeOf(capture);
    for (const path of ['/live/election', '/live/latch', '/live/lock']) {
      const { stdout } = await runCli('path', path, '--json', capture);
      const { children } = JSON.parse(stdout) as { children: { last: string[] | null } };
      const there = at(document, path).nodes.filter(({ state }) => state === 'present');
      expect([path, there.map(({ name }) => name)]).toEqual([path, children.last]);
    }
    expect(at(document, '/live/config').watches).toBe(8);
    const lock = at(document, '/live/lock').nodes.find(({ state }) => state === 'present')!;
    expect(lock).toMatchObject({ sequential: true, ephemeral: true });
  });

  it('is cut by --path, --depth, --limit and the filters', async () => {
    const capture = incident('healthy-mixed.pcap.gz');
    const part = await treeOf(capture, '--path', '/live/latch/**', '--depth', '0');
    expect(part.roots.map(({ path, nodes, deeper }) => [path, nodes.length, deeper])).toEqual([['/live/latch', 0, 3]]);
    const { stdout } = await runCli('tree', blind, '--limit', '3');
    expect(stdout).toContain('… 29 more');
    expect(stdout).toMatch(/gone: tcp@10\.77\.0\.30:8972, /);
    const touched = await treeOf(blind, '--client', '10.77.0.73');
    expect(entries(touched.roots).map(({ path }) => path)).toEqual([
      '/',
      '/rpcx',
      '/rpcx/Arith',
      '/rpcx/Arith/tcp@10.77.0.73:8972',
    ]);
    const all = await runCli('tree', blind, '--limit', '0');
    expect(all.stdout).toMatch(/tcp@10\.77\.0\.30:8972\s+gone \(frame \d+/);
    for (const line of all.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('does not count the watches of a connection that is gone', async () => {
    const capture = incident('watch-lost-after-reconnect.pcap');
    const mail = at(await treeOf(capture), '/svc/mail');
    // Four clients watched; two set their watches again after the reconnect.
    expect(mail.watches).toBe(2);
    expect(mail.readers).toBe(4);
  });

  it('tells gone from never there', async () => {
    const document = await treeOf(incident('healthy-mixed.pcap.gz'));
    expect(at(document, '/live/config/never').state).toBe('absent');
  });

  it('answers on empty, cut and foreign captures, and on paths that nobody named', async () => {
    const file = readFileSync(incident('rewatch-ok.pcap'));
    const empty = place('empty.pcap');
    const cut = place('cut.pcap');
    writeFileSync(empty, file.subarray(0, 24));
    writeFileSync(cut, file.subarray(0, 20_000));
    expect(await runCli('tree', empty)).toEqual({
      status: 0,
      stdout: '',
      stderr: 'zkscope: the capture has no packets\n',
    });
    expect((await treeOf(empty)).at).toBeNull();
    const lines = place('empty.ndjson');
    writeFileSync(lines, (await runCli('decode', '--json', '--connections', empty)).stdout);
    expect((await treeOf(lines)).at).toBeNull();
    expect((await runCli('tree', cut)).stdout).toContain('/services'.slice(1));
    const near = await runCli('tree', blind, '--path', '/rpcx/arith');
    expect([near.status, near.stdout]).toEqual([0, '']);
    expect(near.stderr).toContain('is about /rpcx/arith; near it: /rpcx/Arith');
    expect((await runCli('tree', join(folder, 'etcd/conn-churn.pcap.gz'))).stderr).toContain('no ZooKeeper message');
  });
});
