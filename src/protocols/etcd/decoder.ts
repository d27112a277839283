import { TO_CLIENT, TO_SERVER, type Connection, type Direction } from '../../network/connection.js';
import type { StreamChunk } from '../../network/streamChunk.js';
import { foreignName } from '../foreign.js';
import { HeldChunks } from '../heldChunks.js';
import { looksLikeRequest, looksLikeResponse } from '../transport/http1/head.js';
import { areFrames, FRAME_HEADER_LENGTH, FrameType, PREFACE } from '../transport/http2/frames.js';
import type { ConnectionDecoder, MessageSink } from '../protocol.js';
import { TlsDecoder } from '../tls/decoder.js';
import { isRecordHeader } from '../tls/records/record.js';
import { EtcdGrpcDecoder } from './grpc.js';
import { EtcdHttpDecoder } from './http.js';

export type Transport = 'http' | 'grpc' | 'tls';

/** First bytes of one direction that are kept until they tell. */
const MAX_FIRST_BYTES = 64;
/** Segments from the middle of a connection that are looked at before it counts as a stranger. */
const MAX_LOOKS = 64;
const TLS_HEADER = 5;
const SIZE_LINE = /^[0-9a-f]{1,8}\r\n/i;

/**
 * A connection to one of etcd's ports: both speak HTTP/1.1, gRPC, and TLS with either inside. The first bytes tell
 * which; from the middle of a connection, the first segment that has the shape of one.
 */
export class EtcdDecoder implements ConnectionDecoder {
  private decoder: ConnectionDecoder | null = null;
  private stranger = false;
  private readonly first = new HeldChunks();
  private looks = 0;
  /** The bytes that come are the connection's first. */
  private atStart: boolean;
  private readonly skippedBytes: [number, number] = [0, 0];
  private readonly skippedAt: [number, number] = [0, 0];
  private readonly skippedTime: [number, number] = [0, 0];

  constructor(
    private readonly connection: Connection,
    private readonly sink: MessageSink,
  ) {
    this.atStart = !connection.midStream;
  }

  get held(): number {
    return this.first.bytes + (this.decoder?.held ?? 0);
  }

  giveUp(): void {
    this.decoder?.giveUp?.();
  }

  data(chunk: StreamChunk): void {
    if (this.decoder === null && !this.stranger) {
      if (this.atStart) {
        if (this.decideAtStart(chunk)) return;
      } else this.decideInMiddle(chunk);
    }
    if (this.decoder !== null) this.decoder.data(chunk);
    else this.skip(chunk);
  }

  gap(direction: Direction, length: number, position: number, frame: number, time: number): void {
    if (this.decoder !== null) {
      this.decoder.gap(direction, length, position, frame, time);
      return;
    }
    this.dropFirst();
    this.atStart = false;
  }

  fin(direction: Direction, frame: number, time: number): void {
    this.decoder?.fin(direction, frame, time);
  }

  end(frame: number, time: number): void {
    this.dropFirst();
    for (const direction of [TO_SERVER, TO_CLIENT] as const) this.flushSkipped(direction);
    this.decoder?.end(frame, time);
  }

  /** Returns whether the bytes have been dealt with. */
  private decideAtStart(chunk: StreamChunk): boolean {
    const all = this.first.joined(chunk);
    const answer = transportAtStart(chunk.direction, all);
    if (answer === 'more' && all.length < MAX_FIRST_BYTES) {
      this.first.hold(chunk);
      return true;
    }
    if (answer === 'more' || answer === null) {
      this.stranger = true;
      this.connection.foreign = foreignName(all, 0, all.length) ?? 'unknown';
      this.dropFirst();
      return false;
    }
    const decoder = this.open(answer, true);
    this.first.release((held) => {
      decoder.data(held);
    });
    return false;
  }

