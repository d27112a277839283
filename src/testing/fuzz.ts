import { parseArgs } from 'node:util';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { CaptureError } from '../capture/captureError.js';
import { KeyStore } from '../protocols/tls/keys/keyStore.js';
import { documentsOf } from './documents.js';
import { readCapture, type Packet } from './captureFile.js';
import { type About, COMMAND_LINES, CommandRunner } from './fuzzCommands.js';
import { type Layer, LAYERS } from './fuzzLayers.js';
import { checkSchema } from './fuzzSchemas.js';
import { Random } from './random.js';
import { streamInput } from './readFrames.js';
import { checkRow } from './sqlRows.js';

/*
 * Fuzzing: damages real captures at every layer, makes of each all documents, records, rows of tables and a journal, and
 * runs commands over it (of all, in all forms of output, as many as asked for), and looks for what must not happen: anything
 * thrown but CaptureError, output that its schema does not allow, characters that a terminal would act on, captures that
 * are written and cannot be read, and reading that takes out of all proportion. TLS is read with its keys.
 * What it finds is kept under fixtures/fuzz, where a test reads it from then on.
 *
 * npm run fuzz -- [seconds: 60] [--rounds damaged captures, instead of a time] [--seed N] [--first round: 0]
 *                 [--packets of an input: 120] [--commands run over each: 2] [--keep all inputs]
 *
 * A round depends on nothing but its number and the seed: it damages the same capture the same way wherever it runs, and
 * a new fixture changes only the rounds that are on it. That is what CI does.
 */

const SLOWEST = 5_000;
const MOST_MEMORY = 1.5 * 1024 ** 3;

const ROOT = { path: '/', connection: 0 };
/** Bytes of payload that somebody pastes. */
const PASTED = 700;

/** What `readAll` made of a capture. */
export interface Read {
  readonly outcome: 'read' | 'refused';
  readonly about: About;
}

/** What else to make of a capture beside documents and records. */
interface Also {
  /** A journal, and all documents of that. */
  readonly journal: boolean;
  /** The rows of tables. */
  readonly rows: boolean;
}

/**
 * Reads a capture and makes of it what commands make, a journal of it as well, and holds all of it against the schemas.
 * Throws what must not be thrown.
 */
export async function readAll(
  file: Buffer,
  tlsKeys = new KeyStore(),
  also: Also = { journal: true, rows: true },
): Promise<Read> {
  const lines: string[] = [];
  let hex = '';
  let about = { ...ROOT, secured: false };
  const outcome = await unlessRefused(async () => {
    const read = await documentsOf(
      streamInput(file),
      ROOT,
      also.journal ? (line) => lines.push(line) : null,
      {
        tlsKeys,
        onSegment: ({ bytes, start, end }) => {
          if (hex.length < 2 * PASTED) hex += bytes.toString('hex', start, Math.min(end, start + PASTED));
        },
      },
      also.rows ? { add: checkRow } : null,
    );
    about = { ...read, secured: read.records.some(({ protocol }) => protocol === 'tls') };
    for (const [name, document] of Object.entries(read.documents)) checkSchema(name, document);
    for (const record of read.records) checkSchema('decode', JSON.parse(JSON.stringify(record)));
    if (!also.journal) return;
    for (const line of lines) checkSchema('journal', JSON.parse(line));
    const again = await documentsOf(streamInput(Buffer.from(`${lines.join('\n')}\n`)), ROOT);
    for (const [name, document] of Object.entries(again.documents)) checkSchema(name, document);
  });
  const journal = also.journal ? lines.map((line) => `${line}\n`).join('') : null;
  const { path, connection, secured } = about;
  return { outcome, about: { capture: file, journal, hex: hex === '' ? '00' : hex, path, connection, secured } };
}

async function unlessRefused(read: () => Promise<void>): Promise<'read' | 'refused'> {
  try {
    await read();
  } catch (error) {
    if (error instanceof CaptureError) return 'refused';
    throw error;
  }
  return 'read';
}

/** The keys of all fixtures. */
export function allKeys(): KeyStore {
  const keys = new KeyStore();
  keys.add(allKeyLogs());
  return keys;
}

/** Key logs of all fixtures, one behind the other. */
export function allKeyLogs(): Buffer {
  return Buffer.concat(fixtures(/\.keys$/).map((name) => readFileSync(`fixtures/${name}`)));
}

function fixtures(names: RegExp): string[] {
  return readdirSync('fixtures', { recursive: true, encoding: 'utf8' })
    .filter((name) => names.test(name) && !name.startsWith('fuzz'))
    .sort();
}

interface Source {
  readonly name: string;
  readonly packets: readonly Packet[];
}

function sources(): Source[] {
  return fixtures(/\.pcap(ng)?(\.gz)?$/).map((name) => {
    const bytes = readFileSync(`fixtures/${name}`);
    // A few thousand packets are enough to break on, and keep the rounds short.
    return { name, packets: readCapture(name.endsWith('.gz') ? gunzipSync(bytes) : bytes).slice(0, 3000) };
  });
}

const hash = (text: string): number => createHash('md5').update(text).digest().readUInt32LE(0);

