import { TO_SERVER, type Direction } from './connection.js';
import { steadyShape } from '../capture/steadyShape.js';

const NO_BYTES = Buffer.alloc(0);

/**
 * Bytes of one direction as they are handed on: `bytes` from `start` to before `end`, the first of which stands at
 * `position` of the stream. One object is reused for all of a capture: it is valid, with the bytes under it, until the
 * call returns. Who needs it longer takes a `copy`.
 */
export class StreamChunk {
  direction: Direction = TO_SERVER;
  bytes: Buffer = NO_BYTES;
  start = 0;
  end = 0;
  /** Counts stream bytes, gaps among them, from 0. */
  position = 0;
  /** Frame that brought the bytes, and its time (nanoseconds since the base of the run's Clock). */
  frame = 0;
  time = 0;

  get length(): number {
    return this.end - this.start;
  }

  set(
    direction: Direction,
    bytes: Buffer,
    start: number,
    end: number,
    position: number,
    frame: number,
    time: number,
  ): this {
    this.direction = direction;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.position = position;
    this.frame = frame;
    this.time = time;
    return this;
  }

  /** The same with bytes of its own. */
  copy(): StreamChunk {
    const bytes = Buffer.from(this.bytes.subarray(this.start, this.end));
    return new StreamChunk().set(this.direction, bytes, 0, bytes.length, this.position, this.frame, this.time);
  }
}

steadyShape(new StreamChunk(), 'time');
