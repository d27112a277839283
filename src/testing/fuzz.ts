import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { CaptureError } from '../capture/captureError.js';
import { KeyStore } from '../protocols/tls/keys/keyStore.js';
import { documentsOf } from './documents.js';
import { readCapture, writePcap, type Packet } from './captureFile.js';
import { writePcapng } from './pcapngFile.js';
import { flipped, mutated, retransmitted, snapped, swapped, thinned } from './lossRewriting.js';
import { Random } from './random.js';
import { streamInput } from './readFrames.js';
import { LINK_VARIANTS, STREAM_VARIANTS } from './variants.js';

/*
 * Fuzzing: damages real captures at every layer, reads them as all commands do (their TLS with its keys), and looks for
 * what must not happen: anything thrown but CaptureError, output that its schema does not allow, and reading that takes out
 * of all proportion.
 * What it finds is kept under fixtures/fuzz, where a test reads it from then on.
 *
 * npm run fuzz -- [seconds: 60] [--rounds damaged captures, instead of a time] [--seed N] [--packets of an input: 120]
 *
 * The same seed and rounds damage the same captures the same way wherever it runs: that is what CI does.
 */

const ROOT = pathToFileURL(`${process.cwd()}/`);
const ABOUT = { path: '/', connection: 0 };
const SLOWEST = 5_000;
const MOST_MEMORY = 1.5 * 1024 ** 3;

export interface Layer {
  readonly name: string;
  damage(packets: readonly Packet[], random: Random): Buffer;
}

export const LAYERS: readonly Layer[] = [
  { name: 'container, pcap', damage: (packets, random) => flipped(writePcap(packets), random, 1 + random.below(20)) },
  {
    name: 'container, pcapng',
    damage: (packets, random) => flipped(writePcapng(packets), random, 1 + random.below(20)),
  },
  {
    name: 'cut',
    damage: (packets, random) => {
      const file = writePcap(packets);
      return file.subarray(0, random.below(file.length));
    },
  },
  {
    name: 'cut, pcapng',
    damage: (packets, random) => {
      const file = writePcapng(packets);
      return file.subarray(0, random.below(file.length));
    },
  },
  { name: 'frames', damage: (packets, random) => writePcap(mutated(packets, random, 1 + random.below(60))) },
  {
    name: 'link layer',
    damage: (packets, random) =>
      writePcap(mutated(pick(random, Object.values(LINK_VARIANTS))(packets), random, 1 + random.below(40))),
  },
  {
    name: 'segments',
    damage: (packets, random) =>
      writePcap(mutated(pick(random, Object.values(STREAM_VARIANTS))(packets), random, 1 + random.below(40))),
  },
  {
    name: 'loss',
    damage: (packets, random) =>
      writePcap(thinned(swapped(packets, { seed: random.below(1e9) }), random.below(1e9), random.next() / 2)),
  },
  {
    name: 'snap length',
    damage: (packets, random) => writePcap(snapped(retransmitted(packets, random.below(1e9)), 40 + random.below(160))),
  },
  { name: 'records', damage: (packets, random) => writePcap(packets.map((packet) => falsified(packet, random))) },
];

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)]!;
}

const LENGTHS = [
  0, 1, 7, 8, 15, 16, 0x7fffffff, 0x80000000, 0xffffffff, 0x00ffffff, 0x08000000, 0x47455420, 0x16030100,
];

/** Puts a length or count that lies where one may stand in a ZooKeeper message: 4 bytes aligned to nothing in the payload. */
function falsified(packet: Packet, random: Random): Packet {
  const payload = 66;
  if (packet.data.length < payload + 8 || random.next() > 0.05) return packet;
  const data = Buffer.from(packet.data);
  const at = payload + random.below(Math.min(64, data.length - payload - 4));
  data.writeUInt32BE(pick(random, LENGTHS), at);
  return { ...packet, data };
}

const validators = new Map<string, ValidateFunction>();

function schema(name: string): ValidateFunction {
  let validate = validators.get(name);
  if (validate === undefined) {
    const text = readFileSync(new URL(`docs/schemas/${name}.json`, ROOT), 'utf8');
    validate = new Ajv2020({ strict: false }).compile(JSON.parse(text) as object);
    validators.set(name, validate);
  }
  return validate;
}

function check(name: string, value: unknown): void {
  const validate = schema(name);
  if (!validate(value)) throw new Error(`${name}: ${JSON.stringify(validate.errors)}`);
}

