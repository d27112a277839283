import { ipText } from '../network/address.js';
import type { DissectorOptions } from '../network/dissector.js';
import { Dissector } from '../network/dissector.js';
import type { Segment } from '../network/segment.js';
import type { Packet } from './captureFile.js';
import { eachFrame } from './frames.js';

/** What a Segment said, copied out. */
export interface SegmentCopy {
  readonly frame: number;
  readonly time: number;
  readonly family: number;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly window: number;
  /** Captured payload in hexadecimal. */
  readonly payload: string;
  readonly wireLength: number;
}

export function copySegment(s: Segment): SegmentCopy {
  const { frame, time, family, sourcePort, destinationPort, sequence, acknowledgement, flags, window, wireLength } = s;
  return {
    frame,
    time,
    family,
    source: ipText(family, s.source0, s.source1, s.source2, s.source3),
    destination: ipText(family, s.destination0, s.destination1, s.destination2, s.destination3),
    sourcePort,
    destinationPort,
    sequence,
    acknowledgement,
    flags,
    window,
    payload: s.bytes.toString('hex', s.start, s.end),
    wireLength,
  };
}

/** All segments that a Dissector finds in the packets, and the Dissector for its counts. */
export function dissect(
  packets: readonly Packet[],
  options?: DissectorOptions,
): { segments: SegmentCopy[]; dissector: Dissector } {
  const segments: SegmentCopy[] = [];
  const dissector = new Dissector((segment) => segments.push(copySegment(segment)), options);
  eachFrame(packets, (frame) => {
    dissector.frame(frame);
  });
  dissector.end();
  return { segments, dissector };
}
