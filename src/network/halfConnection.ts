import { Stream } from './connection.js';
import { ACK, FIN, SYN, type Segment } from './segment.js';
import { sequenceDistance } from './sequence.js';
import { BYTES_REPEATED, DUPLICATE_REPORTED, FIN_REPEATED, FIN_SEEN, LATE_FIRST_COPY, PROBED } from './tcpEvents.js';
import { reportsDuplicate } from './tcpOptions.js';

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
/** Nanoseconds: segments that change places on the way are nearer to each other than this. */
const REORDERED_TIME = 3e6;
/** Acknowledgements behind a repetition among which its D-SACK has to be: others may have been under way. */
const ACKS_BEHIND_COPY = 4;
const NO_PIECES: Piece[] = [];

/**
 * One sender's half of a TCP connection: what is told of it (see Stream), its place in sequence space, and what
 * waits for its turn. Positions count stream bytes from 0; `delivered` is the position that comes next. One object, since
 * with thousands of connections the memory that a packet touches is what takes time.
 */
export class HalfConnection extends Stream {
  /** Sequence number that belongs to `delivered`, as a signed 32-bit number; meaningless before `known`. */
  private next = 0;
  known = false;
  /** What the segment in hand was beside its payload (see tcpEvents.ts); 0 between segments. */
  events = 0;
  /** How many more acknowledgements may say that what was sent again had arrived before. */
  mayBeReported = 0;
  /** Its latest segment announced a window of 0. */
  closedWindow = false;
  /** Up to here the other side's acknowledgements need not wait any more: delivered, or given up. */
  granted = 0;
  /** Nothing needs to wait for this side's stream: what the other side acknowledges cannot be true. */
  grantsAll = false;
  /** Packets since the receiver was first seen to have what the capture has not; -1 while nothing is in doubt. */
  doubtPackets = -1;
  /** Pieces that wait. */
  waiting = 0;
  lastDeliveredFrame = 0;
  lastDeliveredTime = 0;
  /** Position behind the last byte, where a FIN showed it; otherwise -1. */
  finPosition = -1;
  finDelivered = false;
  /** Largest position of a segment without payload. */
  private sent = 0;
  /** Segments in a row that lie far outside the window. */
  strays = 0;
  /** Initial sequence number, where a SYN showed it; otherwise -1. */
  initialSequence = -1;
  doubtSince = -1;
  private finTime = 0;
  private pieces: Piece[] = NO_PIECES;
  queuedBytes = 0;

  /** Fixes which sequence number is position 0. */
  begin(sequence: number): void {
    this.next = sequence | 0;
    this.known = true;
  }

  /** Moves position 0 back to an earlier sequence number, while nothing was delivered. */
  beginEarlier(sequence: number): void {
    const distance = sequenceDistance(sequence, this.next);
    this.next = sequence | 0;
    // Where nothing was acknowledged, nothing of what now comes before is.
    if (this.ackedFrame >= 0) this.acked += distance;
    this.sent += distance;
    if (this.finPosition >= 0) this.finPosition += distance;
    this.pieces = this.pieces.map((piece) => ({ ...piece, position: piece.position + distance }));
  }

  /** Stream position of a sequence number; negative or less than `delivered` if it is old. */
  position(sequence: number): number {
    return this.delivered + sequenceDistance(this.next, sequence);
  }

  advance(length: number): void {
    this.delivered += length;
    this.next = (this.next + length) | 0;
    if (this.granted < this.delivered) this.granted = this.delivered;
  }

  /**
   * Notes what a segment of the other side acknowledges of this one's stream.
   * @returns the position behind it
   */
  acknowledge(segment: Segment): number {
    const position = this.position(segment.acknowledgement);
    const { finPosition } = this;
    if (position > this.acked && position - this.delivered < 2 ** 30) {
      if (finPosition >= 0 && position > finPosition) this.finAcked = true;
      this.acked = finPosition >= 0 ? Math.min(position, finPosition) : position;
      this.ackedFrame = segment.frame;
      this.ackedTime = segment.time;
      this.unackedRetransmissions = 0;
      this.firstUnackedRetransmission = null;
    }
    return position;
  }

  /** Whether what somebody watches for is acknowledged: once, and by a segment of the other side. */
  reached(): boolean {
    if (this.acked < this.watchFor || this.ackedFrame < 0) return false;
    this.watchFor = Infinity;
    return true;
  }

