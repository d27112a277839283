import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decode } from '../../index.js';
import type { MessageRecord } from '../../observations/record.js';
import { readCapture, writePcap, type Packet } from '../../testing/captureFile.js';
import { snapped, thinned } from '../../testing/lossRewriting.js';
import { hasTshark } from '../../testing/tshark.js';
import { LINK_VARIANTS, STREAM_VARIANTS } from '../../testing/variants.js';
import { comparable, runTshark, wiresharkMessages } from '../../testing/wiresharkMessages.js';
import { wiresharkDissector } from './dissector.js';

const fixtures = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
/** All fixtures, and all links and tunnels, take minutes: ZKSCOPE_ALL_FIXTURES=1. */
const ALL = process.env['ZKSCOPE_ALL_FIXTURES'] !== undefined;
const LARGEST = ALL ? Infinity : 25_000;
const SOME_LINKS = ['cooked v2', 'IPv6', 'VXLAN', 'IPv6 in GRE'];

/**
 * What Wireshark cannot say: an answer that a client's RST cut goes on behind it; after a loss that no payload shows, which
 * of two pings was answered; behind a hole TLS stays closed; and what fills a hole later is not handed on, as long as
 * tcp.reassemble_out_of_order is off.
 */
const BEYOND = ['incidents/maxbuffer-loop', 'healthy/election-one-host-lossy', 'tls/loss-cut', 'pairs/'];

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

async function decoded(capture: string, keys: string | null, cut = false): Promise<MessageRecord[]> {
  const records: MessageRecord[] = [];
  for await (const message of decode(capture, keys === null ? {} : { tlsKeys: [keys] })) {
    const record = message as unknown as MessageRecord;
    // A message that never became whole Wireshark holds back.
    if (record['protocol'] === 'zookeeper' && record['kind'] !== 'gap' && (cut || record['truncated'] !== true))
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
    if (variant === EARLY_ANSWERS || !(ALL || variant in STREAM_VARIANTS || SOME_LINKS.includes(variant))) continue;
    it(`says the same of every opcode: ${variant}`, { timeout: 120_000 }, async () => {
      const path = rewritten('protocol/every-opcode.pcap', rewrite);
      const { messages, trouble } = wiresharkMessages(script, path, [...ORDERED, '-d', 'udp.port==8472,vxlan']);
      expect(trouble).toEqual([]);
      expect(messages).toEqual((await decoded(path, null)).map(comparable));
    });
  }

  it('finds the same messages where packets are missing; which of two pings was answered it may not know', async () => {
    const path = rewritten('protocol/reconnect-setwatches.pcap', (packets) => thinned(packets, 1, 0.1));
    const known = (record: MessageRecord): MessageRecord =>
      record['op'] === 'ping' ? { ...record, latency: null, requestFrame: null } : record;
    const { messages, trouble } = wiresharkMessages(script, path);
    expect(trouble).toEqual([]);
    expect(messages.map(known)).toEqual((await decoded(path, null)).map(comparable).map(known));
  });

  it('finds the headers of messages that the snap length cut', async () => {
    const path = rewritten('protocol/every-opcode.pcap', (packets) => snapped(packets, 96));
    const header = ({ frame, kind, xid, zxid, err }: MessageRecord): unknown[] => [frame, kind, xid, zxid, err];
    const { messages, trouble } = wiresharkMessages(script, path);
    expect(trouble).toEqual([]);
    expect(messages.map(header)).toEqual((await decoded(path, null, true)).map(header));
  });

  it('finds by a filter what it shows in the tree, where it adds only what is asked for', { timeout: 120_000 }, () => {
    const path = join(fixtures, 'protocol/every-opcode.pcap');
    const filters = [
      ...['zookeeper.path contains "every"', 'zookeeper.children == "c2"', 'zookeeper.stat.version > 0'],
      ...['zookeeper.acl.scheme == "world"', 'zookeeper.multi.opcode == "delete"', 'zookeeper.data.length > 3'],
      ...['zookeeper.latency > 0.01', 'zookeeper.answer contains "zookeeper.version"'],
    ];
    for (const filter of filters) {
      const frames = ['-T', 'fields', '-e', 'frame.number'];
      const seen = runTshark(script, path, [...frames, '-Y', filter]);
      const listed = runTshark(script, path, ['-Y', filter, '-o', 'gui.column.format:"No.","%m"']);
      expect([...seen.trouble, ...listed.trouble]).toEqual([]);
      expect(listed.out.replaceAll(' ', ''), filter).toBe(seen.out);
      expect(seen.out, filter).not.toBe('');
    }
  });

  it(
    'finds ZooKeeper on other ports by its handshake, in TLS too, and on ports that the preferences name',
    { timeout: 120_000 },
    () => {
      const path = join(fixtures, 'protocol/mid-stream.pcap');
      const whole = wiresharkMessages(script, path).messages;
      expect(whole.length).toBeGreaterThan(500);
      const without = ['-o', 'zookeeper.ports:2190', '-o', 'zookeeper.tls_ports:2190'];
      const named = ['-o', 'zookeeper.ports:2100-2190', '-o', 'zookeeper.tls_ports:1'];
      expect(wiresharkMessages(script, path, named).messages).toEqual(whole);
      const opcodes = join(fixtures, 'protocol/zkcli.pcap');
      expect(wiresharkMessages(script, opcodes, without).messages).toEqual(wiresharkMessages(script, opcodes).messages);
      const tls = join(fixtures, 'tls/setwatches.pcap.gz');
      const keys = ['-o', `tls.keylog_file:${keysOf(tls) ?? ''}`];
      const inside = wiresharkMessages(script, tls, keys).messages;
      expect(inside.length).toBe(73);
      expect(wiresharkMessages(script, tls, [...keys, ...without]).messages).toEqual(inside);
    },
  );

  it('names no data and no credentials in the Info column', () => {
    const info = (name: string): string =>
      runTshark(script, join(fixtures, name), ['-Y', 'zookeeper', '-o', 'gui.column.format:"Info","%i"']).out;
    const text = info('protocol/every-opcode.pcap');
    expect(text).toContain('auth xid=');
    expect(text).toMatch(/setData xid=\d+ \/\S+ \d+ bytes/);
    for (const secret of ['digest', 'passw', 'secret']) expect(text).not.toContain(secret);
  });
});
