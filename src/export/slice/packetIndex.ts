import type { Connection } from '../../network/connection.js';
import type { Segment } from '../../network/segment.js';
import type { FrameSet } from '../../report/analyze/filter.js';
import { TlsOwners } from './tlsOwners.js';

/** Frames of one piece of the index. */
const PIECE = 1 << 16;
const NOBODY = -1;

/** Which TCP connection each frame is of, in four bytes a frame. */
export class PacketIndex {
  /** Number of the connection and 1, 0 for none, in pieces. */
  private readonly pieces: (Int32Array | undefined)[] = [];
  readonly tls = new TlsOwners();
  /** Frames of the IP fragments of a segment, by the frame that completed it. */
  private readonly fragments = new Map<number, readonly number[]>();

  /** To be called for each segment, when its connection is known. */
  add(segment: Segment, { id }: Connection): void {
    this.set(segment.frame, id);
    for (const frame of segment.pieces) this.set(frame, id);
    if (segment.pieces.length > 0) this.fragments.set(segment.frame, segment.pieces);
    this.tls.look(segment, id);
  }

  private set(frame: number, id: number): void {
    const place = Math.floor(frame / PIECE);
    const piece = (this.pieces[place] ??= new Int32Array(PIECE));
    piece[frame % PIECE] = id + 1;
  }

  /** Adds to frames the fragments that they completed. */
  addFragments(frames: FrameSet): void {
    for (const [frame, pieces] of this.fragments) if (frames.has(frame)) for (const piece of pieces) frames.add(piece);
  }

  /** The connection of a frame; -1 where it is none's. */
  connectionOf(frame: number): number {
    const piece = this.pieces[Math.floor(frame / PIECE)];
    return piece === undefined ? NOBODY : piece[frame % PIECE]! - 1;
  }
}
