import { TO_SERVER, type Direction } from '../../network/connection.js';
import { gatewayOp } from '../../protocols/etcd/gateway.js';
import { grpcOp } from '../../protocols/etcd/operations.js';
import {
  areFrames,
  FLAG_END_HEADERS,
  FLAG_PADDED,
  FLAG_PRIORITY,
  FRAME_HEADER_LENGTH,
  FrameType,
  isPlausibleHeader,
  PREFACE,
} from '../../protocols/transport/http2/frames.js';
import type { StreamReader } from './carried.js';
import { HpackRewriter } from './hpackRewriter.js';
import { rewriteJson } from './json.js';
import type { AnonymizingKey } from './key.js';
import type { Maps } from './juteRewriter.js';
import { rewriteProtobuf } from './protobuf.js';
import type { RewrittenStream } from './streams.js';

const MAX_FRAME = 1 << 20;
/** 1 byte (0 for what is not compressed) and a 4-byte length. */
const GRPC_PREFIX = 5;
/**
 * Calls whose path is remembered.
 * @bound calls
 */
const MOST_CALLS = 4096;

interface Side {
  readonly hpack: HpackRewriter;
  aligned: boolean;
  /** Bytes of gRPC messages that go on in the next DATA frame, by stream id. */
  readonly rest: Map<number, number>;
}

/** HTTP/2 with gRPC, and with etcd's JSON gateway: frames keep their headers, calls their names, numbers their values. */
export class Http2Reader implements StreamReader {
  private readonly sides: readonly [Side, Side];
  private readonly paths = new Map<number, string>();

  constructor(
    private readonly stream: (direction: Direction) => RewrittenStream,
    private readonly maps: Maps,
    key: AnonymizingKey,
    private readonly atStart: boolean,
  ) {
    const side = (): Side => ({ hpack: new HpackRewriter(atStart, maps, key), aligned: atStart, rest: new Map() });
    this.sides = [side(), side()];
  }

  data(direction: Direction, position: number): void {
    const stream = this.stream(direction);
    const side = this.sides[direction];
    if (stream.dead) return;
    if (!side.aligned) {
      const bytes = stream.original(Math.max(position, stream.decided));
      if (!areFrames(bytes, 0, bytes.length)) return;
      stream.zeroTo(position);
      side.aligned = true;
    }
    if (this.atStart && direction === TO_SERVER && stream.decided === 0) {
      if (stream.original(0).length < PREFACE.length) return;
      stream.put(0, PREFACE);
    }
    while (this.frame(direction, side, stream));
  }

  /** Rewrites the next frame; false where it is not there yet. */
  private frame(direction: Direction, side: Side, stream: RewrittenStream): boolean {
    const start = stream.decided;
    const bytes = stream.original(start);
    if (bytes.length < FRAME_HEADER_LENGTH) return false;
    if (!isPlausibleHeader(bytes, 0, MAX_FRAME)) {
      stream.die();
      return false;
    }
    const length = FRAME_HEADER_LENGTH + bytes.readUIntBE(0, 3);
    if (bytes.length < length) return false;
    const out = Buffer.alloc(length);
    bytes.copy(out, 0, 0, FRAME_HEADER_LENGTH);
    const type = bytes[3]!;
    const flags = bytes[4]!;
    const id = bytes.readUInt32BE(5);
    let from = FRAME_HEADER_LENGTH;
    let to = length;
    if ((flags & FLAG_PADDED) !== 0 && (type === FrameType.DATA || type === FrameType.HEADERS)) {
      out[from] = bytes[from]!;
      to -= bytes[from++] ?? 0;
    }
    if (from > to) to = from;
    switch (type) {
      case FrameType.DATA:
        this.content(direction, side, id, bytes.subarray(from, to)).copy(out, from);
        break;
      case FrameType.HEADERS: {
        if ((flags & FLAG_PRIORITY) !== 0) from += bytes.copy(out, from, from, Math.min(from + 5, to));
        const block =
          (flags & FLAG_END_HEADERS) === 0 ? null : side.hpack.rewrite(Buffer.from(bytes.subarray(from, to)));
        if (block === null) {
          // What it adds to the table, and so all that follows, is not known.
          stream.die();
          return false;
        }
        block.out.copy(out, from);
        if (block.path !== null) this.remember(id, block.path);
        break;
      }
      case FrameType.PRIORITY:
      case FrameType.RST_STREAM:
      case FrameType.SETTINGS:
      case FrameType.WINDOW_UPDATE:
        bytes.copy(out, from, from, to);
        break;
      case FrameType.GOAWAY:
        bytes.copy(out, from, from, from + 8);
        break;
      case FrameType.PUSH_PROMISE:
      case FrameType.CONTINUATION:
        stream.die();
        return false;
    }
    stream.put(start, out);
    return true;
  }

  private content(direction: Direction, side: Side, id: number, data: Buffer): Buffer {
    const path = this.paths.get(id);
    const out = Buffer.alloc(data.length);
    if (path === undefined) return out;
    const ofRequest = direction === TO_SERVER;
    if (gatewayOp(path) !== null) return rewriteJson(data, this.maps);
    const op = grpcOp(path);
    let at = Math.min(side.rest.get(id) ?? 0, data.length);
    side.rest.set(id, (side.rest.get(id) ?? 0) - at);
    while (at + GRPC_PREFIX <= data.length) {
      const length = data.readUInt32BE(at + 1);
      if (data[at]! > 1 || length > 1 << 28) return out;
      data.copy(out, at, at, at + GRPC_PREFIX);
      const end = at + GRPC_PREFIX + length;
      if (end > data.length) side.rest.set(id, end - data.length);
      // A message in several frames, or a compressed one, goes.
      else if (data[at] === 0)
        rewriteProtobuf(op, ofRequest, data.subarray(at + GRPC_PREFIX, end), this.maps).copy(out, at + GRPC_PREFIX);
      at = end;
    }
    return out;
  }

  private remember(id: number, path: string): void {
    this.paths.set(id, path);
    if (this.paths.size <= MOST_CALLS) return;
    for (const oldest of this.paths.keys()) {
      this.paths.delete(oldest);
      for (const { rest } of this.sides) rest.delete(oldest);
      break;
    }
  }
}
