import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CaptureBuilder } from '../testing/captureBuilder.js';
import { runCli } from '../testing/runCli.js';
import {
  connectRequest,
  connectResponse,
  emptyResponse,
  existsRequest,
  notification,
} from '../testing/zookeeperBytes.js';

/** Names that a stranger chose: very long ones, and ones that do something to a terminal. */

vi.mock('../report/pageScript.js', () => ({ pageScript: () => '' }));

const NONODE = -101;
let folder = '';
const place = (name: string): string => join(folder, name);

/** A client that watches for a node, is told, and looks again, too often. */
function written(name: string, path: string): string {
  const builder = new CaptureBuilder();
  const connection = builder.connection({ client: '10.0.0.1:40000', server: '10.0.0.2:2181' });
  connection.handshake();
  connection.client(connectRequest()).server(connectResponse(0x1234n));
  for (let xid = 1; xid <= 3; xid++) {
    connection.client(existsRequest(xid, path, true)).server(emptyResponse(xid, BigInt(xid), NONODE));
    connection.server(notification(1, path));
  }
  writeFileSync(place(name), builder.toPcap());
  return place(name);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const texts: readonly string[][] = [
  ['analyze'],
  ['decode'],
  ['sessions'],
  ['stats', '--by', 'path'],
  ['tree'],
  ['tree', '--path', '/none'],
  ['path', '/none'],
  ['follow', '0x1234'],
  ['diff', '--at', '+0.001s'],
  ['report', '--markdown'],
];

describe('a name of almost a megabyte', () => {
  const path = `/${'x'.repeat(900_000)}`;

  it.each(texts.map((argv) => [argv.join(' '), argv] as const))('is shortened: %s', async (_, argv) => {
    const { stdout, stderr } = await runCli(...argv, written('long.pcap', path));
    expect(stdout.length + stderr.length).toBeLessThan(50_000);
  });

  it('is shortened in HTML', async () => {
    const { status } = await runCli('report', written('long.pcap', path), '-o', place('long.html'));
    expect(status).toBe(0);
    expect(readFileSync(place('long.html')).length).toBeLessThan(500_000);
  });

  it('is told by its beginning, its length and its digest in JSON: no Map could hold thousands of such names', async () => {
    const { stdout } = await runCli('decode', '--json', written('long.pcap', path));
    expect(stdout).toContain(path.slice(0, 1024));
    expect(stdout).toContain('900001');
    expect(stdout.length).toBeLessThan(50_000);
  });
});

describe('a name of fifteen kilobytes', () => {
  const path = `/${'x'.repeat(15_000)}`;

  it.each([['decode'], ['tree'], ['stats', '--by', 'path'], ['follow', '0x1234']])(
    'is whole in JSON: %s',
    async (...argv) => {
      const { stdout } = await runCli(...argv, '--json', written('longer.pcap', path));
      expect(stdout).toContain(path.slice(1));
    },
  );

  it('is whole where programs read text', async () => {
    const file = written('longer.pcap', path);
    expect((await runCli('stats', '--by', 'path', '--prometheus', file)).stdout).toContain(path);
    expect((await runCli('decode', '--fields', 'path', file)).stdout).toContain(path);
  });
});

describe('a name that nobody should see raw', () => {
  const bad = [
    '\u001b[31m',
    '\u009b31m',
    '\u202e',
    '\u2028',
    '\u00ad',
    '\u180e',
    '\u115f',
    '\u3164',
    '\ufe0f',
    '\u206a',
    '\u{e0041}',
  ];
  const path = `/${bad.join('/x')}`;
  const raw = new RegExp(`[^\\n\\t -~\\p{L}\\p{P}\\p{S}]|[\u115f\u3164]`, 'u');

  it.each(
    [
      ...texts,
      ...texts.map((argv) => [...argv.filter((word) => word !== '--markdown'), '--json']),
      ['stats', '--by', 'path', '--prometheus'],
      ['decode', '--fields', 'path'],
    ].map((argv) => [argv.join(' '), argv] as const),
  )('is escaped: %s', async (_, argv) => {
    const { stdout, stderr } = await runCli(...argv, written('bad.pcap', path));
    expect(raw.exec(stdout + stderr)).toBeNull();
  });

  it('is the same in JSON', async () => {
    const { stdout } = await runCli('decode', '--json', written('bad.pcap', path));
    const paths = stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { path?: string }).path);
    expect(paths).toContain(path);
  });

  it('is escaped where it is the name of a report', async () => {
    const file = place('a\u009bb\u202e.html');
    const { stderr } = await runCli('report', written('bad.pcap', '/a'), '-o', file);
    expect(stderr).toContain('a\\x9bb\\u202e.html: ');
    expect(raw.exec(stderr)).toBeNull();
  });
});

it('what a wrong command line repeats of itself does nothing to a terminal', async () => {
  const { status, stdout, stderr } = await runCli('analyze', '--path', '\u001b[2J\u009b\u202e', 'x.pcap');
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain('\\x1b[2J\\x9b\\u202e');
  expect(stderr).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
});
