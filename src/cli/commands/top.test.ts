import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { Clock } from '../../observations/inputs.js';
import { CaptureReader } from '../../observations/captureReader.js';
import type { StatsDocument } from '../../report/stats/document.js';
import { schemaText } from '../../report/schemas.js';
import type { TopDocument } from '../../report/top/document.js';
import { liveMetrics } from '../../report/top/prometheus.js';
import { topScreen } from '../../report/top/text.js';
import { CaptureBuilder } from '../../testing/captureBuilder.js';
import { connectRequest, connectResponse, existsRequest } from '../../testing/zookeeperBytes.js';
import { runCli } from '../../testing/runCli.js';
import { screenOf } from '../../testing/topScreen.js';
import { listenAddress, serveMetrics } from '../terminal/metricsServer.js';
import { Live } from './top.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../../../fixtures/${name}`, import.meta.url));
const errors = fixture('incidents2/wasted-errors.pcap.gz');
const validate = new Ajv2020({ strict: false }).compile(JSON.parse(schemaText('top')) as object);

async function linesOf(...argv: string[]): Promise<TopDocument[]> {
  const { stdout, status } = await runCli('top', ...argv);
  expect(status).toBe(0);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const document: unknown = JSON.parse(line);
      expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
      return document as TopDocument;
    });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

describe('zkscope top in a pipe', () => {
  it('tells each interval once, and in all what stats counts', async () => {
    const lines = await linesOf('--interval', '5s', '--rows', '1000', errors);
    const stats = JSON.parse((await runCli('stats', '--json', '--by', 'op', errors)).stdout) as StatsDocument;
    expect(lines).toHaveLength(5);
    expect(sum(lines.map(({ interval }) => interval.requests))).toBe(stats.total.requests);
    expect(sum(lines.map(({ interval }) => interval.errors))).toBe(stats.total.errors);
    expect(lines.at(-1)!.sinceStart.requests).toBe(stats.total.requests);
    for (const group of stats.groups) {
      const of = lines.flatMap(({ byOp }) => byOp.filter(({ name }) => name === group.op));
      expect(sum(of.map(({ requests }) => requests))).toBe(group.requests);
    }
    for (const { interval, byOp, byClient, byServer } of lines)
      for (const table of [byOp, byClient, byServer])
        expect(sum(table.map(({ requests }) => requests))).toBe(interval.requests);
    for (const [place, line] of lines.slice(1).entries()) expect(line.from).toBe(lines[place]!.to);
  });

  it('has frames of their hosts, and nothing that a terminal would act on', async () => {
    const lines = await linesOf('--interval', '60s', `a=${errors}`, `b=${fixture('incidents/sidecar-drop.pcap')}`);
    const findings = lines.at(-1)!.findings as (TopDocument['findings'][number] & { host: string })[];
    expect(new Set(findings.map(({ host }) => host))).toEqual(new Set(['a', 'b']));
    expect(Math.max(...findings.map(({ frame }) => frame ?? 0))).toBeLessThan(1000);
    const builder = new CaptureBuilder();
    const connection = builder.connection({ client: '10.0.0.1:40000', server: '10.0.0.2:2181' });
    connection.handshake();
    connection.client(connectRequest());
    connection.server(connectResponse(1n));
    connection.client(existsRequest(1, '/x\u009b\u202e\u206a'));
    const folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
    writeFileSync(join(folder, 'x.pcap'), builder.toPcap());
    const { stdout } = await runCli('top', join(folder, 'x.pcap'));
    rmSync(folder, { recursive: true });
    expect(stdout).toContain('/x\\u009b\\u202e\\u206a');
  });

  it('has the findings before the end, and at the end those of analyze', async () => {
    const lines = await linesOf('--interval', '2s', errors);
    expect(lines[0]!.findings).toEqual([]);
    const analysis = JSON.parse((await runCli('analyze', '--json', errors)).stdout) as {
      findings: { title: string }[];
    };
    expect(lines.at(-1)!.findings.map(({ title }) => title)).toEqual(analysis.findings.map(({ title }) => title));
  });

  it('has of each table the largest rows, in order, and says how many it left out', async () => {
    const [all] = await linesOf('--interval', '1h', '--rows', '1000', '--sort', 'bytes', errors);
    const bytes = all!.byPath.map((row) => row.bytesToServer + row.bytesToClient);
    expect(bytes).toEqual([...bytes].sort((a, b) => b - a));
    for (const rows of [0, 1, 2]) {
      const [some] = await linesOf('--interval', '1h', '--rows', String(rows), '--sort', 'bytes', errors);
      expect(some!.byPath).toEqual(all!.byPath.slice(0, rows));
      expect(some!.notShown.path).toBe(all!.byPath.length - rows);
    }
  });

  it('says what filters asked for that is not there', async () => {
    const { status, stderr } = await runCli('top', errors, '--op', 'getChildren');
    expect(status).toBe(0);
    expect(stderr).toContain('--op getChildren');
  });

  it('cuts paths, filters and sorts', async () => {
    const [line] = await linesOf(
      '--interval',
      '1h',
      '--depth',
      '1',
      '--op',
      'setData,getData',
      '--sort',
      'errors',
      errors,
    );
    expect(line!.byPath.map(({ name }) => name)).toEqual(['/stats']);
    expect(line!.byOp.map(({ name }) => name)).toEqual(['setData', 'getData']);
    const watching = await linesOf('--interval', '1h', fixture('incidents/sidecar-drop.pcap'));
    expect(watching[0]!.watches.set).toBeGreaterThan(0);
    expect(watching[0]!.watches.fired).toBe(6);
    expect(watching[0]!.sessions).toMatchObject({ open: 4, made: 6, expired: 2 });
  });
});

