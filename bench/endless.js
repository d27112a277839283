/**
 * Shows that memory does not depend on the length of a capture: the peak of `zkscope analyze -` on a pipe that brings ever
 * more of the same.
 *
 *   npm run bench:endless -- [--shapes fixture,idle,wide,dense] [--packets 1000000,2000000,5000000,10000000]
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { clearInterval, setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';

const OUT = fileURLToPath(new URL('out', import.meta.url));
const GENERATE = fileURLToPath(new URL('generate.js', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../bin/zkscope.js', import.meta.url));
const POLL_MILLISECONDS = 200;

const { values: options } = parseArgs({
  options: {
    shapes: { type: 'string', default: 'fixture,idle,wide,dense' },
    packets: { type: 'string', default: '1000000,2000000,5000000,10000000' },
  },
});
const lengths = options.packets.split(',').map(Number);
const table = new Table({
  head: ['peak MB', ...lengths.map((count) => `${count / 1e6} M packets`)],
  colAligns: ['left', ...lengths.map(() => 'right')],
  style: { head: [], border: [], compact: true },
});
const results = [];
for (const shape of options.shapes.split(',')) {
  const row = [];
  for (const packets of lengths) {
    const { peak, seconds } = await analyse(shape, packets);
    row.push(peak);
    results.push({ shape, packets, peakBytes: peak, seconds });
    if (process.stderr.isTTY) process.stderr.write(`${shape} ${packets}: ${(peak / 1e6).toFixed(0)} MB\n`);
  }
  table.push([shape, ...row.map((peak) => (peak / 1e6).toFixed(0))]);
}
console.log(table.toString());
mkdirSync(OUT, { recursive: true });
const figures = join(OUT, 'results-endless.json');
writeFileSync(
  figures,
  `${JSON.stringify({ time: new Date().toISOString(), node: process.version, results }, null, 2)}\n`,
);
console.log(`figures: ${figures}`);

/** Generates into a pipe and analyses from it; the peak of resident memory is asked of Linux now and then. */
function analyse(shape, packets) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const generator = spawn(process.execPath, [GENERATE, shape, '--packets', String(packets)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const analysis = spawn(process.execPath, [PROGRAM, 'analyze', '--json', '-'], {
      stdio: [generator.stdout, 'ignore', 'ignore'],
    });
    generator.stdout.destroy(); // the child has its own end of it
    let peak = 0;
    const poll = setInterval(() => {
      try {
        const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${analysis.pid}/status`, 'utf8'));
        if (match !== null) peak = Math.max(peak, Number(match[1]) * 1024);
      } catch {
        // It has ended.
      }
    }, POLL_MILLISECONDS);
    analysis.on('error', reject);
    analysis.on('close', (status) => {
      clearInterval(poll);
      if (status === 0) resolve({ peak, seconds: (performance.now() - start) / 1000 });
      else reject(new Error(`analyze of ${shape} ended with status ${status}`));
    });
  });
}
