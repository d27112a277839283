/**
 * Shows how the processor time of `zkscope analyze` grows: each shape at n, 2n and 4n packets.
 *
 *   npm run bench:doubling -- [--packets N] [--shapes a,b] [--rounds N]
 *
 * The time of an empty capture is taken off. Twice the packets may cost twice the time, a little more where they no longer
 * fit into the processor's caches; a cost that grows with the square shows as four times.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { generateFile, SHAPES } from './generate.js';
import { measure } from './measure.js';

const OUT = fileURLToPath(new URL('out', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../bin/zkscope.js', import.meta.url));
/** From here on a ratio is no measuring error any more. */
const SUSPICIOUS = 2.8;

const { values: options } = parseArgs({
  options: {
    packets: { type: 'string', default: '50000' },
    rounds: { type: 'string', default: '3' },
    shapes: { type: 'string', default: Object.keys(SHAPES).join(',') },
  },
});
const packets = Number(options.packets);
const shapes = options.shapes.split(',');
for (const shape of shapes) if (!Object.hasOwn(SHAPES, shape)) throw new Error(`no shape ${shape}`);
mkdirSync(OUT, { recursive: true });
const file = join(OUT, `doubling-${process.pid}.pcap`);

const table = new Table({
  head: ['', 'n', 's', '2n', '4n', '2n / n', '4n / 2n', 'peak MB of 4n', ''],
  colAligns: ['left', ...new Array(7).fill('right'), 'left'],
  style: { head: [], border: [], compact: true },
});
const results = [];
try {
  const empty = await fastest('syn-flood', 1);
  for (const shape of shapes) {
    const runs = [];
    for (const times of [1, 2, 4]) runs.push(await fastest(shape, packets * times));
    const seconds = runs.map((run) => Math.max(run.processor - empty.processor, 0));
    const ratios = [seconds[1] / seconds[0], seconds[2] / seconds[1]];
    const peakBytes = runs[2].peak;
    results.push({ shape, packets, seconds, ratios, peakBytes });
    const remark = ratios.every((ratio) => ratio > SUSPICIOUS) ? 'more than linear' : '';
    const texts = [...seconds, ...ratios].map((value) => value.toFixed(2));
    table.push([shape, packets, ...texts, (peakBytes / 1e6).toFixed(0), remark]);
    if (process.stderr.isTTY) process.stderr.write(`${shape}: ${texts.join(' ')}\n`);
  }
} finally {
  rmSync(file, { force: true });
}
console.log(table.toString());
const figures = join(OUT, 'results-doubling.json');
writeFileSync(
  figures,
  `${JSON.stringify({ time: new Date().toISOString(), node: process.version, results }, null, 2)}\n`,
);
console.log(`figures: ${figures}`);

/** The run that took the least processor time. */
async function fastest(shape, count) {
  generateFile(shape, count, file);
  let best = null;
  for (let round = 0; round < Number(options.rounds); round++) {
    const run = await measure(process.execPath, [PROGRAM, 'analyze', '--json', file]);
    if (run.processor === null) throw new Error('processor time is measured by GNU time, which is not installed');
    if (best === null || run.processor < best.processor) best = run;
  }
  return best;
}
