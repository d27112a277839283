import type { Direction } from '../../../network/connection.js';
import { StreamChunk } from '../../../network/streamChunk.js';
import { int32 } from '../../../network/bytes.js';
import { HEADER_LENGTH, isHeader, looksLikePacket, MORE, NO, PROBE_LENGTH } from './plausibility.js';
import { PacketType } from './packetTypes.js';
import { AUTH_MAGIC, isAuthHeader } from './quorumAuth.js';
import { SnapshotEnd } from './snapshotEnd.js';
import { appended } from '../held.js';

/**
 * Bytes of a packet's data that are kept where the packet comes in several pieces; the rest is passed over.
 * @bound bytes
 */
export const KEPT_DATA = 256 << 10;
/** What is left of them where too much is held on all connections together: a transaction's header and path. */
const LEAST_KEPT = 1024;
/**
 * Authentication ids of one packet; more are no packet's.
 * @bound ids
 */
const MOST_IDS = 1024;
const LONGEST_ID = 64 << 10;
/** A buffer that had to grow beyond this is given back after the packet. */
const SMALL_BUFFER = 16 << 10;

/**
 * A QuorumPacket as it lies in memory: `int type, long zxid, buffer data, vector<Id> authinfo`. Reused. A QuorumAuthPacket
 * has AUTH_MAGIC for type and its status in `zxidLo`.
 */
export class PacketView {
  bytes: Buffer = Buffer.alloc(0);
  type = 0;
  zxidHi = 0;
  zxidLo = 0;
  /** Length of the data as the packet says it; -1 for null. */
  dataLength = -1;
  /** Data that is there: less than `dataLength` where the packet was too long to be kept. */
  dataStart = 0;
  dataEnd = 0;
  /** Count of the ids that follow (-1 for null) and where they lie. */
  idCount = -1;
  idStart = 0;
  idEnd = 0;
  frame = 0;
  time = 0;
  firstFrame = 0;
  firstTime = 0;
  /** Bytes on the wire, and the stream position behind the last of them. */
  length = 0;
  streamEnd = 0;
}

export interface Snapshot {
  /** Bytes between the SNAP packet and the next one, the signature included. */
  readonly bytes: number;
  readonly firstFrame: number;
  readonly firstTime: number;
  readonly frame: number;
  readonly time: number;
  readonly streamEnd: number;
  /** The end was not captured. */
  readonly truncated: boolean;
}

export interface PacketSink {
  packet(packet: PacketView): void;
  snapshot(snapshot: Snapshot): void;
  /** So many bytes belong to no packet that could be aligned. */
  skipped(bytes: number, frame: number, time: number): void;
}

const SEARCHING = 0;
const PACKETS = 1;
const SNAPSHOT = 2;

const HEADER = 0;
const DATA = 1;
const SKIP = 2;
const COUNT = 3;
const ID_LENGTH = 4;
const ID = 5;

/**
 * One direction of a learner's connection to its leader, cut into QuorumPackets. The packets have no length in front:
 * each is as long as its own fields say, so a stream that is entered in the middle, or resumed after a gap, is searched for
 * bytes that look like a packet (plausibility.ts). A packet within one chunk is a view on it; one that comes in pieces is
 * collected in a buffer that grows with what has arrived, never with what a length field claims.
 */
export class QuorumStream {
  private mode = PACKETS;
  private phase = HEADER;
  /** The packet that has begun: `heldLength` bytes of it. While SEARCHING: bytes that may be a start. */
  private held: Buffer = Buffer.alloc(0);
  private heldLength = 0;
  /** Length of `held` at which the phase ends, and bytes of its data that are yet to be passed over. */
  private needed = HEADER_LENGTH;
  private toSkip = 0;
  private kept = 0;
  private idsLeft = 0;
  private firstFrame = 0;
  private firstTime = 0;
  private length = 0;
  private skippedBytes = 0;
  private snapshotEnd: SnapshotEnd | null = null;
  /** A snapshot whose signature was seen: it ends there if a packet follows. */
  private ended: Snapshot | null = null;
  private readonly view = new PacketView();

  /** @param aligned false where the stream may begin in the middle of a packet */
  constructor(
    private readonly direction: Direction,
    private readonly sink: PacketSink,
    aligned: boolean,
  ) {
    if (!aligned) this.mode = SEARCHING;
  }

