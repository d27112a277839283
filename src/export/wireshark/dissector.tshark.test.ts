import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decode } from '../../index.js';
import type { MessageRecord } from '../../observations/record.js';
import { readCapture, writePcap, type Packet } from '../../testing/captureFile.js';
import { hasTshark } from '../../testing/tshark.js';
import { LINK_VARIANTS, STREAM_VARIANTS } from '../../testing/variants.js';
import { comparable, wiresharkMessages } from '../../testing/wiresharkMessages.js';
import { wiresharkDissector } from './dissector.js';

const fixtures = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
/** All fixtures take minutes: ZKSCOPE_ALL_FIXTURES=1. */
const LARGEST = process.env['ZKSCOPE_ALL_FIXTURES'] === undefined ? 25_000 : Infinity;

/**
 * What Wireshark cannot say: an answer that a client's RST cut goes on behind it; after a loss that no payload shows, which
 * of two pings was answered; and behind a hole TLS stays closed.
 */
const BEYOND = ['incidents/maxbuffer-loop', 'healthy/election-one-host-lossy', 'tls/loss-cut'];

let folder = '';
let script = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
  script = join(folder, 'zookeeper.lua');
  writeFileSync(script, wiresharkDissector('test'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function captures(): string[] {
  return readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name) && !/^(fuzz|etcd|quorum)/.test(name))
    .filter((name) => statSync(join(fixtures, name)).size <= LARGEST)
    .filter((name) => !BEYOND.some((beyond) => name.startsWith(beyond)));
}

/** The capture in another form, as a file. */
function rewritten(name: string, rewrite: (packets: readonly Packet[]) => Packet[]): string {
  const path = join(folder, 'rewritten.pcap');
  writeFileSync(path, writePcap(rewrite(readCapture(readFileSync(join(fixtures, name))))));
  return path;
}

async function decoded(capture: string, keys: string | null): Promise<MessageRecord[]> {
  const records: MessageRecord[] = [];
  for await (const message of decode(capture, keys === null ? {} : { tlsKeys: [keys] })) {
    const record = message as unknown as MessageRecord;
    // A message that never became whole Wireshark holds back.
    if (record['protocol'] === 'zookeeper' && record['kind'] !== 'gap' && record['truncated'] !== true)
      records.push(record);
  }
  // The answer to a four-letter word is told when the server ends it.
  return records.sort((a, b) => Number(a['frame']) - Number(b['frame']));
}

const keysOf = (path: string): string | null => {
  const keys = path.replace(/\.pcap(ng)?(\.gz)?$/, '.keys');
  return existsSync(keys) ? keys : null;
};

describe.skipIf(!hasTshark)('the dissector in tshark (where it is installed)', () => {
  for (const name of captures()) {
    it(`says of ${name} what zkscope says, message for message`, { timeout: 120_000 }, async () => {
      const path = join(fixtures, name);
      const keys = keysOf(path);
      const expected = await decoded(path, keys);
      const { messages, trouble } = wiresharkMessages(
        script,
        path,
        keys === null ? [] : ['-o', `tls.keylog_file:${keys}`],
      );
      expect(trouble).toEqual([]);
      expect(messages).toEqual(expected.map(comparable));
    });
  }

  // Segments that come late are kept from dissectors but with this preference.
  const ORDERED = ['-o', 'tcp.reassemble_out_of_order:TRUE'];
  // An answer that was captured before its request finds none in Wireshark, which dissects packets as they come.
  const EARLY_ANSWERS = 'neighbours swapped';
  for (const [variant, rewrite] of Object.entries({ ...STREAM_VARIANTS, ...LINK_VARIANTS })) {
    if (variant === EARLY_ANSWERS) continue;
    it(`says the same of every opcode: ${variant}`, { timeout: 120_000 }, async () => {
      const path = rewritten('protocol/every-opcode.pcap', rewrite);
      const { messages, trouble } = wiresharkMessages(script, path, [...ORDERED, '-d', 'udp.port==8472,vxlan']);
      expect(trouble).toEqual([]);
      expect(messages).toEqual((await decoded(path, null)).map(comparable));
    });
  }
});
