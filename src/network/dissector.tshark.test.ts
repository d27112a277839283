import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Packet } from '../testing/captureFile.js';
import { readCapture } from '../testing/captureFile.js';
import { snapped } from '../testing/lossRewriting.js';
import { writePcapng } from '../testing/pcapngFile.js';
import { dissect } from '../testing/segments.js';
import { hasTshark, tsharkFields, withFile } from '../testing/tshark.js';
import { LINK_VARIANTS, STREAM_VARIANTS } from '../testing/variants.js';

const folder = join(import.meta.dirname, '../../fixtures/protocol');
const captures = readdirSync(folder).filter((name) => /\.pcap(ng)?$/.test(name));

const FIELDS = 'frame.number ip.src ip.dst ipv6.src ipv6.dst tcp.srcport tcp.dstport tcp.seq_raw tcp.ack_raw tcp.flags';

/** One line a segment: frame, innermost addresses, ports, raw numbers, flags, window, payload length. */
function tsharkSegments(path: string): string[] {
  const fields = [...FIELDS.split(' '), 'tcp.window_size_value', 'tcp.len'];
  return tsharkFields(path, 'tcp', fields).map(([frame, source4, destination4, source6, destination6, ...rest]) => {
    rest[4] = String(Number(rest[4]) & 0xff);
    // IPv4 and IPv6 in one frame: which is the inner one shows in the addresses of the captures, 10.77 and fd77.
    const inner = (four = '', six = ''): string => (four.startsWith('10.') || six === '' ? four : six);
    return [frame, inner(source4, source6), inner(destination4, destination6), ...rest].join(' ');
  });
}

function ownSegments(packets: readonly Packet[]): string[] {
  const { segments, dissector } = dissect(packets);
  expect(dissector.problems()).toEqual([]);
  return segments.map((s) =>
    [
      s.frame,
      s.source,
      s.destination,
      s.sourcePort,
      s.destinationPort,
      s.sequence,
      s.acknowledgement,
      s.flags,
      s.window,
      s.wireLength,
    ].join(' '),
  );
}

describe.skipIf(!hasTshark)('Dissector against tshark (skipped where it is not installed)', () => {
  it.each(captures)('%s', (name) => {
    const path = join(folder, name);
    expect(ownSegments(readCapture(readFileSync(path)))).toEqual(tsharkSegments(path));
  });

  it('every link layer, tunnel, and way of fragments, whole and cut by a snap length', () => {
    const original = readCapture(readFileSync(join(folder, 'c-client.pcap'))).slice(0, 40);
    const fragments = ['IP fragments, shuffled', 'IPv6 fragments, shuffled', 'VXLAN in fragments'];
    const rewrites = [...Object.values(LINK_VARIANTS), ...fragments.map((name) => STREAM_VARIANTS[name]!)];
    const packets = rewrites.flatMap((rewrite) => rewrite(original));
    const linked = Object.values(LINK_VARIANTS).flatMap((rewrite) => rewrite(original));
    const all = [...packets, ...snapped(linked, 190)];
    withFile(writePcapng(all), (path) => {
      expect(ownSegments(all)).toEqual(tsharkSegments(path));
    });
  });
});
