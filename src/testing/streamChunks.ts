import type { Direction } from '../network/connection.js';
import { StreamChunk } from '../network/streamChunk.js';

/** A chunk of all these bytes, by itself. */
export function streamChunk(direction: Direction, bytes: Buffer, position = 0, frame = 1): StreamChunk {
  return new StreamChunk().set(direction, bytes, 0, bytes.length, position, frame, frame * 1e6);
}
