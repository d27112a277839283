/**
 * Shows where the processor time of a command goes: the share of each layer, and the functions that take most.
 *
 *   node bench/layers.js [--command analyze|decode] [--top N] CAPTURE
 *
 * Sampled by V8 (--cpu-prof): what a function does itself, without those that it calls.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';

const PROGRAM = fileURLToPath(new URL('rows/modules.js', import.meta.url));
const DIST = new URL('../dist/', import.meta.url).href;
/** Folders in the order that the data passes them, and what is none of ours. */
const LAYERS = ['capture', 'network', 'protocols', 'model', 'rules', 'report', 'cli', 'garbage collector', 'Node.js'];
const INTERVAL_MICROSECONDS = 250;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { command: { type: 'string', default: 'analyze' }, top: { type: 'string', default: '25' } },
});
if (positionals.length !== 1) {
  console.error('usage: node bench/layers.js [--command analyze|decode] [--top N] CAPTURE');
  process.exit(2);
}

const profile = sample(options.command, positionals[0]);
const layers = new Map(LAYERS.map((layer) => [layer, 0]));
const functions = new Map();
let total = 0;
for (const [node, microseconds] of selfTimes(profile)) {
  const { functionName, url, lineNumber } = node.callFrame;
  if (functionName === '(idle)' || functionName === '(root)') continue;
  const layer = layerOf(functionName, url);
  total += microseconds;
  layers.set(layer, (layers.get(layer) ?? 0) + microseconds);
  const place = url.startsWith(DIST) ? `${url.slice(DIST.length)}:${lineNumber + 1}` : url;
  const name = `${functionName || '(anonymous)'} ${place}`;
  functions.set(name, (functions.get(name) ?? 0) + microseconds);
}
print(
  'layer',
  [...layers].filter(([, time]) => time > 0),
);
print('function', [...functions].sort((a, b) => b[1] - a[1]).slice(0, Number(options.top)));

function sample(command, capture) {
  const folder = mkdtempSync(join(tmpdir(), 'zkscope-layers-'));
  try {
    const args = ['--cpu-prof', `--cpu-prof-interval=${INTERVAL_MICROSECONDS}`, `--cpu-prof-dir=${folder}`];
    const { status } = spawnSync(process.execPath, [...args, PROGRAM, command, '--json', capture], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) throw new Error(`${command} ended with status ${status}`);
    return JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Nodes of the call tree with the time between a sample in them and the next sample. */
function* selfTimes({ nodes, samples, timeDeltas }) {
  const times = new Map();
  for (let i = 0; i < samples.length; i++)
    times.set(samples[i], (times.get(samples[i]) ?? 0) + (timeDeltas[i + 1] ?? 0));
  for (const node of nodes) yield [node, times.get(node.id) ?? 0];
}

function layerOf(functionName, url) {
  if (functionName === '(garbage collector)') return 'garbage collector';
  return url.startsWith(DIST) ? url.slice(DIST.length).split('/')[0] : 'Node.js';
}

function print(head, rows) {
  const table = new Table({
    head: [head, 'ms', 'share'],
    colAligns: ['left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const [name, time] of rows)
    table.push([name, (time / 1000).toFixed(0), `${((100 * time) / total).toFixed(1)} %`]);
  console.log(table.toString());
}
