import { TO_SERVER, type Connection, type Direction } from '../../network/connection.js';
import { StreamChunk } from '../../network/streamChunk.js';
import {
  missingBytes,
  type ConnectionDecoder,
  type ConnectedGap,
  type ToldMessage,
  type MessageSink,
  type OpenInside,
} from '../protocol.js';
import type { RecordPlace } from './records/record.js';

/**
 * The plain text of a TLS connection, handed on as a stream like another. Its positions are those of the TCP stream that
 * carries it, so that acknowledgements mean what they mean elsewhere: the text of a record ends where the record ends, and
 * nothing of it can be read before all of the record has arrived. A message therefore ends with the record that completes
 * it, and was received once that is acknowledged.
 */
export class PlainText implements MessageSink {
  private readonly decoder: ConnectionDecoder;
  private readonly chunk = new StreamChunk();
  /** Direction and end of the record that is being handed on. */
  private direction: Direction = TO_SERVER;
  private recordEnd = -1;

  constructor(
    private readonly connection: Connection,
    private readonly sink: MessageSink,
    open: OpenInside,
  ) {
    this.decoder = open(connection, this);
  }

  get held(): number {
    return this.decoder.held ?? 0;
  }

  giveUp(): void {
    this.decoder.giveUp?.();
  }

  text(direction: Direction, text: Buffer, { streamEnd, frame, time }: RecordPlace): void {
    this.direction = direction;
    this.recordEnd = streamEnd;
    this.decoder.data(this.chunk.set(direction, text, 0, text.length, streamEnd - text.length, frame, time));
    this.recordEnd = -1;
  }

  /** Text of so many bytes is missing before a position of the TCP stream. */
  lost(direction: Direction, bytes: number, exact: boolean, before: number, { frame, time }: RecordPlace): void {
    const { connection, decoder } = this;
    if (decoder.tellsMissing !== true) this.sink.gap(missingBytes(connection, direction, bytes, frame, time));
    decoder.gap(direction, bytes, before - bytes, frame, time, exact);
  }

  fin(direction: Direction, frame: number, time: number): void {
    this.decoder.fin(direction, frame, time);
  }

  end(frame: number, time: number): void {
    this.decoder.end(frame, time);
  }

  message(message: ToldMessage): void {
    if (message.direction === this.direction && message.streamEnd < this.recordEnd) message.streamEnd = this.recordEnd;
    this.sink.message(message);
  }

  gap(gap: ConnectedGap): void {
    this.sink.gap(gap);
  }
}