/**
 * Reads a capture as all commands do, a journal of it as well, and holds what they print against its schemas. Throws what
 * must not be thrown.
 */
export async function readAll(file: Buffer, keys?: KeyStore): Promise<'read' | 'refused'> {
  const lines: string[] = [];
  try {
    const read = await documentsOf(streamInput(file), ABOUT, (line) => lines.push(line), keys);
    for (const [name, document] of Object.entries(read.documents)) check(name, document);
    for (const record of read.records) check('decode', JSON.parse(JSON.stringify(record)));
    for (const line of lines) check('journal', JSON.parse(line));
    const again = await documentsOf(streamInput(Buffer.from(`${lines.join('\n')}\n`)), ABOUT);
    for (const [name, document] of Object.entries(again.documents)) check(name, document);
  } catch (error) {
    if (error instanceof CaptureError) return 'refused';
    throw error;
  }
  return 'read';
}

/** Key logs of all fixtures. */
export function allKeys(): KeyStore {
  const keys = new KeyStore();
  for (const name of readdirSync('fixtures', { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.keys')) keys.add(readFileSync(`fixtures/${name}`));
  return keys;
}

function captures(folder: string): { name: string; packets: Packet[] }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name) && !name.startsWith('fuzz'))
    .map((name) => {
      const bytes = readFileSync(`${folder}/${name}`);
      // A few thousand packets are enough to break on, and keep the rounds short.
      return { name, packets: readCapture(name.endsWith('.gz') ? gunzipSync(bytes) : bytes).slice(0, 3000) };
    });
}

interface Work {
  readonly seconds: number;
  readonly rounds: number;
  readonly seed: number;
  readonly packets: number;
}

async function main({ seconds, rounds: most, seed, packets }: Work): Promise<number> {
  const random = new Random(seed);
  const sources = captures('fixtures');
  const until = Date.now() + seconds * 1000;
  const counts = new Map<string, number>();
  let refused = 0;
  let found = 0;
  const keys = allKeys();
  let slowest = 0;
  let memory = 0;
  let rounds = 0;
  for (; rounds < most && Date.now() < until; rounds++) {
    const source = pick(random, sources);
    const layer = pick(random, LAYERS);
    const length = 1 + random.below(source.packets.length);
    const start = random.below(source.packets.length - length + 1);
    let file: Buffer;
    try {
      file = layer.damage(
        source.packets.slice(start, start + Math.min(length, random.chance(0.1) ? 5 * packets : packets)),
        random,
      );
    } catch {
      continue; // not every rewriting fits every link type
    }
    counts.set(layer.name, (counts.get(layer.name) ?? 0) + 1);
    const begun = process.cpuUsage();
    let trouble: string | null = null;
    try {
      if ((await readAll(file, keys)) === 'refused') refused++;
    } catch (error) {
      trouble = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    const { user, system } = process.cpuUsage(begun);
    const took = Math.round((user + system) / 1000);
    slowest = Math.max(slowest, took);
    memory = Math.max(memory, process.memoryUsage().rss);
    if (took > SLOWEST) trouble ??= `took ${took} ms of CPU time`;
    if (process.memoryUsage().rss > MOST_MEMORY)
      trouble ??= `${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB of memory`;
    if (trouble === null) continue;
    found++;
    mkdirSync('fixtures/fuzz', { recursive: true });
    const name = `fixtures/fuzz/${layer.name.replaceAll(/\W+/g, '-')}-${seed}-${rounds}.pcap`;
    writeFileSync(name, file);
    process.stdout.write(`${name} (from ${source.name}): ${trouble}\n`);
    if (found >= 10) break;
  }
  const byLayer = [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
  process.stdout.write(
    `fuzz: ${rounds} damaged captures (${byLayer}), ${refused} refused, slowest ${slowest} ms, at most ${Math.round(memory / 2 ** 20)} MiB, ${found} findings, seed ${seed}\n`,
  );
  return found === 0 ? 0 : 1;
}

if (process.argv[1]?.endsWith('fuzz.js') === true) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: 'string' }, seed: { type: 'string' }, packets: { type: 'string', default: '120' } },
  });
  process.exitCode = await main({
    seconds: values.rounds === undefined ? Number(positionals[0] ?? 60) : Infinity,
    rounds: Number(values.rounds ?? Infinity),
    seed: Number(values.seed ?? Date.now() % 1e6),
    packets: Number(values.packets),
  });
}
