/**
 * Messages into two ClickHouse shards and out again into `analyze`: rows in are messages decoded, the findings are those of
 * the captures, and how fast each step is.
 *
 *   npm run bench:clickhouse -- [--packets 5300000] [--hosts 2] [--shape dense]
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generateFile } from './generate.js';

const OUT = fileURLToPath(new URL('out/clickhouse', import.meta.url));
const SHARDS = fileURLToPath(new URL('../scripts/clickhouseShards.js', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../bin/zkscope.js', import.meta.url));
const ORDER = 'ORDER BY coalesce(told, ts), host, run, seq';
/** Blocks of 125 columns are large: what ClickHouse takes at a time by default does not fit into two gigabytes. */
const BLOCKS = [
  '--max_insert_block_size=65536',
  '--min_insert_block_size_rows=65536',
  '--min_insert_block_size_bytes=67108864',
];
/** As docs/clickhouse.md has it: sorted on disk, and merged in blocks that are small although they have 125 columns. */
const SORTED = ['--max_bytes_before_external_sort=200000000', '--max_block_size=1024'];

const { values: options } = parseArgs({
  options: {
    packets: { type: 'string', default: '5300000' },
    hosts: { type: 'string', default: '2' },
    shape: { type: 'string', default: 'dense' },
  },
});
rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
const servers = spawn(process.execPath, [SHARDS, join(OUT, 'shards')], { stdio: ['pipe', 'pipe', 'inherit'] });
const ports = JSON.parse((await createInterface({ input: servers.stdout })[Symbol.asyncIterator]().next()).value);
const tables = run('node', [PROGRAM, 'schema', 'decode', '--sql', 'clickhouse']).toString();
for (const port of ports) {
  ask(port, tables);
  ask(port, 'CREATE TABLE zkscope_all AS zkscope_lines ENGINE = Distributed(zkscope, default, zkscope_lines, rand())');
}
const capture = join(OUT, 'capture.pcap');
generateFile(options.shape, Number(options.packets), capture);
const result = { packets: Number(options.packets) * Number(options.hosts), steps: {} };
let whole;
await step('analyze one capture', async () => {
  whole = JSON.parse(run(process.execPath, [PROGRAM, 'analyze', '--json', capture]));
});
const { summary } = whole;
// The same capture as of several hosts: each goes to the shard next to it, as on hosts of their own.
result.messages = summary.messages * Number(options.hosts);
await step('decode and insert', async () => {
  for (let host = 1; host <= Number(options.hosts); host++) {
    const decode = spawn(
      process.execPath,
      [PROGRAM, 'decode', '--json', '--connections', '--flat', '--host', `zk${host}.bench${host}`, capture],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const insert = client(
      ports[host % ports.length],
      [...BLOCKS, '--query', 'INSERT INTO zkscope_lines FORMAT JSONEachRow'],
      'pipe',
    );
    await pipeline(decode.stdout, insert.stdin);
    await ended(insert);
  }
});
result.rows = Number(
  ask(ports[0], "SELECT count() FROM zkscope_all WHERE kind IN ('request', 'response', 'notification')"),
);
result.lines = Number(ask(ports[0], 'SELECT count() FROM zkscope_all'));
result.bytesOnDisk = ports.reduce(
  (sum, port) =>
    sum + Number(ask(port, "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'zkscope_lines'")),
  0,
);
await step('a question to all', async () => {
  ask(ports[0], "SELECT op, count(), quantile(0.99)(latency) FROM zkscope_all WHERE kind = 'response' GROUP BY op");
});
const rules = ({ findings }) => JSON.stringify(findings.map((finding) => ({ ...finding, connection: undefined })));
result.sameFindings = true;
result.messagesOut = 0;
await step('select each host in order, and analyze it', async () => {
  for (let host = 1; host <= Number(options.hosts); host++) {
    const query = `SELECT * FROM zkscope_all WHERE host = 'zk${host}.bench${host}' ${ORDER} FORMAT JSONEachRow`;
    const select = client(ports[0], [...SORTED, '--query', query], 'ignore', 'pipe');
    const analyze = spawn(process.execPath, [PROGRAM, 'analyze', '--json', '-'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const text = [];
    analyze.stdout.on('data', (chunk) => text.push(chunk));
    await Promise.all([pipeline(select.stdout, analyze.stdin), ended(analyze)]);
    const stored = JSON.parse(Buffer.concat(text));
    result.messagesOut += stored.summary.messages;
    result.sameFindings &&= rules(stored) === rules(whole);
  }
});
console.log(JSON.stringify(result, null, 2));
servers.stdin.end();
await ended(servers);
rmSync(OUT, { recursive: true, force: true });

async function step(name, work) {
  const begin = performance.now();
  await work();
  result.steps[name] = `${((performance.now() - begin) / 1e3).toFixed(1)} s`;
}

function run(program, argv) {
  return spawnSync(program, argv, { maxBuffer: 1 << 30 }).stdout;
}

function client(port, argv, stdin, stdout = 'inherit') {
  return spawn('clickhouse-client', ['--host', '127.0.0.1', '--port', String(port), ...argv], {
    stdio: [stdin, stdout, 'inherit'],
  });
}

function ask(port, query) {
  const argv = ['--host', '127.0.0.1', '--port', String(port), '--multiquery', '--query', query];
  const { stdout, stderr, status } = spawnSync('clickhouse-client', argv, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

function ended(child) {
  return child.exitCode === null ? new Promise((resolve) => child.on('exit', resolve)) : Promise.resolve();
}
