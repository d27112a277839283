import type { Connection, Direction, Endpoint } from './connection.js';
import type { StreamChunk } from './streamChunk.js';
import type { TcpEventKind } from './tcpEvents.js';

/**
 * What a stream promises its handler: bytes of one direction come in order and once; what the capture has not is
 * announced by `gap` at its place; a segment is handed on after everything that it acknowledges, so that a request comes
 * before its answer even where the capture has them the other way round. `fin` and `end` come last. `position` counts
 * bytes and gaps from 0. Frames of one direction never go back. The chunk is reused: it is valid during the call.
 */
export interface StreamHandler {
  /** Set by a handler that only had to find out who takes over: that one is called from then on. */
  successor?: StreamHandler | null;
  /** It tells of missing bytes itself, in the place that it thinks right; for others `ConnectionListener.missing` does. */
  readonly tellsMissing?: boolean;
  /** Bytes of memory that it keeps of messages which are not whole yet. */
  readonly held?: number;
  /** There are too many of them on all connections together: it keeps what it needs to find its way on, and no more. */
  giveUp?(): void;
  data(chunk: StreamChunk): void;
  /** `exact` is false where the length is an estimate: what comes behind it need not follow what came before. */
  gap(direction: Direction, length: number, position: number, frame: number, time: number, exact?: boolean): void;
  fin(direction: Direction, frame: number, time: number): void;
  end(frame: number, time: number): void;
}

/** Who listens: is told of every TCP connection, and gives a handler for those whose bytes it wants (null: no bytes). */
export interface ConnectionListener {
  /** Which of two endpoints is the server, for a connection whose start was not captured; null if that cannot be told. */
  server(a: Endpoint, b: Endpoint): Endpoint | null;
  opened(connection: Connection): StreamHandler | null;
  closed(connection: Connection): void;
  /** The capture has not these bytes, told before the handler's `gap`, unless that one `tellsMissing`. */
  missing?(connection: Connection, direction: Direction, length: number, frame: number, time: number): void;
  /**
   * What a segment that went in `direction` was beside its payload: after the messages that it completed, and before
   * `closed` where it ended the connection. The end may be followed by more (a FIN sent again, the other side's RST).
   */
  tcpEvent?(kind: TcpEventKind, connection: Connection, direction: Direction, frame: number, time: number): void;
  /**
   * The receiver has acknowledged the stream of `direction` up to its `watchFor` or farther (see Stream). Told once
   * and before what the acknowledging segment carries; which one it was say `ackedFrame` and `ackedTime`. Also told of
   * acknowledgements after the end.
   */
  acknowledged?(connection: Connection, direction: Direction): void;
}
