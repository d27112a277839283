import type { StreamFacts } from './connection.js';
import { FIN, SYN, type Segment } from './segment.js';
import { sequenceAdd, sequenceDistance } from './sequence.js';

/** Bytes that came before their turn. Covers stream positions from `position` to before `position + length`. */
export interface Piece {
  readonly position: number;
  /** Length on the wire; `bytes` may be shorter where the snap length cut the segment. */
  readonly length: number;
  readonly bytes: Buffer;
  readonly frame: number;
  readonly time: number;
  /** Position in the other direction up to which the sender had acknowledged. */
  readonly acknowledges: number;
}

/** Nanoseconds: a SYN, FIN or segment seen again sooner than this was captured twice, not sent twice. */
export const DUPLICATE_TIME = 1e6;

/**
 * One sender's half of a TCP connection: its place in sequence space, and what waits for its turn. Positions count
 * stream bytes from 0; `facts.delivered` is the position that comes next.
 */
export class HalfConnection {
  /** Sequence number that belongs to `facts.delivered`; meaningless before `known`. */
  private next = 0;
  known = false;
  /** Initial sequence number, where a SYN showed it; otherwise -1. */
  initialSequence = -1;
  /** Position behind the last byte, where a FIN showed it; otherwise -1. */
  finPosition = -1;
  finDelivered = false;
  /** Up to here the other side's acknowledgements need not wait any more: delivered, or given up. */
  granted = 0;
  /** When the receiver was first seen to have what the capture has not; -1 while nothing is in doubt. */
  doubtSince = -1;
  doubtPackets = 0;
  lastDeliveredFrame = 0;
  lastDeliveredTime = 0;
  private finTime = 0;
  /** Segments in a row that lie far outside the window. */
  strays = 0;
  private pieces: Piece[] = [];
  queuedBytes = 0;

  constructor(readonly facts: StreamFacts) {}

  /** Fixes which sequence number is position 0. */
  begin(sequence: number): void {
    this.next = sequence;
    this.known = true;
  }

  /** Moves position 0 back to an earlier sequence number, while nothing was delivered. */
  beginEarlier(sequence: number): void {
    const distance = sequenceDistance(sequence, this.next);
    this.next = sequence;
    this.facts.acked += distance;
    if (this.finPosition >= 0) this.finPosition += distance;
    this.pieces = this.pieces.map((piece) => ({ ...piece, position: piece.position + distance }));
  }

  /** Stream position of a sequence number; negative or less than `delivered` if it is old. */
  position(sequence: number): number {
    return this.facts.delivered + sequenceDistance(this.next, sequence);
  }

  advance(length: number): void {
    this.facts.delivered += length;
    this.next = sequenceAdd(this.next, length);
    if (this.granted < this.facts.delivered) this.granted = this.facts.delivered;
  }

  /**
   * Notes what a segment of the other side acknowledges of this one's stream.
   * @returns the position behind it
   */
  acknowledge(segment: Segment): number {
    const position = this.position(segment.acknowledgement);
    const { facts, finPosition } = this;
    if (position > facts.acked && position - facts.delivered < 2 ** 30) {
      if (finPosition >= 0 && position > finPosition) facts.finAcked = true;
      facts.acked = finPosition >= 0 ? Math.min(position, finPosition) : position;
      facts.unackedRetransmissions = 0;
      facts.firstUnackedRetransmission = null;
    }
    return position;
  }

  /** Notes a FIN, the first or one sent again; it takes effect when all bytes before it were handed on. */
  finish(segment: Segment): void {
    const { facts } = this;
    if (facts.fin !== null) {
      if (segment.time - this.finTime > DUPLICATE_TIME) facts.finRepeats++;
      this.finTime = segment.time;
      return;
    }
    facts.fin = { frame: segment.frame, time: segment.time };
    this.finTime = segment.time;
    this.finPosition = this.position(segment.sequence) + segment.wireLength;
    if (facts.acked <= this.finPosition) return;
    // The acknowledgement came before the FIN itself: it counts no byte.
    facts.acked = this.finPosition;
    facts.finAcked = true;
  }

  /** Whether an empty segment stands one byte before the next: a keep-alive probe. */
  isProbe(segment: Segment): boolean {
    return segment.sequence === (this.next - 1) >>> 0 && (segment.flags & (SYN | FIN)) === 0 && this.finPosition < 0;
  }

  /** Notes a segment that brings nothing new: a keep-alive probe, a packet captured twice, or a retransmission. */
  repeat(segment: Segment, position: number): void {
    const { facts } = this;
    if (segment.wireLength <= 1 && position === facts.delivered - 1) {
      facts.keepAlives++;
      return;
    }
    if (facts.lastPayload !== null && segment.time - facts.lastPayload.time < DUPLICATE_TIME) {
      facts.duplicates++;
      return;
    }
    facts.retransmissions++;
    if (position + segment.wireLength > facts.acked) {
      facts.unackedRetransmissions++;
      facts.firstUnackedRetransmission ??= { frame: segment.frame, time: segment.time };
    }
  }

  get waiting(): number {
    return this.pieces.length;
  }

  first(): Piece | undefined {
    return this.pieces[0];
  }

  shift(): void {
    const piece = this.pieces.shift();
    if (piece !== undefined) this.queuedBytes -= piece.bytes.length;
  }

  /**
   * Keeps a copy of bytes that came too early. Where they overlap with what waits already, what came first stays.
   * @returns bytes that are now kept in addition
   */
  hold(piece: Omit<Piece, 'bytes'>, bytes: Buffer, start: number, end: number): number {
    let { position } = piece;
    let index = this.pieces.length;
    while (index > 0 && this.pieces[index - 1]!.position > position) index--;
    const before = this.pieces[index - 1];
    let added = 0;
    const last = piece.position + piece.length;
    if (before !== undefined) position = Math.max(position, before.position + before.length);
    while (position < last) {
      const after = this.pieces[index];
      const stop = after === undefined ? last : Math.min(last, after.position);
      if (stop > position) {
        const from = Math.min(start + (position - piece.position), end);
        const to = Math.min(start + (stop - piece.position), end);
        const copy = Buffer.from(bytes.subarray(from, to));
        this.pieces.splice(index++, 0, { ...piece, position, length: stop - position, bytes: copy });
        added += copy.length;
      }
      if (after === undefined) break;
      position = after.position + after.length;
      index++;
    }
    this.queuedBytes += added;
    return added;
  }
}
