/**
 * Measures zkscope beside what people know, in turn and on the same file, and prints medians as multiples of tcpdump.
 *
 *   npm run bench -- [--shape fixture|dense|idle|wide] [--packets N] [--rounds N] [--rows a,b] [--file CAPTURE]
 *                    [--node PATH …] [--compare COMMIT]
 *
 * Captures are made once and kept in bench/out, the results beside them as JSON.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { generateFile, SHAPES } from './generate.js';
import { measure } from './measure.js';
import { nodeRow, ROWS } from './rows.js';

const OUT = fileURLToPath(new URL('out', import.meta.url));
const GENERATORS = fileURLToPath(new URL('generators', import.meta.url));
/** What the last release took, as multiples of tcpdump's time in the same run; measured again before each release. */
const RELEASE = new URL('release.json', import.meta.url);
/** What takes longer than this is not measured again: tshark needs half a minute for a million packets. */
const SLOW_SECONDS = 10;

const { values: options } = parseArgs({
  options: {
    shape: { type: 'string' },
    compare: { type: 'string' },
    node: { type: 'string', multiple: true, default: [] },
    packets: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    rows: { type: 'string' },
    file: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (options.help) {
  console.log(`options: --shape ${Object.keys(SHAPES).join('|')} (default fixture), --packets N (default 1000000),
  --rounds N (default 5), --node PATH for a row of analyze with another Node.js (repeatable),
  --compare COMMIT: that and this checkout in turn on the ordinary shapes, and their ratios,
  --rows ${ROWS.map((row) => row.name).join(',')}, --file CAPTURE instead of a shape`);
  process.exit();
}
const packets = wholeNumber('packets');
const rounds = wholeNumber('rounds');
const wanted = options.rows?.split(',') ?? ROWS.map((row) => row.name);
for (const name of wanted) if (!ROWS.some((row) => row.name === name)) fail(`no row ${name}`);
const shape = options.shape ?? 'fixture';
if (!Object.hasOwn(SHAPES, shape)) fail(`no shape ${shape}`);
if (options.compare !== undefined) {
  const shapes = options.shape === undefined ? ['fixture', 'dense', 'idle', 'wide'] : [shape];
  const { compare } = await import('./compare.js');
  await compare(
    options.compare,
    options.file === undefined
      ? shapes.map((name) => [name, captureOf(name, packets)])
      : [[basename(options.file), options.file]],
    rounds,
  );
  process.exit();
}

const file = options.file ?? captureOf(shape, packets);
const rows = [...ROWS.filter((row) => wanted.includes(row.name)), ...options.node.map(nodeRow)].filter((row) => {
  const why = row.missing?.(file) ?? null;
  if (why !== null) console.error(`${row.name} is left out: ${why}`);
  return why === null;
});
const runs = new Map(rows.map((row) => [row, []]));
await measure('cat', [file]); // so that the first row does not pay for the disk
for (let round = 1; round <= rounds; round++) {
  for (const row of rows) {
    const before = runs.get(row);
    if (before.length > 0 && before[0].seconds > SLOW_SECONDS) continue;
    status(`round ${round} of ${rounds}: ${row.name}`);
    const [command, ...args] = row.command(file);
    try {
      before.push(await measure(command, args));
    } catch (error) {
      console.error(`\n${row.name} is left out: ${error.message}`);
      runs.delete(row);
      rows.splice(rows.indexOf(row), 1);
    }
  }
}
status('');
report();

/** What is going on, on a terminal only. */
function status(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** The capture of a shape, made if it is not there or older than what makes it. */
function captureOf(shape, count) {
  mkdirSync(OUT, { recursive: true });
  const path = join(OUT, `${shape}-${count}.pcap`);
  const newest = Math.max(...readdirSync(GENERATORS).map((name) => statSync(join(GENERATORS, name)).mtimeMs));
  if (existsSync(path) && statSync(path).mtimeMs > newest) return path;
  status(`making ${path}`);
  generateFile(shape, count, `${path}.part`);
  renameSync(`${path}.part`, path);
  status('');
  return path;
}

function report() {
  const results = rows.map((row) => {
    const own = runs.get(row);
    return {
      name: row.name,
      command: row.text,
      rounds: own.length,
      seconds: median(own.map((run) => run.seconds)),
      fastest: Math.min(...own.map((run) => run.seconds)),
      processorSeconds: median(own.map((run) => run.processor)),
      peakBytes: Math.max(...own.map((run) => run.peak ?? 0)) || null,
    };
  });
  const floorRow = ROWS.find((row) => row.floor).name;
  const floor = results.find((result) => result.name === floorRow);
  const table = new Table({
    head: ['', `× ${floorRow}`, 'median s', 'fastest s', 'CPU ×', 'CPU s', 'peak MB', 'rounds', 'what'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const result of results) {
    result.ratio = ratio(result.seconds, floor?.seconds);
    result.processorRatio = ratio(result.processorSeconds, floor?.processorSeconds);
    table.push([
      result.name,
      number(result.ratio, 2),
      number(result.seconds, 3),
      number(result.fastest, 3),
      number(result.processorRatio, 2),
      number(result.processorSeconds, 2),
      number(result.peakBytes === null ? null : result.peakBytes / 1e6, 0),
      result.rounds,
      result.command,
    ]);
  }
  const machine = {
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: cpus().length,
    memory: totalmem(),
  };
  const size = statSync(file).size;
  console.log(`${file}: ${number(size / 1e6, 0)} MB; Node ${machine.node} on ${machine.cpus} × ${machine.cpu}`);
  console.log(table.toString());
  againstRelease(results);
  mkdirSync(OUT, { recursive: true });
  const figures = join(OUT, `results-${basename(file).replace(/\.pcap(ng)?$/, '')}.json`);
  const document = { file: basename(file), bytes: size, time: new Date().toISOString(), machine, results };
  writeFileSync(figures, `${JSON.stringify(document, null, 2)}\n`);
  console.log(`figures: ${figures}`);
}

/** Says how analyze stands to the last release, where that was measured on a capture of the same kind. Judges nothing. */
function againstRelease(results) {
  const { version, packets: measured, analyze } = JSON.parse(readFileSync(RELEASE, 'utf8'));
  const before = options.file === undefined && packets === measured ? analyze[shape] : undefined;
  const now = results.find(({ name }) => name === 'analyze')?.ratio ?? null;
  if (before === undefined || now === null) return;
  console.log(
    `analyze took ${number(now, 1)} times as long as tcpdump; ${version} ${number(before, 1)} times: ${number(now / before, 2)} of that`,
  );
}

function ratio(value, floor) {
  return value === null || floor === null || floor === undefined ? null : value / floor;
}

function median(numbers) {
  if (numbers.some((value) => value === null)) return null;
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function number(value, digits) {
  return value === null ? '-' : value.toFixed(digits);
}

function wholeNumber(name) {
  const value = Number(options[name]);
  if (!Number.isSafeInteger(value) || value < 1) fail(`--${name} is a whole number above 0`);
  return value;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
