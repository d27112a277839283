import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { errorName } from '../../protocols/zookeeper/format/errors.js';
import { schemaText } from '../../report/schemas.js';
import type { StatsDocument, StatsGroup } from '../../report/stats/document.js';
import { runCli } from '../../testing/runCli.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const folder = fileURLToPath(new URL('../../../fixtures/protocol/', import.meta.url));
const everyOpcode = join(folder, 'every-opcode.pcap');
const validate = new Ajv2020({ strict: false }).compile(JSON.parse(schemaText('stats')) as object);
const place = temporaryFolder();

async function statsOf(...argv: string[]): Promise<StatsDocument> {
  const { stdout, status } = await runCli('stats', '--json', ...argv);
  expect(status).toBe(0);
  const document: unknown = JSON.parse(stdout);
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  return document as StatsDocument;
}

/** What an independent decoder found. */
interface Line {
  kind: string;
  op: string | null;
  xid?: number;
  client: string;
  server: string;
  path?: string;
  length?: number;
  dataLength?: number;
  error?: string;
  err?: number;
  latency?: number;
  session?: string;
  ts?: number;
  time: string;
  ops?: { path?: string; err?: number }[];
}

function expectedOf(capture: string): Line[] {
  const text = readFileSync(capture.replace(/\.pcap(ng)?$/, '.expected.ndjson'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const captures = readdirSync(folder)
  .filter((name) => /\.pcap(ng)?$/.test(name))
  .map((name) => join(folder, name));

function failed(line: Line): boolean {
  return (line.err ?? 0) !== 0 || (line.kind === 'response' && (line.ops ?? []).some((op) => (op.err ?? 0) !== 0));
}

function countBy(lines: readonly Line[], key: (line: Line) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of lines) counts[key(line)] = (counts[key(line)] ?? 0) + 1;
  return counts;
}

function column(
  groups: readonly StatsGroup[],
  name: 'requests' | 'responses' | 'notifications' | 'errors',
): Record<string, number> {
  return Object.fromEntries(groups.filter((group) => group[name] > 0).map((group) => [String(group.op), group[name]]));
}

const near = (actual: number, expected: number): void => {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(Math.max(2e-6, expected * 0.01));
};

describe('zkscope stats against an independent decoder', () => {
  for (const capture of captures) {
    it(`counts what is in ${capture.slice(folder.length)}`, async () => {
      const lines = expectedOf(capture);
      const { groups, total } = await statsOf(capture);
      const of = (kind: string): Line[] => lines.filter((line) => line.kind === kind);
      const op = (line: Line): string => String(line.op);
      expect(column(groups, 'requests')).toEqual(countBy(of('request'), op));
      expect(column(groups, 'responses')).toEqual(countBy(of('response'), op));
      expect(column(groups, 'notifications')).toEqual(countBy(of('notification'), op));
      expect(column(groups, 'errors')).toEqual(countBy(of('response').filter(failed), op));
      expect([total.requests, total.responses, total.notifications]).toEqual([
        of('request').length,
        of('response').length,
        of('notification').length,
      ]);
      const bytes = (list: Line[]): number =>
        list.reduce((sum, { length }) => sum + (length === undefined ? 0 : length + 4), 0);
      for (const group of groups.filter(({ op }) => op !== 'fourLetterWord')) {
        const same = (line: Line): boolean => line.op === group.op;
        expect(group.bytesToServer).toBe(bytes(of('request').filter(same)));
        expect(group.bytesToClient).toBe(bytes([...of('response'), ...of('notification')].filter(same)));
      }
    });

    it(`measures latency as the sorted list does in ${capture.slice(folder.length)}`, async () => {
      const lines = expectedOf(capture).filter(({ latency }) => latency !== undefined);
      const { groups } = await statsOf(capture);
      for (const group of groups) {
        const list = lines.filter(({ op }) => op === group.op).map(({ latency }) => latency!);
        list.sort((a, b) => a - b);
        expect(group.latency?.count ?? 0).toBe(list.length);
        if (group.latency === undefined) continue;
        const at = (fraction: number): number => list[Math.max(1, Math.ceil(list.length * fraction)) - 1]!;
        expect(group.latency.sum).toBeCloseTo(
          list.reduce((sum, value) => sum + value, 0),
          5,
        );
        expect(group.latency.max).toBeCloseTo(list.at(-1)!, 6);
        near(group.latency.p50, at(0.5));
        near(group.latency.p90, at(0.9));
        near(group.latency.p99, at(0.99));
      }
    });

    it(`groups ${capture.slice(folder.length)} by server, client and session`, async () => {
      const requests = expectedOf(capture).filter(({ kind }) => kind === 'request');
      const { groups } = await statsOf('--by', 'server,client', capture);
      const host = (address: string): string => address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
      const counted = Object.fromEntries(groups.map((g) => [`${g.server!} ${g.client!}`, g.requests]));
      expect(counted).toEqual(countBy(requests, (line) => `${line.server} ${host(line.client)}`));
      const bySession = (await statsOf('--by', 'session', capture)).groups;
      const known = requests.filter(({ session, op }) => session !== undefined && op !== 'connect');
      const connects = expectedOf(capture).filter(({ kind, op }) => kind === 'response' && op === 'connect');
      expect(bySession.reduce((sum, g) => sum + g.requests, 0)).toBe(requests.length);
      const named = bySession.filter(({ session }) => session !== null).reduce((sum, g) => sum + g.requests, 0);
      expect(named).toBe(known.length + connects.length);
    });
  }

  it('agrees with jq', ({ skip }) => {
    const jq = spawnSync('jq', ['--version']);
    if (jq.status !== 0) skip('jq is not installed');
    const failure =
      'if (.err // 0) != 0 then .err else ([.ops[]?.err // 0 | select(. != 0 and . != -2)] | first // 0) end';
    const script = `[., inputs] | map(select(.kind == "response")) | group_by([.op, (${failure})])[] | "\\(.[0].op) \\(.[0] | ${failure}) \\(length)"`;
    const file = everyOpcode.replace('.pcap', '.expected.ndjson');
    const { stdout } = spawnSync('jq', ['-r', script, file], { encoding: 'utf8' });
    const expected = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([op, code, count]) => `${op!} ${errorName(Number(code))} ${count!}`);
    expect(expected.length).toBeGreaterThan(30);
    return statsOf('--by', 'op,error', everyOpcode).then(({ groups }) => {
      const answers = groups.filter(({ responses }) => responses > 0);
      const counted = answers.map((g) => `${g.op!} ${g.error!} ${g.responses}`);
      expect(counted.sort()).toEqual(expected.sort());
    });
  });
});

describe('zkscope stats', () => {
  it('counts a multi once under each of its paths, with their own errors, and its bytes once in all', async () => {
    const { groups, total } = await statsOf('--by', 'path,error', '--op', 'multi', everyOpcode);
    const of = (path: string): StatsGroup[] => groups.filter((group) => group.path === path);
    // Frame 83: create /every/m2 (rolled back), check /every (BadVersion), delete /every/m1 (not tried).
    expect(of('/every/m2').map((g) => [g.error, g.responses])).toEqual([['Ok', 1]]);
    expect(of('/every').find((g) => g.error === 'BadVersion')?.errors).toBe(1);
    expect(of('/every/m1').find((g) => g.error === 'RuntimeInconsistency')?.requests).toBe(1);
    expect(groups.reduce((sum, group) => sum + group.bytesToServer, 0)).toBe(total.bytesToServer);
    expect(groups.reduce((sum, group) => sum + group.bytesToClient, 0)).toBe(total.bytesToClient);
  });

  it('cuts paths at --depth', async () => {
    const { groups } = await statsOf('--by', 'path', '--depth', '1', everyOpcode);
    for (const { path } of groups) if (path !== null) expect(path).toMatch(/^\/[^/]*$/);
    const all = await statsOf('--by', 'path', everyOpcode);
    const under = all.groups.filter(({ path }) => path === '/everyk' || path?.startsWith('/everyk/') === true);
    const multis = under.length;
    expect(multis).toBeGreaterThan(3);
    expect(groups.find(({ path }) => path === '/everyk')!.notifications).toBe(
      under.reduce((sum, group) => sum + group.notifications, 0),
    );
    const root = await statsOf('--by', 'path', '--depth', '0', everyOpcode);
    expect(root.groups.map(({ path }) => path).sort()).toEqual(['/', null].sort());
  });

  it('puts messages into buckets that begin at round times, silent ones too', async () => {
    const { groups, interval, total } = await statsOf('--interval', '1s', everyOpcode);
    expect(interval).toBe(1);
    for (const { time } of groups) expect(time).toMatch(/:\d\d\.000000Z$/);
    const starts = groups.map(({ time }) => Date.parse(time!));
    for (const [i, start] of starts.entries()) if (i > 0) expect(start - starts[i - 1]!).toBe(1000);
    expect(groups.some(({ requests }) => requests === 0)).toBe(true);
    expect(groups.reduce((sum, { requests }) => sum + requests, 0)).toBe(total.requests);
    const seconds = countBy(
      expectedOf(everyOpcode).filter(({ kind }) => kind === 'response'),
      ({ time }) => time.slice(0, 19),
    );
    const counted = groups.filter(({ responses }) => responses > 0).map((g) => [g.time!.slice(0, 19), g.responses]);
    expect(Object.fromEntries(counted)).toEqual(seconds);
  });

  it('sorts by any column and shows the top', async () => {
    const byMax = (await statsOf('--sort', 'max', everyOpcode)).groups.map(({ latency }) => latency?.max ?? -1);
    expect(byMax).toEqual([...byMax].sort((a, b) => b - a));
    const names = await statsOf('--sort', 'op', '--top', '5', everyOpcode);
    expect(names.groups).toHaveLength(5);
    expect(names.groupsNotShown).toBeGreaterThan(20);
    const order = names.groups.map(({ op }) => op!);
    expect(order).toEqual([...order].sort());
    const each = await statsOf('--by', 'op', '--interval', '1s', '--top', '1', everyOpcode);
    expect(new Set(each.groups.map(({ time }) => time)).size).toBe(each.groups.length);
  });

  it('counts the requests that were answered with an error', async () => {
    const { groups, total } = await statsOf('--by', 'op,error', '--error', 'NoNode', everyOpcode);
    const lines = expectedOf(everyOpcode).filter(({ err }) => err === -101);
    const simple = groups.filter(({ op }) => op !== 'multi' && op !== 'multiRead');
    expect(column(simple, 'requests')).toEqual(countBy(lines, ({ op }) => String(op)));
    expect(column(simple, 'errors')).toEqual(countBy(lines, ({ op }) => String(op)));
    expect(total.requests).toBe(total.responses);
    expect(total.requests).toBeGreaterThan(lines.length - 1);
  });

  it('counts the connect of a session that was asked for', async () => {
    const session = '0x100003986b70000';
    const { groups } = await statsOf('--session', session, '--by', 'op,session', everyOpcode);
    expect(groups.find(({ op }) => op === 'connect')).toMatchObject({ requests: 1, responses: 1, session });
    for (const group of groups) expect(group.session).toBe(session);
  });

  it('agrees with analyze', async () => {
    const analysis = JSON.parse((await runCli('analyze', '--json', ...captures)).stdout) as {
      summary: {
        unanswered: number;
        byOp: Record<string, { requests: number; errors: number; latency?: { p99: number } }>;
      };
    };
    const { groups, total } = await statsOf(...captures);
    for (const group of groups) {
      if (group.op === 'notification' || group.op === null || group.op === undefined) continue;
      const same = analysis.summary.byOp[group.op]!;
      expect([group.op, same.requests]).toEqual([group.op, group.requests]);
      expect([group.op, same.errors]).toEqual([group.op, group.errors]);
      expect(same.latency?.p99).toBe(group.latency?.p99);
    }
    expect(total.unanswered).toBe(analysis.summary.unanswered);
  });

  it('speaks the text format of Prometheus', async () => {
    const { stdout, status } = await runCli('stats', '--prometheus', '--by', 'op,path', everyOpcode);
    expect(status).toBe(0);
    const types = new Map<string, string>();
    const seen = new Set<string>();
    let current = '';
    const label = String.raw`[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"`;
    const sample = new RegExp(`^([a-z_]+)(?:\\{(${label}(?:,${label})*)\\})? (\\d+(?:\\.\\d+)?(?:e-\\d+)?)$`);
    for (const line of stdout.trimEnd().split('\n')) {
      const type = /^# TYPE ([a-z_]+) (counter|gauge|summary)$/.exec(line);
      if (type !== null) {
        expect(types.has(type[1]!)).toBe(false);
        types.set(type[1]!, type[2]!);
        current = type[1]!;
        continue;
      }
      if (/^# HELP [a-z_]+ .+$/.test(line)) continue;
      const parts = sample.exec(line);
      expect(parts, line).not.toBeNull();
      expect(parts![1]!.startsWith(current)).toBe(true);
      const series = `${parts![1]!}{${parts![2] ?? ''}}`;
      expect(seen.has(series), series).toBe(false);
      seen.add(series);
    }
    expect(stdout).toContain('zkscope_requests_total{op="connect",path=""} 8');
    expect(stdout).toMatch(/zkscope_latency_seconds\{op="getData",path="[^"]+",quantile="0.99"\} 0\.\d+/);
    expect(stdout.endsWith('\n')).toBe(true);
  });

  it('says something sensible where there is nothing to count', async () => {
    const empty = place('empty.pcap');
    const header = readFileSync(everyOpcode).subarray(0, 24);
    writeFileSync(empty, header);
    const none = await runCli('stats', empty);
    expect(none).toMatchObject({ status: 0, stdout: '' });
    expect(none.stderr).toBe('zkscope: the capture has no packets\n');
    const cut = place('cut.pcap');
    writeFileSync(cut, readFileSync(everyOpcode).subarray(0, 20_000));
    const part = await runCli('stats', cut);
    expect(part.status).toBe(0);
    expect(part.stdout).toContain('Not seen:');
    const text = place('text.pcap');
    writeFileSync(text, 'this is no capture');
    const wrong = await runCli('stats', text);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr.trimEnd().split('\n')).toHaveLength(1);
    const filtered = await runCli('stats', '--op', 'reconfig', '--path', '/nowhere', everyOpcode);
    expect(filtered.stdout).toBe('');
    expect(filtered.stderr).toContain('no ZooKeeper message passes the filters (298 messages in all)');
    expect((await runCli('stats', '--by', 'op', '--sort', 'path', everyOpcode)).status).toBe(2);
    expect((await runCli('stats', '--by', 'colour', everyOpcode)).status).toBe(2);
  });

  it('fits 80 columns', async () => {
    for (const by of ['op', 'op,path', 'path,client', 'op,server,session', 'connection,client']) {
      const { stdout } = await runCli('stats', '--by', by, everyOpcode);
      for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    }
  });

  it('always shows the column that it sorts by', async () => {
    for (const [sort, title] of [
      ['max', 'max'],
      ['mean', 'mean'],
      ['bytes', 'bytes'],
      ['bytesToServer', 'to server'],
    ]) {
      const { stdout } = await runCli('stats', '--by', 'op,path,server', '--sort', sort!, everyOpcode);
      expect(stdout.split('\n').find((line) => line.startsWith('Operation'))).toMatch(new RegExp(` ${title!}( |$)`));
    }
  });
});