describe('the screen of zkscope top', () => {
  const screen = screenOf();

  it('fits, whatever is shown, and names what is worst', async () => {
    const document = (await linesOf('--interval', '1h', errors))[0]!;
    for (const width of [40, 80, 200])
      for (const height of [10, 24, 60])
        for (const table of ['op', 'client', 'path', 'server'] as const)
          for (const help of [false, true]) {
            const lines = topScreen(document, { ...screen, width, height, table, help });
            expect(lines.length).toBeLessThanOrEqual(height);
            for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(width);
          }
    const lines = topScreen(document, screen);
    expect(lines[5]).toMatch(/^Operation +req\/s▼ +errors/);
    expect(lines[6]).toMatch(/^setData +30/);
    expect(lines.filter((line) => line.startsWith('WARNING'))).toHaveLength(3);
    const sessions = { open: 3, made: 0, takenUp: 0, expired: 0, closed: 0 };
    const calm = topScreen({ ...document, sessions }, screen);
    expect(calm[2]).toMatch(/^3 sessions connected, \d+ connections?; watches/);
    const busy = topScreen({ ...document, sessions: { ...sessions, made: 2, expired: 1 } }, screen);
    expect(busy[2]).toMatch(/^3 sessions connected \(2 new, 1 expired\), /);
    const some = topScreen(document, { ...screen, table: 'client', filter: '0.49' });
    expect(some.filter((line) => line.startsWith('10.77.'))).toHaveLength(1);
  });
});

describe('what Prometheus is served', () => {
  const fetched = (url: string): Promise<{ status: number; body: string; type: string }> =>
    new Promise((resolve, reject) => {
      get(url, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => {
          resolve({ status: response.statusCode!, body, type: response.headers['content-type'] ?? '' });
        });
      }).on('error', reject);
    });

  it('is the running total, as counters and histograms', async () => {
    const clock = new Clock();
    const prometheusListen = listenAddress('0');
    const options = { interval: 1e9, by: 'op', sort: 'requests', rows: 20, prometheusListen } as const;
    const live = await Live.make(options, clock, false);
    await new CaptureReader([errors], live.sink, { clock }).read();
    live.finish();
    const server = await serveMetrics(prometheusListen, () => liveMetrics(live.metrics()));
    try {
      const { status, body, type } = await fetched(server.url);
      expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
      expect(body).toContain('zkscope_requests_total{op="setData",server="10.77.0.11:2181"} 690\n');
      expect(body).toContain('zkscope_errors_total{op="setData",server="10.77.0.11:2181"} 473\n');
      const of = (text: string): number[] =>
        [...body.matchAll(new RegExp(`zkscope_request_duration_seconds_${text} ([\\d.]+)`, 'g'))].map((m) =>
          Number(m[1]),
        );
      const buckets = of('bucket\\{op="setData",server="10.77.0.11:2181",le="[^"]+"\\}');
      expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
      expect(buckets.at(-1)).toBe(690);
      expect(of('count\\{op="setData",server="10.77.0.11:2181"\\}')).toEqual([690]);
      expect(body).toContain('zkscope_findings{severity="warning"} 3\n');
      for (const line of body.trimEnd().split('\n'))
        expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="[^"]*",?)*\})? \S+)$/);
      expect((await fetched(server.url.replace('/metrics', '/etc/passwd'))).status).toBe(404);
      await expect(serveMetrics(listenAddress(new URL(server.url).host), () => '')).rejects.toThrow(
        'somebody listens there already',
      );
    } finally {
      server.close();
    }
  });

  it.each(['x', '1.2.3.4', 'host:80', '127.0.0.1:99999', '127.0.0.1:80:90'])('is not served on %s', async (where) => {
    const { status, stderr } = await runCli('top', '--prometheus-listen', where, errors);
    expect(status).toBe(2);
    expect(stderr).toContain('where to listen is ip:port');
  });
});
