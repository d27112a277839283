import { steadyShape } from './steadyShape.js';

const NO_BYTES = Buffer.alloc(0);

/**
 * One frame of a capture. The reader reuses the object and the bytes under it: both are valid only until the callback
 * returns, and what must live longer is copied out.
 */
export class Frame {
  /** Wireshark's frame number: from 1, running on across all files of one run, as `mergecap` would number them. */
  number = 0;
  /** Nanoseconds since the base of the run's Clock. */
  time = 0;
  /** LINKTYPE_ value (www.tcpdump.org/linktypes.html) of the interface that saw the frame. */
  linkType = 0;
  /** Chunk that holds the frame's captured bytes, from `start` to before `end`. */
  bytes: Buffer = NO_BYTES;
  start = 0;
  end = 0;
  /** Bytes that the frame had on the wire; more than `end - start` where the snap length cut it. */
  originalLength = 0;
  /** Which input of the run it comes from, counted from 0 in the order given. */
  input = 0;
  /** The object on the line, where the input holds decoded lines (`linkType` is DECODED_LINE then), otherwise null. */
  line: Readonly<Record<string, unknown>> | null = null;
}

steadyShape(new Frame(), 'time');
