import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { DiffDocument } from '../../report/diff/document.js';
import { schemaText } from '../../report/schemas.js';
import { runCli } from '../../testing/runCli.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const folder = fileURLToPath(new URL('../../../fixtures/incidents/', import.meta.url));
const blind = join(folder, 'rpcx-blind-window.pcap.gz');
const healthy = join(folder, 'rpcx-blind-window-ok.pcap.gz');
const pause = join(folder, 'server-pause.pcap.gz');
const small = join(folder, 'session-moved.pcap');
const validate = new Ajv2020({ strict: false }).compile(JSON.parse(schemaText('diff')) as object);
const place = temporaryFolder();

async function diffOf(...argv: string[]): Promise<DiffDocument> {
  const { stdout, status, stderr } = await runCli('diff', '--json', ...argv);
  expect([status, stderr]).toEqual([0, '']);
  const document: unknown = JSON.parse(stdout);
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  return document as DiffDocument;
}

describe('zkscope diff', () => {
  it('finds no difference between a capture and itself', async () => {
    const document = await diffOf(blind, blind);
    expect(document.changes).toEqual([]);
    expect(document.findings.both.length).toBeGreaterThan(0);
    expect(document.before.total).toEqual(document.after.total);
    const { stdout } = await runCli('diff', blind, blind);
    expect(stdout).toContain('No difference beyond chance. 1 finding on both sides.');
  });

  it('tells the finding that is new first, and what moved', async () => {
    const { changes, findings } = await diffOf(healthy, blind);
    expect(changes[0]).toMatchObject({ kind: 'finding', subject: 'blind-window', direction: 'new' });
    expect(findings.new.map(({ rule }) => rule)).toEqual(['blind-window']);
    const server = changes.find(({ kind, subject }) => kind === 'server' && subject === '10.77.0.13:2181')!;
    expect(server).toMatchObject({ direction: 'up', before: 84, after: 763 });
    expect(server.factor!).toBeCloseTo(server.afterPerSecond! / server.beforePerSecond!, 3);
    expect(changes.some(({ kind, direction }) => kind === 'path' && direction === 'new')).toBe(true);
    const reversed = await diffOf(blind, healthy);
    expect(reversed.changes[0]).toMatchObject({ kind: 'finding', subject: 'blind-window', direction: 'gone' });
    const back = reversed.changes.find(({ kind, subject }) => kind === 'server' && subject === '10.77.0.13:2181')!;
    expect(back.factor! * server.factor!).toBeCloseTo(1, 6);
  });

  it('compares two times of one capture', async () => {
    const { before, after, findings, changes } = await diffOf('--at', '+9s', pause);
    expect(before.seconds).toBe(9);
    expect(before.to).toBe(after.from);
    const { total } = JSON.parse((await runCli('stats', '--json', pause)).stdout) as { total: { requests: number } };
    expect(before.total.requests + after.total.requests).toBe(total.requests);
    expect(findings.new.map(({ rule }) => rule)).toContain('server-stall');
    expect(changes.find(({ subject }) => subject === '10.77.0.11:2181')).toMatchObject({
      kind: 'server',
      direction: 'down',
    });
    const middle = await diffOf('--before', '+5s', '--after', '+20s', pause);
    expect([middle.before.seconds, middle.after.from]).toEqual([
      5,
      new Date(Date.parse(`${middle.before.from!.slice(0, 23)}Z`) + 20_000).toISOString().slice(0, 23) +
        middle.before.from!.slice(23),
    ]);
    const within = await diffOf('--at', '+9s', '--from', '+5s', '--to', '+12s', pause);
    expect([within.before.seconds, within.after.seconds]).toEqual([4, 3]);
  });

  it('keeps to the filters', async () => {
    const { operations, servers, paths } = await diffOf(...['--server', '10.77.0.11', '--op', 'ping', healthy, blind]);
    expect(operations.map(({ name }) => name)).toEqual(['ping']);
    expect(servers.map(({ name }) => name)).toEqual(['10.77.0.11:2181']);
    expect(paths).toEqual([]);
    const cut = await diffOf('--depth', '1', '--op', 'getData', healthy, blind);
    expect(cut.paths.map(({ name }) => name)).toEqual(['/rpcx']);
  });

  it('takes several captures as one side', async () => {
    const { before } = await diffOf(`${small},${pause}`, small);
    expect(before.captures).toHaveLength(2);
    const comma = join(place(), 'a,b.pcap');
    writeFileSync(comma, readFileSync(small));
    expect((await diffOf(comma, small)).before.captures).toHaveLength(1);
  });

  it('says it in words that fit 80 columns', async () => {
    const { stdout, status } = await runCli('diff', healthy, blind);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /↑ server 10\.77\.0\.13:2181: 5\.5 → 41 a second \(84 → 763 requests\), 7\.5\s+times\s+as\s+many/,
    );
    // But for a capture's path, which may be longer than a line.
    const lines = stdout.split('\n').filter((line) => !/^\/\S+$/.test(line));
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('says what is wrong with its arguments', async () => {
    const wrong: [string[], RegExp][] = [
      [[small], /two captures/],
      [[small, small, small], /two captures/],
      [['-', '-'], /standard input/],
      [['--before', '+1s', small], /go together/],
      [['--before', '+9s', '--after', '+5s', small], /earlier/],
      [['--at', '+1h', small], /one side has no time/],
      [['--at', '+1s', '--before', '+1s', small], /cannot be used with/],
      [[small, place('none.pcap')], /none\.pcap/],
    ];
    for (const [argv, message] of wrong) {
      const { status, stdout, stderr } = await runCli('diff', ...argv);
      expect([argv, status, stdout]).toEqual([argv, 2, '']);
      expect(stderr).toMatch(message);
    }
  });

  it('says so where a side has nothing to compare', async () => {
    const empty = place('empty.pcap');
    writeFileSync(empty, readFileSync(small).subarray(0, 24));
    const { status, stdout, stderr } = await runCli('diff', empty, small);
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/^zkscope: nothing to compare: no ZooKeeper message before, in .*empty\.pcap\n$/);
    const cut = place('cut.pcap');
    writeFileSync(cut, readFileSync(small).subarray(0, 9000));
    const part = await runCli('diff', cut, small);
    expect(part.status).toBe(0);
    expect(part.stdout).toContain('Not seen: before: ');
  });
});
