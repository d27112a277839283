import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentsOf } from '../../testing/documents.js';
import { runCli } from '../../testing/runCli.js';
import { sqlText } from './text.js';

const SCRIPT = fileURLToPath(new URL('../../../scripts/clickhouseShards.js', import.meta.url));
const INCIDENTS = fileURLToPath(new URL('../../../fixtures/incidents/', import.meta.url));
const captures = ['server-pause', 'herd', 'hot-loop', 'large-response'];
/** As docs/clickhouse.md has them. */
const DISTRIBUTED =
  "CREATE TABLE zkscope_all AS zkscope_lines ENGINE = Distributed(zkscope, default, zkscope_lines, cityHash64(substring(host, position(host, '.') + 1), intDiv(toUInt32(ts), 86400)))";
const ORDER = 'ORDER BY coalesce(told, ts), host, run, seq FORMAT JSONEachRow';

const installed = spawnSync('sh', ['-c', 'command -v clickhouse-server && command -v clickhouse-client']).status === 0;
if (!installed)
  process.stderr.write('clickhouse-server is not installed: what is stored in ClickHouse is not tested\n');

it('the tables are made of the fields of the lines', () => {
  const sql = sqlText('clickhouse');
  for (const name of ['frame', 'kind', 'host', 'latency', 'stat', 'toServer', 'midStream'])
    expect(sql).toContain(`\`${name}\``);
});

describe.skipIf(!installed)('two shards of ClickHouse', () => {
  let folder = '';
  let servers: ChildProcess | null = null;
  let ports: number[] = [];

  const ask = (port: number, query: string, input = ''): string => {
    const options = ['--host', '127.0.0.1', '--port', String(port), '--multiquery', '--insert_distributed_sync=1'];
    const { stdout, stderr, status } = spawnSync('clickhouse-client', [...options, '--query', query], {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    });
    expect([status, stderr]).toEqual([0, '']);
    return stdout;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
    servers = spawn(process.execPath, [SCRIPT, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: servers.stdout! })) {
      ports = JSON.parse(line) as number[];
      break;
    }
    for (const port of ports) ask(port, `${sqlText('clickhouse')}\n${DISTRIBUTED}`);
  }, 90_000);

  afterAll(async () => {
    if (servers !== null) {
      const ended = new Promise((resolve) => servers!.on('exit', resolve));
      servers.stdin!.end();
      await ended;
    }
    rmSync(folder, { recursive: true });
  }, 30_000);

  it.each(captures)(
    '%s: what comes out says what the capture says',
    async (name) => {
      const capture = `${INCIDENTS}${name}.pcap.gz`;
      const { stdout } = await runCli('decode', '--json', '--connections', '--flat', '--host', `zk1.${name}`, capture);
      ask(ports[0]!, 'INSERT INTO zkscope_all FORMAT JSONEachRow', stdout);
      const lines = stdout.trimEnd().split('\n').length;
      expect(ask(ports[1]!, `SELECT count() FROM zkscope_all WHERE ensemble = '${name}'`)).toBe(`${lines}\n`);
      const selected = ask(ports[1]!, `SELECT * FROM zkscope_all WHERE ensemble = '${name}' ${ORDER}`);
      const first = await documentsOf(capture);
      const stored = await documentsOf({ name: '-', stream: Readable.from([Buffer.from(selected)]) }, first);
      const { findings } = first.documents['analyze'] as { findings: unknown[] };
      const anyNumber = (key: string, value: unknown): unknown => (key === 'connection' ? undefined : value);
      const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value, anyNumber));
      expect(plain((stored.documents['analyze'] as { findings: unknown[] }).findings)).toEqual(plain(findings));
      expect(stored.documents['stats']).toMatchObject({ total: (first.documents['stats'] as { total: object }).total });
    },
    60_000,
  );

  it('the questions in docs/clickhouse.md are understood', () => {
    const docs = readFileSync(new URL('../../../docs/clickhouse.md', import.meta.url), 'utf8');
    expect(docs.replace(/\s+/g, ' ')).toContain(DISTRIBUTED);
    expect(docs.replace(/\s+/g, ' ')).toContain(ORDER);
    const [, questions = ''] = /## Questions that need all of it\n\n```sql\n([^`]*)```/.exec(docs) ?? [];
    const answers = questions.split(';').map((question) => ask(ports[0]!, question));
    expect(answers).toHaveLength(5);
    for (const answer of [0, 1, 3, 4]) expect(answers[answer]).not.toBe('');
  });

  it('ensembles and days are spread over the shards', () => {
    const counts = ports.map((port) => Number(ask(port, 'SELECT count() FROM zkscope_lines')));
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(Number(ask(ports[0]!, 'SELECT count() FROM zkscope_all'))).toBe(counts.reduce((a, b) => a + b, 0));
  });
});