  data(chunk: StreamChunk): void {
    const { end } = chunk;
    let at = chunk.start;
    while (at < end) {
      if (this.mode === PACKETS) at = this.packets(chunk, at);
      else if (this.mode === SNAPSHOT) at = this.inSnapshot(chunk, at);
      else at = this.search(chunk, at);
    }
  }

  /**
   * Bytes are missing. Within a packet's data nothing else is lost, as its end is known; otherwise what had begun is given
   * up, and the next start must be searched for.
   */
  gap(length: number, frame: number, time: number): void {
    if (this.mode === PACKETS && (this.phase === DATA || this.phase === SKIP)) {
      const left = this.toSkip + (this.phase === DATA ? this.needed - this.heldLength : 0);
      if (length <= left) {
        if (this.phase === DATA) this.kept = this.heldLength - HEADER_LENGTH;
        this.phase = SKIP;
        this.toSkip = left - length;
        return;
      }
    }
    this.abandon(frame, time);
    this.mode = SEARCHING;
  }

  /** Memory that is kept for the packet under way. */
  get memory(): number {
    return this.held.length;
  }

  /** Of a packet's data under way the beginning is kept; one that has come to its ids is lost. */
  giveUp(): void {
    if (this.mode === PACKETS && this.heldLength > HEADER_LENGTH + LEAST_KEPT) {
      if (this.phase === DATA) this.toSkip += this.needed - this.heldLength;
      if (this.phase === DATA || this.phase === SKIP) {
        this.phase = SKIP;
        this.kept = Math.min(this.kept, LEAST_KEPT);
        this.heldLength = HEADER_LENGTH + this.kept;
      } else {
        this.abandon(this.firstFrame, this.firstTime);
        this.mode = SEARCHING;
      }
    }
    this.held = Buffer.from(this.held.subarray(0, this.heldLength));
  }

  /** Nothing more comes: what was not completed is counted. */
  end(frame: number, time: number): void {
    this.abandon(frame, time);
    this.flushSkipped(frame, time);
  }

  private abandon(frame: number, time: number): void {
    if (this.mode === SNAPSHOT && this.snapshotEnd !== null) {
      const end = this.snapshotEnd;
      this.sink.snapshot(end.snapshot(end.frame, end.time, end.streamEnd, true));
      this.snapshotEnd = null;
    }
    this.confirmSnapshot();
    if (this.heldLength > 0) {
      this.skippedBytes += this.mode === PACKETS ? this.length : this.heldLength;
      this.startPacket();
    }
    this.flushSkipped(frame, time);
  }

  private flushSkipped(frame: number, time: number): void {
    if (this.skippedBytes === 0) return;
    const bytes = this.skippedBytes;
    this.skippedBytes = 0;
    this.sink.skipped(bytes, frame, time);
  }

  private confirmSnapshot(): void {
    if (this.ended === null) return;
    const snapshot = this.ended;
    this.ended = null;
    this.snapshotEnd = null;
    this.sink.snapshot(snapshot);
  }

  private startPacket(): void {
    this.phase = HEADER;
    this.needed = HEADER_LENGTH;
    this.heldLength = 0;
    this.length = 0;
    this.toSkip = 0;
  }

  // ---- aligned

  private packets(chunk: StreamChunk, from: number): number {
    const { bytes, start, end, position, frame, time } = chunk;
    let at = from;
    while (at < end && this.mode === PACKETS) {
      if (this.heldLength === 0) {
        const length = this.whole(bytes, at, end);
        if (length > 0) {
          this.confirmSnapshot();
          const view = this.view;
          view.firstFrame = frame;
          view.firstTime = time;
          view.length = length;
          at += length;
          this.emit(view, frame, time, position + at - start);
          continue;
        }
        this.firstFrame = frame;
        this.firstTime = time;
      }
      at = this.collect(bytes, at, end, position - start, frame, time);
    }
    return at;
  }

