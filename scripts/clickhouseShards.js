/**
 * Two ClickHouse servers on this machine, as the shards of one cluster `zkscope`, for tests and measurements:
 *
 *   node scripts/clickhouseShards.js FOLDER
 *
 * prints the native ports of both as JSON once they answer, and runs until its standard input ends. Needs clickhouse-server
 * and clickhouse-client (Debian's packages); everything is written into FOLDER.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

const START_SECONDS = 60;
const SHARDS = 2;

const folder = resolve(process.argv[2] ?? 'clickhouse');
const ports = [];
for (let i = 0; i < 3 * SHARDS; i++) ports.push(await freePort());
const shards = Array.from({ length: SHARDS }, (_, i) => ({
  folder: join(folder, `shard${i + 1}`),
  tcp: ports[3 * i],
  http: ports[3 * i + 1],
  interserver: ports[3 * i + 2],
}));
const servers = shards.map(start);
process.stdin.resume();
process.stdin.on('end', () => stop(0));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop(1));
for (const { tcp } of shards) await answering(tcp);
process.stdout.write(`${JSON.stringify(shards.map(({ tcp }) => tcp))}\n`);

function stop(status) {
  for (const server of servers) server.kill('SIGTERM');
  let left = servers.length;
  for (const server of servers)
    server.on('exit', () => {
      if (--left === 0) process.exit(status);
    });
}

function start({ folder: place, tcp, http, interserver }) {
  mkdirSync(place, { recursive: true });
  const all = shards.map(
    ({ tcp: port }) => `<shard><replica><host>127.0.0.1</host><port>${port}</port></replica></shard>`,
  );
  writeFileSync(
    join(place, 'config.xml'),
    `<yandex>
  <logger><level>warning</level><log>${place}/server.log</log><errorlog>${place}/error.log</errorlog></logger>
  <listen_host>127.0.0.1</listen_host>
  <tcp_port>${tcp}</tcp_port>
  <http_port>${http}</http_port>
  <interserver_http_port>${interserver}</interserver_http_port>
  <path>${place}/data/</path>
  <tmp_path>${place}/tmp/</tmp_path>
  <format_schema_path>${place}/formats/</format_schema_path>
  <users_config>${place}/users.xml</users_config>
  <mark_cache_size>67108864</mark_cache_size>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <timezone>UTC</timezone>
  <remote_servers><zkscope>${all.join('')}</zkscope></remote_servers>
</yandex>
`,
  );
  writeFileSync(
    join(place, 'users.xml'),
    `<yandex>
  <profiles><default><max_memory_usage>2000000000</max_memory_usage></default></profiles>
  <quotas><default></default></quotas>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
</yandex>
`,
  );
  const binary = ['/usr/bin/clickhouse-server', '/usr/sbin/clickhouse-server'].find((path) => existsSync(path));
  const server = spawn(binary ?? 'clickhouse-server', [`--config-file=${place}/config.xml`], {
    stdio: 'ignore',
    cwd: place,
  });
  server.on('error', (error) => {
    process.stderr.write(`clickhouse-server: ${error.message}\n`);
    process.exit(2);
  });
  return server;
}

async function answering(port) {
  for (let tried = 0; tried < START_SECONDS * 5; tried++) {
    const { status } = spawnSync('clickhouse-client', [
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--query',
      'SELECT 1',
    ]);
    if (status === 0) return;
    await sleep(200);
  }
  process.stderr.write(`no answer on port ${port} within ${START_SECONDS} s: see ${folder}\n`);
  stop(2);
}

function freePort() {
  return new Promise((found, failed) => {
    const server = createServer();
    server.on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}
