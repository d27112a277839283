import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCapture, writePcap, type Packet } from '../testing/captureFile.js';
import { LAYERS, type Layer } from '../testing/fuzzLayers.js';
import { writePcapng } from '../testing/pcapngFile.js';
import { Random } from '../testing/random.js';
import { runCli } from '../testing/runCli.js';

/** What `zkscope schema` promises holds for captures that are damaged in every way, of every command. */

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const sources = [
  'incidents/sidecar-drop.pcap',
  'incidents/rpcx-blind-window.pcap.gz',
  'protocol/every-opcode.pcap',
  'etcd/lease-storm.pcapng.gz',
  'quorum/leader-killed.pcap.gz',
].map((name) => {
  const bytes = readFileSync(FIXTURES + name);
  return { name, packets: readCapture(name.endsWith('.gz') ? gunzipSync(bytes) : bytes).slice(0, 2000) };
});

const timed = (packet: Packet, seconds: number): Packet => ({ ...packet, seconds });

/** Damage to times, which the layers of the fuzzer leave mostly alone. */
const TIMES: readonly Layer[] = [
  {
    name: 'times backwards',
    damage: (packets) => writePcap(packets.map((p, i) => timed(p, packets.at(-1 - i)!.seconds))),
  },
  {
    name: 'times anywhere',
    damage: (packets, random) =>
      writePcap(packets.map((p) => (random.chance(0.1) ? timed(p, random.below(2 ** 32)) : p))),
  },
  {
    name: 'times beyond the years, pcapng',
    damage: (packets, random) =>
      writePcapng(packets.map((p) => (random.chance(0.1) ? timed(p, random.below(2 ** 43)) : p))),
  },
  {
    name: 'bits all set',
    damage: (packets, random) =>
      writePcap(
        packets.map((packet) => {
          if (packet.data.length < 90 || !random.chance(0.3)) return packet;
          const data = Buffer.from(packet.data);
          const at = 66 + random.below(data.length - 82);
          data.fill(0xff, at, at + 7).writeUInt8(0xf0, at + 7);
          return { ...packet, data };
        }),
      ),
  },
];

const commands: readonly (readonly string[])[] = [
  ['analyze'],
  ['decode', '--data'],
  ['stats', '--by', 'op,path,client,error', '--interval', '1s'],
  ['sessions'],
  ['tree'],
  ['tree', '--at', '+2s'],
  ['leases'],
  ['path', '/'],
  ['follow', '0'],
  ['follow', '1'],
  ['diff', '--at', '+2s'],
  ['report'],
];

const schemas = new Map<string, ValidateFunction>();
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
  const ajv = new Ajv2020({ strict: false });
  for (const name of new Set(commands.map(([command]) => command!)))
    schemas.set(name, ajv.compile(JSON.parse((await runCli('schema', name)).stdout) as object));
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Problems of what the command printed, none where it keeps its promise. */
async function broken(argv: readonly string[], ...files: readonly string[]): Promise<string | null> {
  const { status, stdout, stderr } = await runCli(...argv, '--json', ...files);
  if (stderr.includes('internal error')) return stderr;
  if (status === 2) return stdout === '' ? null : `exit status 2, and output: ${stdout.slice(0, 200)}`;
  const validate = schemas.get(argv[0]!)!;
  for (const text of argv[0] === 'decode' ? stdout.split('\n') : [stdout]) {
    if (text === '') continue;
    if (!validate(JSON.parse(text))) return `${JSON.stringify(validate.errors)} in ${text.slice(0, 400)}`;
  }
  return null;
}

describe('captures of several hosts', () => {
  const hosts = ['incidents/sidecar-drop.pcap', 'incidents/rewatch-missing.pcap'].map(
    (name, i) => `zk${i}=${FIXTURES}${name}`,
  );

  it.each(commands.map((argv) => [argv.join(' '), argv] as const))(
    'keep every promise: %s',
    { timeout: 60_000 },
    async (_, argv) => {
      expect(await broken(argv, ...hosts)).toBeNull();
    },
  );

  it('name frames as their hosts do, in what diff finds', { timeout: 60_000 }, async () => {
    const { stdout } = await runCli('diff', '--at', '+2s', '--json', ...hosts);
    const frames = [...stdout.matchAll(/"frame": (\d+),\s*"host": "(zk\d)"/g)];
    expect(new Set(frames.map(([, , host]) => host))).toEqual(new Set(['zk0', 'zk1']));
    expect(Math.max(...frames.map(([, frame]) => Number(frame)))).toBeLessThan(600);
  });
});

const ROUNDS = Number(process.env['ZKSCOPE_ROUNDS'] ?? 2);

describe.each([...TIMES, ...LAYERS])('captures with damage: $name', (layer) => {
  it('keep every promise', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const random = new Random(1000 * round + layer.name.length);
      const { name, packets } = sources[random.below(sources.length)]!;
      const start = random.below(Math.max(1, packets.length - 150));
      let bytes: Buffer;
      try {
        bytes = layer.damage(packets.slice(start, start + 150), random);
      } catch {
        continue; // not every rewriting fits every link type
      }
      const file = join(folder, 'damaged.pcap');
      writeFileSync(file, bytes);
      for (const argv of commands)
        expect([name, round, argv.join(' '), await broken(argv, file)]).toEqual([name, round, argv.join(' '), null]);
    }
  }, 300_000);
});
