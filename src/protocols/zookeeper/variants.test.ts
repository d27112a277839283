import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCapture, writePcap, type Packet } from '../../testing/captureFile.js';
import { conversations, decodeBytes } from '../../testing/decodeBytes.js';
import { LINK_VARIANTS, STREAM_VARIANTS } from '../../testing/variants.js';

const NAMES = [
  'every-opcode.pcap',
  'c-client.pcap',
  'go-client.pcap',
  'kazoo-client.pcap',
  'reconnect-setwatches.pcap',
];

function packetsOf(name: string): Packet[] {
  return readCapture(readFileSync(new URL(`../../../fixtures/protocol/${name}`, import.meta.url)));
}

/** Addresses apart, which IPv6 variants change. */
function sorted(groups: Record<string, string[]>, ipv6: boolean): string[][] {
  const text = (line: string): string => (ipv6 ? line.replace(/"(client|server)","[^"]*"/g, '"$1"') : line);
  return Object.values(groups)
    .map((lines) => lines.map(text))
    .sort((a, b) => (a.join() < b.join() ? -1 : 1));
}

describe.each(NAMES)('%s', (name) => {
  const packets = packetsOf(name);

  it.each(Object.entries({ ...LINK_VARIANTS, ...STREAM_VARIANTS }))(
    'gives the same messages as %s',
    async (variant, rewrite) => {
      const original = await decodeBytes(writePcap(packets));
      const rewritten = await decodeBytes(writePcap(rewrite(packets)));
      const ipv6 = variant.includes('IPv6');
      expect(sorted(conversations(rewritten.messages), ipv6)).toEqual(sorted(conversations(original.messages), ipv6));
      expect(rewritten.gaps.filter((gap) => gap['reason'] !== 'foreign')).toEqual([]);
    },
  );
});
