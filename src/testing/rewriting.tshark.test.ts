import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Packet } from './captureFile.js';
import { readCapture } from './captureFile.js';
import { writePcapng } from './pcapngFile.js';
import { readdressed } from './tcpRewriting.js';
import { hasTshark, tsharkStreams, withFile } from './tshark.js';
import { LINK_VARIANTS, STREAM_VARIANTS } from './variants.js';

const fixtures = join(import.meta.dirname, '../../fixtures/protocol');
const original = ['go-client', 'c-client', 'kazoo-client'].flatMap((name) =>
  readCapture(readFileSync(join(fixtures, `${name}.pcap`))),
);
const STREAMS = 5;

/** The nth network of its own for a variant: one run of tshark judges all of them in one file. */
function inNetwork(packets: readonly Packet[], n: number): Packet[] {
  return readdressed(packets, ({ ip, port }) => ({ ip: ip.replace(/^10\.77/, `10.${n}`), port }));
}

const hex = (n: number): string => n.toString(16).padStart(2, '0');

describe.skipIf(!hasTshark)('rewritten captures, as tshark reads them (skipped where it is not installed)', () => {
  it.each([
    ['link layers and tunnels', LINK_VARIANTS],
    ['segments and fragments', STREAM_VARIANTS],
  ])('%s carry the same streams', (_, variants) => {
    const names = ['original', ...Object.keys(variants)];
    const file = writePcapng(
      names.flatMap((name, n) => (variants[name] ?? ((same) => [...same]))(inNetwork(original, n + 1))),
    );
    const streams = withFile(file, (path) => tsharkStreams(path, names.length * STREAMS + 1));
    /** The variant's streams, the client's bytes first; whose packet came first is a matter of the rewriting. */
    const bytesOf = (n: number): string[][] =>
      streams
        .filter(({ ends }) =>
          ends.some((end) => end.startsWith(`10.${n + 1}.`) || end.startsWith(`[fd77::a${hex(n + 1)}:`)),
        )
        .map(({ ends, bytes }) => {
          const [first, second] = bytes.map((each) => each.toString('hex'));
          return ends[0].endsWith(':2181') ? [second!, first!] : [first!, second!];
        });
    expect(bytesOf(0).flat().join('').length).toBeGreaterThan(20_000);
    const different = names.filter((_, n) => JSON.stringify(bytesOf(n)) !== JSON.stringify(bytesOf(0)));
    expect(different).toEqual([]);
    expect(streams[names.length * STREAMS]!.ends).toEqual([':0', ':0']);
  });
});
