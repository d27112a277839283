import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { readCapture, writePcap, type Packet } from '../../testing/captureFile.js';
import { LAYERS } from '../../testing/fuzzLayers.js';
import { Random } from '../../testing/random.js';
import { buildTcp, parseTcp } from '../../testing/packets.js';
import { hasTshark } from '../../testing/tshark.js';
import { runTshark, TROUBLE } from '../../testing/wiresharkMessages.js';
import { wiresharkDissector } from './dissector.js';

const fixtures = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
/** How many captures are damaged; a thousand take a quarter of an hour: ZKSCOPE_DAMAGED=1000. */
const COUNT = Number(process.env['ZKSCOPE_DAMAGED'] ?? 12);
const SEED = Number(process.env['ZKSCOPE_SEED'] ?? 16);
/** What Wireshark says of damage itself, and not of a script. */
const FILES_ONLY = /appears to be damaged|cut short|isn't a capture file|not supported|less than|bigger than/;

/** Flips bytes of payload behind its first four now and then, so that lengths stay right and what they measure does not. */
function garbled(packets: readonly Packet[], random: Random): Buffer {
  const damaged = packets.map((packet) => {
    const tcp = random.chance(0.3) ? parseTcp(packet) : undefined;
    if (tcp === undefined || tcp.payload.length < 9) return packet;
    const payload = Buffer.from(tcp.payload);
    for (let i = random.below(6); i >= 0; i--) payload[4 + random.below(payload.length - 4)] = random.below(256);
    return buildTcp({ ...tcp, payload });
  });
  return writePcap(damaged);
}

const layers = [
  ...LAYERS.filter(({ name }) => !name.startsWith('container') && !name.startsWith('cut')),
  { name: 'payload', damage: garbled },
];

it.skipIf(!hasTshark)(
  `no script fails on ${COUNT} damaged captures in tshark (where it is installed)`,
  { timeout: 30_000 + COUNT * 10_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
    try {
      const script = join(folder, 'zookeeper.lua');
      const capture = join(folder, 'damaged.pcap');
      writeFileSync(script, wiresharkDissector('test'));
      const names = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
        .filter((name) => /^(protocol|incidents|incidents2|healthy|apps).*\.pcap(ng)?(\.gz)?$/.test(name))
        .sort();
      const random = new Random(SEED);
      const sources = new Map<string, Packet[]>();
      let messages = 0;
      for (let done = 0; done < COUNT;) {
        const name = random.pick(names);
        const bytes = readFileSync(join(fixtures, name));
        const packets = sources.get(name) ?? readCapture(name.endsWith('.gz') ? gunzipSync(bytes) : bytes);
        sources.set(name, packets);
        const start = random.below(packets.length);
        const layer = random.pick(layers);
        let file: Buffer;
        try {
          file = layer.damage(packets.slice(start, start + 400), random);
        } catch {
          continue; // not every rewriting fits every link type
        }
        writeFileSync(capture, file);
        // Twice over: what was found the first time is shown again.
        const { out, trouble } = runTshark(script, capture, ['-2', '-V', '-O', 'zookeeper']);
        const told = trouble.filter((line) => TROUBLE.test(line) || !FILES_ONLY.test(line));
        expect(told, `${layer.name} of ${name} from packet ${start}, the ${done + 1}th`).toEqual([]);
        messages += out.match(/^ZooKeeper Protocol/gm)?.length ?? 0;
        done++;
      }
      expect(messages).toBeGreaterThan(COUNT * 10);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