  /** Length of the packet that lies wholly within the chunk, described in `view`; 0 if it does not, or is none. */
  private whole(bytes: Buffer, at: number, end: number): number {
    if (end - at < HEADER_LENGTH || !this.isStart(bytes, at)) return 0;
    const dataLength = int32(bytes, at + 12);
    const dataStart = at + HEADER_LENGTH;
    const dataEnd = dataStart + (dataLength < 0 ? 0 : dataLength);
    if (dataEnd <= end && int32(bytes, at) === AUTH_MAGIC) {
      this.describe(bytes, at, dataLength, dataEnd, -1, dataEnd);
      return dataEnd - at;
    }
    if (dataEnd + 4 > end) return 0;
    const count = int32(bytes, dataEnd);
    if (count < -1 || count > MOST_IDS) return 0;
    let idEnd = dataEnd + 4;
    for (let left = count * 2; left > 0; left--) {
      if (idEnd + 4 > end) return 0;
      const length = int32(bytes, idEnd);
      if (length < -1 || length > LONGEST_ID) return 0;
      idEnd += 4 + (length < 0 ? 0 : length);
    }
    if (idEnd > end) return 0;
    this.describe(bytes, at, dataLength, dataEnd, count, idEnd);
    return idEnd - at;
  }

  private isStart(bytes: Buffer, at: number): boolean {
    return isHeader(this.direction, bytes, at) || isAuthHeader(bytes, at);
  }

  private describe(bytes: Buffer, at: number, dataLength: number, dataEnd: number, count: number, idEnd: number): void {
    const view = this.view;
    view.bytes = bytes;
    view.type = int32(bytes, at);
    view.zxidHi = int32(bytes, at + 4) >>> 0;
    view.zxidLo = int32(bytes, at + 8) >>> 0;
    view.dataLength = dataLength;
    view.dataStart = at + HEADER_LENGTH;
    view.dataEnd = dataEnd;
    view.idCount = count;
    view.idStart = Math.min(dataEnd + 4, idEnd);
    view.idEnd = idEnd;
  }

  private emit(view: PacketView, frame: number, time: number, streamEnd: number): void {
    view.frame = frame;
    view.time = time;
    view.streamEnd = streamEnd;
    const type = view.type;
    this.sink.packet(view);
    if (type === PacketType.SNAP) {
      this.mode = SNAPSHOT;
      this.snapshotEnd = new SnapshotEnd(frame, time, streamEnd);
    }
  }

  /** Takes bytes of a packet that does not lie wholly in one chunk. `offset`: stream position of index 0 of `bytes`. */
  private collect(bytes: Buffer, start: number, end: number, offset: number, frame: number, time: number): number {
    let at = start;
    for (;;) {
      if (this.phase === SKIP) {
        const taken = Math.min(this.toSkip, end - at);
        this.toSkip -= taken;
        this.length += taken;
        at += taken;
        if (this.toSkip > 0) return at;
        this.phase = COUNT;
        this.needed = this.heldLength + 4;
      }
      const taken = Math.min(this.needed - this.heldLength, end - at);
      this.hold(bytes, at, at + taken);
      this.length += taken;
      at += taken;
      if (this.heldLength < this.needed) return at;
      if (!this.advance()) {
        this.lose(offset + at);
        return at;
      }
      if (this.phase !== HEADER) continue;
      this.emitHeld(frame, time, offset + at);
      return at;
    }
  }

  private hold(bytes: Buffer, start: number, end: number): void {
    this.held = appended(this.held, this.heldLength, bytes, start, end);
    this.heldLength += end - start;
  }

  /** A phase is complete: sets up the next one (HEADER once the packet is complete). False: this is no packet. */
  private advance(): boolean {
    const held = this.held;
    switch (this.phase) {
      case HEADER: {
        if (!this.isStart(held, 0)) return false;
        this.confirmSnapshot();
        const length = Math.max(0, int32(held, 12));
        this.kept = Math.min(length, KEPT_DATA);
        this.toSkip = length - this.kept;
        this.phase = DATA;
        this.needed = HEADER_LENGTH + this.kept;
        return true;
      }
      case DATA:
        if (int32(held, 0) === AUTH_MAGIC) {
          this.phase = HEADER;
          return true;
        }
        this.phase = this.toSkip > 0 ? SKIP : COUNT;
        this.needed = this.heldLength + (this.toSkip > 0 ? 0 : 4);
        return true;
      case COUNT: {
        const count = int32(held, this.heldLength - 4);
        if (count < -1 || count > MOST_IDS) return false;
        this.idsLeft = 2 * Math.max(0, count);
        break;
      }
      case ID_LENGTH: {
        const length = int32(held, this.heldLength - 4);
        if (length < -1 || length > LONGEST_ID) return false;
        this.idsLeft--;
        if (length > 0) {
          this.phase = ID;
          this.needed = this.heldLength + length;
          return true;
        }
        break;
      }
      default: // ID: its bytes are there
    }
    if (this.idsLeft > 0) {
      this.phase = ID_LENGTH;
      this.needed = this.heldLength + 4;
    } else this.phase = HEADER;
    return true;
  }

