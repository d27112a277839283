/**
 * Shows that memory does not depend on the length of a capture, nor on what is in it: the peak of `zkscope analyze -`, or of
 * other commands, on a pipe that brings ever more of the same, held against the most that README states. Exits with 1 where
 * it is more. Commands that read twice get a file.
 *
 *   npm run bench:endless -- [--shapes fixture,idle,wide,dense] [--packets 1000000,2000000,5000000,10000000]
 *   npm run bench:endless -- --shapes hostile --packets 1000000
 *   npm run bench:endless -- --shapes hostile --packets 1000000 --commands all
 *   npm run bench:endless -- --shapes fixture --minutes 10
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { clearInterval, setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { generateFile, HOSTILE } from './generate.js';

const OUT = fileURLToPath(new URL('out', import.meta.url));
const GENERATE = fileURLToPath(new URL('generate.js', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../bin/zkscope.js', import.meta.url));
const POLL_MILLISECONDS = 100;
const MINUTE = 60_000;
const MEBI = 1024 * 1024;
/** The most that the program may have resident, in MiB: of traffic as it is, and of what a stranger sends. */
const MOST = { real: 165, hostile: 300 };
/** More packets than anybody waits for. */
const ENDLESS = 1e12;

/** What is asked of each command, before the capture. */
const COMMANDS = {
  analyze: ['--json'],
  decode: ['--json'],
  journal: ['decode', '--json', '--connections'],
  stats: ['--json', '--by', 'path,client,session'],
  top: ['--json', '--interval', '10s'],
  sessions: ['--json'],
  tree: ['--json'],
  path: ['--json', '--', '/services'],
  leases: ['--json'],
  follow: ['--json', '--', '10.128.1.0:40000'],
  record: ['-o', join(OUT, 'endless.ndjson')],
  anonymize: [],
  annotate: [],
  slice: ['--op', 'getData'],
  report: ['--markdown'],
};
/** Those that read their capture twice. */
const TWICE = new Set(['annotate', 'slice', 'report']);
/** Status of a command that has found nothing to write. */
const NOTHING = 2;

const { values: options } = parseArgs({
  options: {
    commands: { type: 'string', default: 'analyze' },
    shapes: { type: 'string', default: 'fixture,idle,wide,dense' },
    packets: { type: 'string', default: '1000000,2000000,5000000,10000000' },
    minutes: { type: 'string' },
  },
});
const shapes = options.shapes === 'hostile' ? Object.keys(HOSTILE) : options.shapes.split(',');
const commands = options.commands === 'all' ? Object.keys(COMMANDS) : options.commands.split(',');
const minutes = options.minutes === undefined ? null : Number(options.minutes);
const lengths = minutes === null ? options.packets.split(',').map(Number) : [ENDLESS];
const table = new Table({
  head: [
    'peak MB',
    ...lengths.map((count) => (minutes === null ? `${count / 1e6} M packets` : `${minutes} minutes`)),
    'at most',
  ],
  colAligns: ['left', ...lengths.map(() => 'right'), 'right'],
  style: { head: [], border: [], compact: true },
});
const results = [];
for (const shape of shapes) {
  const most = Object.hasOwn(HOSTILE, shape) ? MOST.hostile : MOST.real;
  for (const command of commands) {
    const name = command === 'analyze' ? shape : `${shape}, ${command}`;
    const row = [];
    for (const packets of lengths) {
      const result = await measure(shape, command, packets);
      row.push(result.peakBytes);
      results.push({ shape, command, packets: minutes === null ? packets : null, mostBytes: most * MEBI, ...result });
      const curve = result.byMinute.length === 0 ? '' : `, by minute ${result.byMinute.map(megabytes).join(' ')}`;
      const what = `${name}${minutes === null ? ` ${packets}` : ''}: ${megabytes(result.peakBytes)} MB${curve}`;
      if (process.stderr.isTTY || minutes !== null || commands.length > 1) process.stderr.write(`${what}\n`);
      if (result.peakBytes > most * MEBI) process.exitCode = 1;
    }
    table.push([name, ...row.map((peak) => `${megabytes(peak)}${peak > most * MEBI ? ' !' : ''}`), most]);
  }
}
console.log(table.toString());
if (process.exitCode === 1) console.log('!: more than is stated');
mkdirSync(OUT, { recursive: true });
const figures = join(OUT, 'results-endless.json');
writeFileSync(
  figures,
  `${JSON.stringify({ time: new Date().toISOString(), node: process.version, results }, null, 2)}\n`,
);
console.log(`figures: ${figures}`);

function megabytes(bytes) {
  return (bytes / MEBI).toFixed(0);
}

/** Resident memory of a process, now and at most until now, as Linux tells it; null where it has ended. */
function memoryOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const [now, most] = ['VmRSS', 'VmHWM'].map((name) => new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status));
    return now === null || most === null ? null : { now: Number(now[1]) * 1024, most: Number(most[1]) * 1024 };
  } catch {
    return null;
  }
}

/** Generates into a pipe, or into a file, and reads from it, until the packets, or the minutes, are over. */
async function measure(shape, command, packets) {
  if (!TWICE.has(command)) return run(shape, command, packets, '-');
  const capture = join(OUT, `endless-${process.pid}.pcap`);
  mkdirSync(OUT, { recursive: true });
  try {
    generateFile(shape, packets, capture);
    return await run(shape, command, packets, capture);
  } finally {
    rmSync(capture, { force: true });
  }
}

function run(shape, command, packets, capture) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const generator =
      capture === '-'
        ? spawn(process.execPath, [GENERATE, shape, '--packets', String(packets)], {
            stdio: ['ignore', 'pipe', 'inherit'],
          })
        : null;
    const asked = command === 'journal' ? COMMANDS[command] : [command, ...COMMANDS[command]];
    const analysis = spawn(process.execPath, [PROGRAM, ...asked, capture], {
      stdio: [generator?.stdout ?? 'ignore', 'ignore', 'ignore'],
    });
    generator?.stdout.destroy(); // the child has its own end of it
    let peakBytes = 0;
    const byMinute = [];
    const poll = setInterval(() => {
      const memory = memoryOf(analysis.pid);
      if (memory === null) return;
      peakBytes = Math.max(peakBytes, memory.most);
      if (minutes === null || performance.now() - start < (byMinute.length + 1) * MINUTE) return;
      byMinute.push(memory.now);
      // What is read until now is analysed, as at the end of any capture; its last packet may be cut.
      if (byMinute.length >= minutes) generator?.kill();
    }, POLL_MILLISECONDS);
    analysis.on('error', reject);
    analysis.on('close', (status) => {
      clearInterval(poll);
      if (status === 0 || status === NOTHING)
        resolve({ peakBytes, byMinute, seconds: (performance.now() - start) / 1000 });
      else reject(new Error(`${command} of ${shape} ended with status ${status}`));
    });
  });
}
