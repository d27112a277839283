import type { Snapshot } from './quorumStream.js';

/** What a leader writes behind a snapshot: the jute string `BenWasHere` (LearnerHandler, Learner). */
export const SIGNATURE = Buffer.from('\0\0\0\nBenWasHere', 'latin1');
const OVERLAP = SIGNATURE.length - 1;

/**
 * Passes over a snapshot, which has no length: it is ZooKeeper's tree as it is written to disk, from SNAP to the signature.
 * Nothing of it is kept but the last few bytes.
 */
export class SnapshotEnd {
  private bytes = 0;
  private firstFrame = 0;
  private firstTime = 0;
  /** Frame that brought the latest bytes. */
  frame: number;
  time: number;
  streamEnd: number;
  private readonly seam = Buffer.alloc(2 * OVERLAP);
  private seamLength = 0;

  constructor(frame: number, time: number, streamEnd: number) {
    this.frame = frame;
    this.time = time;
    this.streamEnd = streamEnd;
  }

  /** Index behind the signature if it ends in this chunk, -1 otherwise. `streamEnd` is the position of `end`. */
  search(chunk: Buffer, start: number, end: number, streamEnd: number, frame: number, time: number): number {
    if (this.bytes === 0) {
      this.firstFrame = frame;
      this.firstTime = time;
    }
    this.frame = frame;
    this.time = time;
    this.streamEnd = streamEnd;
    let found = -1;
    if (this.seamLength > 0) {
      const added = Math.min(OVERLAP, end - start);
      chunk.copy(this.seam, this.seamLength, start, start + added);
      const at = this.seam.subarray(0, this.seamLength + added).indexOf(SIGNATURE);
      if (at >= 0) found = start + at + SIGNATURE.length - this.seamLength;
    }
    if (found < 0) {
      const at = chunk.subarray(start, end).indexOf(SIGNATURE);
      if (at >= 0) found = start + at + SIGNATURE.length;
    }
    if (found < 0) {
      this.bytes += end - start;
      this.remember(chunk, start, end);
      return -1;
    }
    this.bytes += found - start;
    this.seamLength = 0;
    return found;
  }

  private remember(chunk: Buffer, start: number, end: number): void {
    const length = end - start;
    if (length >= OVERLAP) {
      chunk.copy(this.seam, 0, end - OVERLAP, end);
      this.seamLength = OVERLAP;
      return;
    }
    const keep = Math.min(this.seamLength, OVERLAP - length);
    this.seam.copyWithin(0, this.seamLength - keep, this.seamLength);
    chunk.copy(this.seam, keep, start, end);
    this.seamLength = keep + length;
  }

  /** The signature was part of a znode's data: the bytes behind it belong to the snapshot as well. */
  resume(bytes: Buffer, length: number): void {
    this.bytes += length;
    this.seamLength = 0;
    this.remember(bytes, 0, length);
  }

  snapshot(frame: number, time: number, streamEnd: number, truncated: boolean): Snapshot {
    const { bytes, firstFrame, firstTime } = this;
    return { bytes, firstFrame, firstTime, frame, time, streamEnd, truncated };
  }
}