  private emitHeld(frame: number, time: number, streamEnd: number): void {
    const held = this.held;
    const dataEnd = HEADER_LENGTH + this.kept;
    const count = int32(held, 0) === AUTH_MAGIC ? -1 : int32(held, dataEnd);
    this.describe(held, 0, int32(held, 12), dataEnd, count, this.heldLength);
    this.view.firstFrame = this.firstFrame;
    this.view.firstTime = this.firstTime;
    this.view.length = this.length;
    this.startPacket();
    this.emit(this.view, frame, time, streamEnd);
    if (this.held.length > SMALL_BUFFER) {
      this.held = Buffer.alloc(0);
      this.view.bytes = this.held;
    }
  }

  /**
   * What had begun is no packet; `position` is that behind it. Within a snapshot the signature was a znode's data, elsewhere
   * the alignment is lost.
   */
  private lose(position: number): void {
    if (this.ended !== null && this.snapshotEnd !== null) {
      this.ended = null;
      this.mode = SNAPSHOT;
      this.snapshotEnd.resume(this.held, this.heldLength);
      this.startPacket();
      return;
    }
    this.mode = SEARCHING;
    if (this.phase !== HEADER) {
      this.skippedBytes += this.length;
      this.startPacket();
      return;
    }
    const rest = Buffer.from(this.held.subarray(1, this.heldLength));
    this.skippedBytes++;
    this.startPacket();
    this.again(rest, 0, rest.length, position - rest.length);
  }

  /** Bytes that were held are taken as if they came now. */
  private again(bytes: Buffer, start: number, end: number, position: number): void {
    const { direction, firstFrame, firstTime } = this;
    this.data(new StreamChunk().set(direction, bytes, start, end, position, firstFrame, firstTime));
  }

  // ---- searching

  /** Returns how far it has taken the chunk; the mode is PACKETS once a start was found. */
  private search(chunk: StreamChunk, from: number): number {
    if (this.heldLength > 0) return this.searchHeld(chunk, from);
    const { bytes, end, frame, time } = chunk;
    for (let at = from; at < end; at++) {
      const answer = looksLikePacket(this.direction, bytes, at, end);
      if (answer === NO) {
        this.skippedBytes++;
        continue;
      }
      if (answer === MORE) {
        this.firstFrame = frame;
        this.firstTime = time;
        this.hold(bytes, at, end);
        return end;
      }
      this.flushSkipped(frame, time);
      this.mode = PACKETS;
      return at;
    }
    return end;
  }

  /** A start may lie in the few bytes that are held: they are looked at together with what follows. */
  private searchHeld(chunk: StreamChunk, start: number): number {
    const { bytes, end, frame, time } = chunk;
    const position = chunk.position + start - chunk.start;
    const before = this.heldLength;
    const taken = Math.min(PROBE_LENGTH, end - start);
    this.hold(bytes, start, start + taken);
    const held = Buffer.from(this.held.subarray(0, this.heldLength));
    this.heldLength = 0;
    for (let at = 0; at < before; at++) {
      const answer = looksLikePacket(this.direction, held, at, held.length);
      if (answer === NO) {
        this.skippedBytes++;
        continue;
      }
      if (answer === MORE) {
        this.hold(held, at, held.length);
        return start + taken;
      }
      this.flushSkipped(frame, time);
      this.mode = PACKETS;
      this.again(held, at, before, position - before + at);
      return start;
    }
    return start;
  }

  // ---- snapshot

  private inSnapshot(chunk: StreamChunk, start: number): number {
    const { bytes, end, frame, time } = chunk;
    const position = chunk.position + start - chunk.start;
    const snapshot = this.snapshotEnd!;
    const at = snapshot.search(bytes, start, end, position + end - start, frame, time);
    if (at < 0) return end;
    this.ended = snapshot.snapshot(frame, time, position + at - start, false);
    this.mode = PACKETS;
    return at;
  }
}