/** One of them, which stays the same for nearly all keys where another joins them. */
function chosen(all: readonly Source[], key: string): Source {
  let [best, highest] = [all[0]!, -1];
  for (const source of all) {
    const weight = hash(`${key} ${source.name}`);
    if (weight > highest) [best, highest] = [source, weight];
  }
  return best;
}

interface Work {
  readonly seconds: number;
  readonly first: number;
  readonly rounds: number;
  readonly seed: number;
  readonly packets: number;
  readonly commands: number;
  /** Keep every input: to look at those of some rounds. */
  readonly keep: boolean;
}

/** An input of a round; null where the damage does not fit the capture. */
function damaged(all: readonly Source[], { seed, packets }: Work, round: number): Input | null {
  const source = chosen(all, `${seed} ${round}`);
  const random = new Random(hash(`${seed} ${round}`));
  const layer = random.pick(LAYERS);
  const length = 1 + random.below(source.packets.length);
  const start = random.below(source.packets.length - length + 1);
  const most = random.chance(0.1) ? 5 * packets : packets;
  try {
    const file = layer.damage(source.packets.slice(start, start + Math.min(length, most)), random);
    return { source, layer, file, random };
  } catch {
    return null; // not every rewriting fits every link type
  }
}

interface Input {
  readonly source: Source;
  readonly layer: Layer;
  readonly file: Buffer;
  readonly random: Random;
}

/** Counts by name. */
class Counts {
  private readonly counts = new Map<string, number>();

  add(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  toString(): string {
    return [...this.counts].map(([name, count]) => `${name} ${count}`).join(', ');
  }
}

/** What may be said of all rounds. */
class Tally {
  readonly layers = new Counts();
  readonly commands = new Counts();
  inputs = 0;
  refused = 0;
  slowest = { took: 0, where: 'none' };
  memory = 0;
  found = 0;

  /** Notes what a round took; what was too much. */
  took(begun: NodeJS.CpuUsage, where: string): string | null {
    const { user, system } = process.cpuUsage(begun);
    const took = Math.round((user + system) / 1000);
    if (took > this.slowest.took) this.slowest = { took, where };
    const memory = process.memoryUsage.rss();
    this.memory = Math.max(this.memory, memory);
    if (took > SLOWEST) return `took ${took} ms of CPU time`;
    return memory > MOST_MEMORY ? `${Math.round(memory / 2 ** 20)} MiB of memory` : null;
  }

  text(seed: number): string {
    const { inputs, refused, slowest, memory, found } = this;
    return [
      `fuzz: ${inputs} damaged captures (${this.layers.toString()}), ${refused} refused`,
      `commands: ${this.commands.toString()}`,
      `slowest ${slowest.took} ms (${slowest.where}), at most ${Math.round(memory / 2 ** 20)} MiB, ${found} findings, seed ${seed}`,
      '',
    ].join('\n');
  }
}

const NAMES = Object.keys(COMMAND_LINES);

async function main(work: Work): Promise<number> {
  const { seconds, first, rounds, seed, commands, keep } = work;
  const runner = new CommandRunner(allKeyLogs());
  const all = sources();
  const until = Date.now() + seconds * 1000;
  const tally = new Tally();
  const keys = allKeys();
  for (let round = first; round < first + rounds && Date.now() < until && tally.found < 10; round++) {
    const input = damaged(all, work, round);
    if (input === null) continue;
    const { layer, file, random, source } = input;
    tally.layers.add(layer.name);
    tally.inputs++;
    const begun = process.cpuUsage();
    let trouble: string | null = null;
    try {
      const { outcome, about } = await readAll(file, keys, {
        journal: random.chance(1 / 3),
        rows: random.chance(1 / 3),
      });
      if (outcome === 'refused') tally.refused++;
      for (let i = 0; i < commands; i++) {
        const name = random.pick(NAMES);
        tally.commands.add(name);
        await runner.run(random.pick(COMMAND_LINES[name]!), about);
      }
    } catch (error) {
      trouble = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    trouble ??= tally.took(begun, `round ${round}, ${layer.name} of ${source.name}`);
    if (trouble !== null) tally.found++;
    else if (!keep) continue;
    mkdirSync('fixtures/fuzz', { recursive: true });
    const name = `fixtures/fuzz/${layer.name.replaceAll(/\W+/g, '-')}-${seed}-${round}.pcap`;
    writeFileSync(name, file);
    process.stdout.write(`${name} (from ${source.name}): ${trouble ?? 'no trouble'}\n`);
  }
  runner.close();
  process.stdout.write(tally.text(seed));
  return tally.found === 0 ? 0 : 1;
}

if (process.argv[1]?.endsWith('fuzz.js') === true) {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: text, seed: text, first: text, packets: text, commands: text, keep: { type: 'boolean' } },
  });
  const { rounds, seed, first = '0', packets = '120', commands = '2' } = values;
  process.exitCode = await main({
    seconds: rounds === undefined ? Number(positionals[0] ?? 60) : Infinity,
    first: Number(first),
    rounds: Number(rounds ?? Infinity),
    seed: Number(seed ?? Date.now() % 1e6),
    packets: Number(packets),
    commands: Number(commands),
    keep: values.keep === true,
  });
}