  private decideInMiddle({ direction, bytes, start, end }: StreamChunk): void {
    const answer = transportInMiddle(direction, bytes, start, end);
    if (answer !== null) {
      this.flushSkipped(TO_SERVER);
      this.flushSkipped(TO_CLIENT);
      this.open(answer, false);
    } else if (++this.looks >= MAX_LOOKS) this.stranger = true;
  }

  private open(transport: Transport, aligned: boolean): ConnectionDecoder {
    const { connection, sink } = this;
    if (transport === 'tls') this.decoder = new TlsDecoder(connection, sink);
    else if (transport === 'grpc') this.decoder = new EtcdGrpcDecoder(connection, sink, aligned);
    else this.decoder = new EtcdHttpDecoder(connection, sink, aligned);
    return this.decoder;
  }

  private skip({ direction, length, frame, time }: StreamChunk): void {
    if (this.skippedBytes[direction] === 0) {
      this.skippedAt[direction] = frame;
      this.skippedTime[direction] = time;
    }
    this.skippedBytes[direction] += length;
  }

  private dropFirst(): void {
    this.first.release((chunk) => {
      this.skip(chunk);
    });
  }

  private flushSkipped(direction: Direction): void {
    const bytes = this.skippedBytes[direction];
    if (bytes === 0) return;
    this.skippedBytes[direction] = 0;
    this.sink.gap({
      connection: this.connection,
      direction,
      frame: this.skippedAt[direction],
      time: this.skippedTime[direction],
      bytes,
      reason: this.connection.foreign === null ? 'skipped' : 'foreign',
    });
  }
}

/** What the first bytes of a direction say; null where they are none of etcd's. */
function transportAtStart(direction: Direction, bytes: Buffer): Transport | 'more' | null {
  const text = bytes.toString('latin1', 0, PREFACE.length);
  if (bytes[0] === 0x16 || bytes[0] === 0x15) {
    if (bytes.length < TLS_HEADER) return 'more';
    return isRecordHeader(bytes, 0) ? 'tls' : null;
  }
  if (direction === TO_SERVER) {
    const preface = PREFACE.toString('latin1');
    if (text === preface) return 'grpc';
    if (preface.startsWith(text)) return 'more';
    const answer = looksLikeRequest(text);
    return answer === 'yes' ? 'http' : answer === 'no' ? null : 'more';
  }
  const answer = looksLikeResponse(text);
  if (answer !== 'no') return answer === 'yes' ? 'http' : 'more';
  // A server's HTTP/2 begins with SETTINGS.
  if (bytes.length < FRAME_HEADER_LENGTH) return bytes[0] === 0 ? 'more' : null;
  return areSettings(bytes) ? 'grpc' : null;
}

function areSettings(bytes: Buffer): boolean {
  const length = bytes.readUIntBE(0, 3);
  return bytes[3] === FrameType.SETTINGS && length % 6 === 0 && length <= 600 && bytes.readUIntBE(4, 5) === 0;
}

/** What a segment from the middle of a connection looks like; null where it has no shape of its own. */
export function transportInMiddle(direction: Direction, bytes: Buffer, start: number, end: number): Transport | null {
  if (areFrames(bytes, start, end)) return 'grpc';
  const text = bytes.toString('latin1', start, Math.min(end, start + PREFACE.length));
  if (direction === TO_SERVER && text === PREFACE.toString('latin1')) return 'grpc';
  if (looksLikeRequest(text) === 'yes' || looksLikeResponse(text) === 'yes') return 'http';
  if (direction === TO_CLIENT && SIZE_LINE.test(text)) return 'http';
  if (areRecords(bytes, start, end)) return 'tls';
  return null;
}

/** Whole TLS records, the last of which may go on behind the segment where others came before it. */
function areRecords(bytes: Buffer, start: number, end: number): boolean {
  let at = start;
  let count = 0;
  while (at + TLS_HEADER <= end) {
    if (!isRecordHeader(bytes, at)) return false;
    at += TLS_HEADER + bytes.readUInt16BE(at + 3);
    count++;
  }
  return count > 0 && (at === end || (count > 1 && at > end));
}
