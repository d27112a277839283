import type { Moment } from './connection.js';

/**
 * What was seen of one direction of a connection. Positions count stream bytes from 0 (the first byte after SYN, or the
 * first that the capture could know of), gaps included.
 */
export class StreamFacts {
  // What every segment touches comes last, beside the fields of its kind in the reassembly (see halfConnection.ts): with
  // thousands of connections the lines of memory that are touched are what takes time.

  /** Bytes that the capture missed. */
  gapBytes = 0;
  /** Segments that brought only bytes which had been seen (keep-alive probes apart). */
  retransmissions = 0;
  /** Segments that the capture holds twice within a millisecond, as `-i any` does: not the network's doing. */
  duplicates = 0;
  keepAlives = 0;
  /** Segments in which this side announced a window of 0. */
  zeroWindows = 0;
  /** The sender's FIN and RST. `finRepeats` counts retransmissions of the FIN. */
  fin: Moment | null = null;
  finRepeats = 0;
  finAcked = false;
  rst: Moment | null = null;
  /** Retransmissions since the receiver last acknowledged anything new: 0 means that nothing is in doubt. */
  unackedRetransmissions = 0;
  firstUnackedRetransmission: Moment | null = null;
  /** Segments of this direction, pure ACKs and retransmissions included. */
  packets = 0;
  /** Position up to which bytes were handed on, or skipped as a gap. */
  delivered = 0;
  /** Position up to which the receiver has acknowledged. What lies beyond may never have arrived. */
  acked = 0;
  /** Segment of the receiver that last moved `acked`; -1 while none did. */
  ackedFrame = -1;
  ackedTime = -1;
  /** Latest packet of any kind: -1 while there is none. */
  lastFrame = -1;
  lastTime = -1;
  /** Latest packet with new payload: -1 while there is none. */
  lastPayloadFrame = -1;
  lastPayloadTime = -1;

  /** Latest packet of any kind. */
  get last(): Moment | null {
    return this.lastFrame < 0 ? null : { frame: this.lastFrame, time: this.lastTime };
  }

  /** Latest packet with new payload. */
  get lastPayload(): Moment | null {
    return this.lastPayloadFrame < 0 ? null : { frame: this.lastPayloadFrame, time: this.lastPayloadTime };
  }
}
