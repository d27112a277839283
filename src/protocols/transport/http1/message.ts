import type { Direction } from '../../../network/connection.js';
import type { Http1Head } from './head.js';

/** One message, complete or as much of it as was captured. */
export interface Http1Message {
  readonly head: Http1Head;
  /** As many bytes of the body as were asked for, chunked coding removed; a copy. */
  readonly body: Buffer;
  /** Bytes of the whole body, chunked coding removed. */
  readonly bodyLength: number;
  /** Bytes are missing in it, or its end was not seen. */
  readonly truncated: boolean;
  readonly firstFrame: number;
  readonly firstTime: number;
  readonly frame: number;
  readonly time: number;
  readonly streamEnd: number;
}

/** Where a message stands when its head is complete. */
export interface Http1Place {
  readonly firstFrame: number;
  readonly firstTime: number;
  readonly frame: number;
  readonly time: number;
  /** Position behind the head, or behind a part of the body. */
  readonly streamEnd: number;
}

/** What only the other direction knows about a message: how to frame its body, and what to keep of it. */
export interface BodyPlan {
  /** Bytes of the body to keep, at most. */
  readonly keep: number;
  /** A response to HEAD: no body whatever the fields say. */
  readonly noBody: boolean;
  /** The connection stops being HTTP/1 behind this head (101, CONNECT). */
  readonly tunnel: boolean;
  /** Takes the body as it comes, chunked coding removed; null for nobody. */
  readonly reader: BodyReader | null;
}

/** Takes a body that is more than one message, or may never end. */
export interface BodyReader {
  /** @param place of these bytes; its position is behind them */
  part(bytes: Buffer, start: number, end: number, place: Http1Place): void;
  /** Bytes are missing before what comes next. */
  lost(): void;
}

export interface Http1Events {
  head(direction: Direction, head: Http1Head, place: Http1Place): BodyPlan;
  complete(direction: Direction, message: Http1Message): void;
  /** In a stream that was not aligned, the chunks of a body were found whose head was not captured. */
  headlessChunks(direction: Direction, frame: number, time: number, position: number): void;
  /** That many bytes before the present place belonged to no message that could be aligned. */
  skipped(direction: Direction, bytes: number, frame: number, time: number): void;
}