  /** Notes a FIN, the first or one sent again; it takes effect when all bytes before it were handed on. */
  finish(segment: Segment): void {
    if (this.fin !== null) {
      if (segment.time - this.finTime > DUPLICATE_TIME) {
        this.finRepeats++;
        this.events |= FIN_REPEATED;
      }
      this.finTime = segment.time;
      return;
    }
    this.fin = { frame: segment.frame, time: segment.time };
    this.events |= FIN_SEEN;
    this.finTime = segment.time;
    // One that comes behind what follows it ends the stream where that is known to be.
    this.finPosition = Math.max(this.delivered, this.position(segment.sequence) + segment.wireLength);
    if (this.acked <= this.finPosition) return;
    // The acknowledgement came before the FIN itself: it counts no byte.
    this.acked = this.finPosition;
    this.finAcked = true;
  }

  /** Notes a segment without payload: a keep-alive probe, or one whose place shows that bytes before it were sent. */
  empty(segment: Segment): void {
    // Nearly all stand where the next byte will.
    if ((segment.sequence | 0) === this.next || (segment.flags & (SYN | FIN)) !== 0) return;
    if (this.isProbe(segment)) {
      this.probed();
      return;
    }
    const position = this.position(segment.sequence);
    if (position > this.sent && position - this.delivered < 2 ** 30) this.sent = position;
  }

  /** Bytes behind `delivered` that its sender is known to have sent, by the places of its FIN and its empty segments. */
  get unseen(): number {
    const { finPosition, sent, delivered } = this;
    const missing = (finPosition >= 0 ? finPosition : sent) - delivered;
    // One byte and nothing behind it is a FIN that was not captured.
    return missing === 1 && finPosition < 0 ? 0 : Math.max(0, missing);
  }

  /** Whether an empty segment stands one byte before the next: a keep-alive probe. */
  isProbe(segment: Segment): boolean {
    return (
      (segment.sequence | 0) === ((this.next - 1) | 0) && (segment.flags & (SYN | FIN)) === 0 && this.finPosition < 0
    );
  }

  /** Notes a keep-alive probe. */
  probed(): void {
    this.keepAlives++;
    this.events |= PROBED;
  }

  /** Notes a segment that brings nothing new: a keep-alive probe, a packet captured twice, or a retransmission. */
  repeat(segment: Segment, position: number): void {
    if (segment.wireLength <= 1 && position === this.delivered - 1) {
      this.probed();
      return;
    }
    if (this.lastPayloadTime >= 0 && segment.time - this.lastPayloadTime < DUPLICATE_TIME) {
      this.duplicates++;
      return;
    }
    this.retransmissions++;
    this.events |= BYTES_REPEATED;
    this.mayBeReported = ACKS_BEHIND_COPY;
    if (position + segment.wireLength > this.acked) {
      this.unackedRetransmissions++;
      this.firstUnackedRetransmission ??= { frame: segment.frame, time: segment.time };
    }
  }

  /** Looks whether this side's segment says that it had the bytes already that `peer` has sent again. */
  reportOn(peer: HalfConnection, segment: Segment): void {
    if (segment.options === 0 || (segment.flags & ACK) === 0) return;
    peer.mayBeReported--;
    if (reportsDuplicate(segment)) this.events |= DUPLICATE_REPORTED;
  }

  /**
   * Notes bytes at `position` that come after later ones, where the receiver waited for them.
   * @param heard time of the receiver's latest packet
   */
  lateFirstCopy(segment: Segment, position: number, heard: number): void {
    const next = this.pieces[0];
    if (next === undefined || position >= next.position || this.acked > position) return;
    // What came after it was told to the receiver, and what the receiver said since does not acknowledge it.
    if (segment.time - next.time < REORDERED_TIME || heard < next.time) return;
    this.events |= LATE_FIRST_COPY;
  }

  /** Nothing is in doubt any more. */
  settled(): void {
    this.doubtPackets = -1;
    this.doubtSince = -1;
  }

  first(): Piece | undefined {
    return this.pieces[0];
  }

  shift(): void {
    const piece = this.pieces.shift();
    if (piece === undefined) return;
    this.waiting--;
    this.queuedBytes -= piece.bytes.length;
  }

  /**
   * Keeps a copy of bytes that came too early. Where they overlap with what waits already, what came first stays.
   * @returns bytes that are now kept in addition
   */
  hold(piece: Omit<Piece, 'bytes'>, bytes: Buffer, start: number, end: number): number {
    if (this.pieces === NO_PIECES) this.pieces = [];
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
    this.waiting = this.pieces.length;
    this.queuedBytes += added;
    return added;
  }
}
