import type { Direction } from '../../../network/connection.js';
import { TO_CLIENT, TO_SERVER } from '../../../network/connection.js';
import type { StreamChunk } from '../../../network/streamChunk.js';
import { ByteCollector, HeldTally } from '../../byteCollector.js';
import { FLAG_END_HEADERS, FLAG_END_STREAM, FLAG_PADDED, FLAG_PRIORITY, FrameType } from './frames.js';
import { Http2FrameReader, MAX_PAYLOAD, type FrameEvents, type FramePlace } from './frameReader.js';
import { HpackDecoder, type HeaderBlock } from './hpack.js';

/** What the protocol above HTTP/2 wants to know. Places are reused: valid during the call. */
export interface Http2Handler {
  /** A header block; null where it could not be read (the stream began or ended all the same). */
  headers(direction: Direction, id: number, block: HeaderBlock | null, endStream: boolean, place: FramePlace): void;
  /** A DATA frame begins, with so many bytes of data. */
  dataStart(direction: Direction, id: number, length: number): void;
  dataBytes(direction: Direction, id: number, bytes: Buffer, start: number, end: number, place: FramePlace): void;
  dataGap(direction: Direction, id: number, length: number, place: FramePlace): void;
  dataEnd(direction: Direction, id: number, endStream: boolean, place: FramePlace): void;
  /** RST_STREAM. */
  reset(direction: Direction, id: number, errorCode: number, place: FramePlace): void;
  goaway(direction: Direction, lastStream: number, errorCode: number, debug: string, place: FramePlace): void;
  /** Frames of this direction are missing, of any stream. */
  lost(direction: Direction): void;
  skipped(direction: Direction, bytes: number, frame: number, time: number): void;
}

/** State of one direction: its table, and the header block that CONTINUATION frames go on with. */
interface Side {
  readonly reader: Http2FrameReader;
  readonly hpack: HpackDecoder;
  readonly block: ByteCollector;
  blockStream: number;
  blockEndsStream: boolean;
  blockFirstFrame: number;
  blockFirstTime: number;
  /** The block cannot be read whole: it is dropped when it ends. */
  blockDamaged: boolean;
}

/** Longest text kept of a GOAWAY's debug data. */
const MAX_DEBUG = 256;

/** Both directions of an HTTP/2 connection: frames, header blocks, and what is needed of control frames. */
export class Http2Connection implements FrameEvents {
  /** What is held of frames and header blocks; what the handler keeps is counted in as well. */
  readonly tally = new HeldTally();
  private readonly toServer: Side;
  private readonly toClient: Side;

  /** `aligned` is false where the start of the connection was not captured. */
  constructor(
    private readonly handler: Http2Handler,
    aligned: boolean,
  ) {
    this.toServer = this.side(TO_SERVER, aligned);
    this.toClient = this.side(TO_CLIENT, aligned);
  }

  get held(): number {
    return this.tally.bytes + this.toServer.hpack.held + this.toClient.hpack.held;
  }

  /** Keeps nothing of frames and blocks under way, and nothing of the tables of headers. */
  giveUp(): void {
    for (const side of [this.toServer, this.toClient]) {
      side.reader.giveUp();
      if (side.block.length > 0) side.blockDamaged = true;
      side.block.release();
      side.hpack.forget();
    }
  }

  data(chunk: StreamChunk): void {
    this.of(chunk.direction).reader.data(chunk);
  }

  gap(direction: Direction, length: number, position: number, frame: number, time: number): void {
    this.of(direction).reader.gap(length, position, frame, time);
  }

  end(): void {
    this.toServer.reader.end();
    this.toClient.reader.end();
  }

  frame(direction: Direction, type: number, flags: number, id: number, payload: Buffer, place: FramePlace): void {
    switch (type) {
      case FrameType.HEADERS:
        this.startBlock(direction, flags, id, payload, place);
        break;
      case FrameType.CONTINUATION:
        this.continueBlock(direction, flags, id, payload, place);
        break;
      case FrameType.RST_STREAM:
        this.handler.reset(direction, id, payload.readUInt32BE(0), place);
        break;
      case FrameType.GOAWAY: {
        const debug = payload.toString('latin1', 8, Math.min(payload.length, 8 + MAX_DEBUG));
        this.handler.goaway(direction, payload.readUInt32BE(0) & 0x7fffffff, payload.readUInt32BE(4), debug, place);
        break;
      }
      case FrameType.PUSH_PROMISE:
        // Nobody pushes here; were it so, its block would have changed the table.
        this.of(direction).hpack.forget();
        break;
    }
  }

