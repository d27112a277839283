import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Frame } from '../capture/frame.js';
import { readCapture } from '../testing/captureFile.js';
import { ipText } from './address.js';
import { Dissector } from './dissector.js';

const hasTshark = spawnSync('tshark', ['--version']).status === 0;
const folder = join(import.meta.dirname, '../../fixtures/protocol');
const captures = readdirSync(folder).filter((name) => /\.pcap(ng)?$/.test(name));

/** One line a segment: frame, addresses, ports, raw sequence and acknowledgement numbers, flags, window, payload length. */
function tsharkSegments(file: string): string[] {
  const fields =
    'frame.number ip.src ip.dst ipv6.src ipv6.dst tcp.srcport tcp.dstport tcp.seq_raw tcp.ack_raw tcp.flags tcp.window_size_value tcp.len';
  const output = execFileSync(
    'tshark',
    ['-r', file, '-Y', 'tcp', '-T', 'fields', ...fields.split(' ').flatMap((field) => ['-e', field])],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 28 },
  );
  return output
    .trim()
    .split('\n')
    .map((line) => {
      const [frame, source4, destination4, source6, destination6, ...rest] = line.split('\t');
      rest[4] = String(Number(rest[4]) & 0xff);
      return [frame, source4 ?? source6, destination4 ?? destination6, ...rest].join(' ').replace(/ {2,}/g, ' ');
    });
}

function ownSegments(file: string): string[] {
  const lines: string[] = [];
  const dissector = new Dissector((s) => {
    lines.push(
      [
        s.frame,
        ipText(s.family, s.source0, s.source1, s.source2, s.source3),
        ipText(s.family, s.destination0, s.destination1, s.destination2, s.destination3),
        s.sourcePort,
        s.destinationPort,
        s.sequence,
        s.acknowledgement,
        s.flags,
        s.window,
        s.wireLength,
      ].join(' '),
    );
  });
  const frame = new Frame();
  readCapture(readFileSync(file)).forEach((packet, i) => {
    frame.number = i + 1;
    frame.linkType = packet.linkType;
    frame.bytes = packet.data;
    frame.start = 0;
    frame.end = packet.data.length;
    frame.originalLength = packet.originalLength;
    dissector.frame(frame);
  });
  dissector.end();
  expect(dissector.problems()).toEqual([]);
  return lines;
}

describe.skipIf(!hasTshark)('Dissector against tshark (skipped where tshark is not installed)', () => {
  it.each(captures)('%s', (name) => {
    const file = join(folder, name);
    expect(ownSegments(file)).toEqual(tsharkSegments(file));
  });
});
