import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Frame } from '../capture/frame.js';
import type { Packet } from '../testing/captureFile.js';
import { readCapture } from '../testing/captureFile.js';
import { mutated, snapped } from '../testing/lossRewriting.js';
import { Random } from '../testing/random.js';
import type { SegmentCopy } from '../testing/segments.js';
import { copySegment } from '../testing/segments.js';
import { LINK_VARIANTS, STREAM_VARIANTS } from '../testing/variants.js';
import { Dissector } from './dissector.js';

const LINK_TYPES = [0, 1, 9, 12, 14, 50, 101, 108, 113, 228, 229, 276];
const original = readCapture(readFileSync(join(import.meta.dirname, '../../fixtures/protocol/c-client.pcap')));

/**
 * Dissects the packets with these bytes before and behind each frame. Segments must lie within their frame, or within
 * what was put together from fragments.
 */
function dissectWithin(packets: readonly Packet[], surroundings: number): { segments: SegmentCopy[]; rest: unknown } {
  const margin = 80;
  const chunk = Buffer.alloc(70_000);
  const frame = new Frame();
  const segments: SegmentCopy[] = [];
  const dissector = new Dissector((segment) => {
    const { bytes, start, end, wireLength, sequence, acknowledgement } = segment;
    const [from, to] = bytes === chunk ? [frame.start, frame.end] : [0, bytes.length];
    const within = from <= start && start <= end && end <= to && end - start <= wireLength && wireLength <= 4e9;
    const numbers = [sequence, acknowledgement].every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32);
    if (!within || !numbers) throw new Error(`impossible segment ${JSON.stringify(copySegment(segment))}`);
    segments.push(copySegment(segment));
  });
  packets.forEach((packet, i) => {
    chunk.fill(surroundings, 0, margin * 2 + packet.data.length);
    packet.data.copy(chunk, margin);
    frame.number = i + 1;
    frame.time = i;
    frame.linkType = packet.linkType;
    frame.bytes = chunk;
    frame.start = margin;
    frame.end = margin + packet.data.length;
    frame.originalLength = packet.originalLength;
    dissector.frame(frame);
  });
  dissector.end();
  return { segments, rest: { problems: dissector.problems(), counts: { ...dissector.counts } } };
}

/** Nothing is thrown, and nothing outside the frames has any influence. */
function survives(packets: readonly Packet[]): void {
  expect(dissectWithin(packets, 0xff)).toEqual(dissectWithin(packets, 0));
}

describe('Dissector on damaged frames', () => {
  it('survives any bytes under any link type', () => {
    const packet = fc.record({
      data: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      originalLength: fc.nat(300),
      linkType: fc.oneof(fc.constantFrom(...LINK_TYPES), fc.nat(400)),
      seconds: fc.constant(0),
      nanos: fc.constant(0),
    });
    fc.assert(fc.property(fc.array(packet, { maxLength: 20 }), survives), { numRuns: 200 });
  });

  it.each(Object.entries({ ...LINK_VARIANTS, ...STREAM_VARIANTS }))('survives bits turned over: %s', (_, rewrite) => {
    const packets = rewrite(original.slice(0, 25));
    for (let seed = 0; seed < 4; seed++) survives(mutated(packets, new Random(seed), packets.length * 2));
  });

  it('survives headers cut at every length', () => {
    for (const rewrite of Object.values(LINK_VARIANTS)) {
      const packets = rewrite(original.slice(3, 4));
      const length = packets[0]!.data.length;
      for (let cut = 0; cut < length; cut++) {
        survives(snapped(packets, cut));
        // The same without saying so.
        survives(snapped(packets, cut).map((packet) => ({ ...packet, originalLength: packet.data.length })));
      }
    }
  });
});