  damagedFrame(direction: Direction, type: number, flags: number, id: number, place: FramePlace): void {
    const side = this.of(direction);
    if (type === FrameType.PUSH_PROMISE) side.hpack.forget();
    if (type !== FrameType.HEADERS && type !== FrameType.CONTINUATION) return;
    if (type === FrameType.HEADERS) this.openBlock(side, flags, id, place);
    side.blockDamaged = true;
    if ((flags & FLAG_END_HEADERS) !== 0) this.closeBlock(direction, side, place);
  }

  dataStart(direction: Direction, id: number, length: number): void {
    this.handler.dataStart(direction, id, length);
  }

  dataBytes(direction: Direction, id: number, bytes: Buffer, start: number, end: number, place: FramePlace): void {
    this.handler.dataBytes(direction, id, bytes, start, end, place);
  }

  dataGap(direction: Direction, id: number, length: number, place: FramePlace): void {
    this.handler.dataGap(direction, id, length, place);
  }

  dataEnd(direction: Direction, id: number, endStream: boolean, place: FramePlace): void {
    this.handler.dataEnd(direction, id, endStream, place);
  }

  lost(direction: Direction): void {
    const side = this.of(direction);
    side.hpack.forget();
    side.block.clear();
    side.blockStream = 0;
    this.handler.lost(direction);
  }

  skipped(direction: Direction, bytes: number, frame: number, time: number): void {
    this.handler.skipped(direction, bytes, frame, time);
  }

  private startBlock(direction: Direction, flags: number, id: number, payload: Buffer, place: FramePlace): void {
    const side = this.of(direction);
    this.openBlock(side, flags, id, place);
    let start = 0;
    let end = payload.length;
    if ((flags & FLAG_PADDED) !== 0) end -= payload[start++]!;
    if ((flags & FLAG_PRIORITY) !== 0) start += 5;
    if (start > end) side.blockDamaged = true;
    else side.block.add(payload, start, end);
    if ((flags & FLAG_END_HEADERS) !== 0) this.closeBlock(direction, side, place);
  }

  private continueBlock(direction: Direction, flags: number, id: number, payload: Buffer, place: FramePlace): void {
    const side = this.of(direction);
    if (side.blockStream !== id) {
      // Its HEADERS were not captured: what it adds to the table is unknown.
      side.hpack.forget();
      return;
    }
    side.block.add(payload, 0, payload.length);
    if ((flags & FLAG_END_HEADERS) !== 0) this.closeBlock(direction, side, place);
  }

  private openBlock(side: Side, flags: number, id: number, place: FramePlace): void {
    side.block.clear();
    side.blockStream = id;
    side.blockEndsStream = (flags & FLAG_END_STREAM) !== 0;
    side.blockFirstFrame = place.firstFrame;
    side.blockFirstTime = place.firstTime;
    side.blockDamaged = false;
  }

  private closeBlock(direction: Direction, side: Side, place: FramePlace): void {
    const id = side.blockStream;
    side.blockStream = 0;
    let block: HeaderBlock | null = null;
    if (side.blockDamaged || side.block.overflowed) side.hpack.forget();
    else block = side.hpack.decode(side.block.view(), 0, side.block.length);
    side.block.clear();
    place.firstFrame = side.blockFirstFrame;
    place.firstTime = side.blockFirstTime;
    this.handler.headers(direction, id, block, side.blockEndsStream, place);
  }

  private side(direction: Direction, aligned: boolean): Side {
    const start = !aligned ? 'middle' : direction === TO_SERVER ? 'preface' : 'frame';
    return {
      reader: new Http2FrameReader(direction, this, start, this.tally),
      hpack: new HpackDecoder(aligned),
      block: new ByteCollector(MAX_PAYLOAD, this.tally),
      blockStream: 0,
      blockEndsStream: false,
      blockFirstFrame: 0,
      blockFirstTime: 0,
      blockDamaged: false,
    };
  }

  private of(direction: Direction): Side {
    return direction === TO_CLIENT ? this.toClient : this.toServer;
  }
}
