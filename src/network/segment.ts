import { steadyShape } from '../capture/steadyShape.js';

const NO_BYTES = Buffer.alloc(0);
export const WHOLE: readonly number[] = [];

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;

/**
 * One TCP segment as it was found in a frame, however many layers it lay under. Reused like Frame. Addresses are four
 * 32-bit words in network order, as signed integers (what `|0` gives); an IPv4 address is ::ffff:a.b.c.d.
 */
export class Segment {
  frame = 0;
  time = 0;
  /** 4 or 6. */
  family = 4;
  source0 = 0;
  source1 = 0;
  source2 = 0;
  source3 = 0;
  destination0 = 0;
  destination1 = 0;
  destination2 = 0;
  destination3 = 0;
  sourcePort = 0;
  destinationPort = 0;
  /** Sequence and acknowledgement numbers, 0 to 2³²-1. */
  sequence = 0;
  acknowledgement = 0;
  /** FIN, SYN, RST, PSH, ACK bits. */
  flags = 0;
  /** Window as in the header, before any scaling. */
  window = 0;
  /** Captured payload: `bytes` from `start` to before `end`. */
  bytes: Buffer = NO_BYTES;
  start = 0;
  end = 0;
  /** Bytes of TCP options, which stand before `start`; 0 where they were cut. */
  options = 0;
  /** Frames of the IP fragments that it was put together from, its own among them; none where it came whole. */
  pieces: readonly number[] = WHOLE;
  /** Payload bytes that were on the wire; more than `end - start` where the snap length cut them. */
  wireLength = 0;
}

steadyShape(new Segment(), 'time', 'sequence', 'acknowledgement');
