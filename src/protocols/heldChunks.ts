import { TO_CLIENT, TO_SERVER, type Direction } from '../network/connection.js';
import type { StreamChunk } from '../network/streamChunk.js';

const NONE: StreamChunk[] = [];

/** The first bytes of a connection, copied and held until somebody knows who speaks there. */
export class HeldChunks {
  private chunks = NONE;

  /** Number of chunks that are held, of both directions. */
  get count(): number {
    return this.chunks.length;
  }

  /** Their bytes together. */
  get bytes(): number {
    return this.chunks.reduce((sum, { length }) => sum + length, 0);
  }

  first(): StreamChunk | undefined {
    return this.chunks[0];
  }

  /** The latest `count` of them, oldest first. */
  latest(count: number): StreamChunk[] {
    return this.chunks.slice(-count);
  }

  hold(chunk: StreamChunk): void {
    if (this.chunks === NONE) this.chunks = [chunk.copy()];
    else this.chunks.push(chunk.copy());
  }

  /** What is held of a chunk's direction with the chunk behind it; a view on the chunk's bytes where nothing is held. */
  joined(chunk: StreamChunk): Buffer {
    const bytes = chunk.bytes.subarray(chunk.start, chunk.end);
    const before = this.of(chunk.direction);
    return before.length === 0 ? bytes : Buffer.concat([...before, bytes]);
  }

  /** Hands on all that is held, in the order in which it came, and holds nothing any more. */
  release(to: (chunk: StreamChunk) => void): void {
    const { chunks } = this;
    this.chunks = NONE;
    for (const chunk of chunks) to(chunk);
  }

  dropFirst(): void {
    this.chunks.shift();
  }

  /** Client and server turned out to be the other way round. */
  turn(): void {
    for (const chunk of this.chunks) chunk.direction = chunk.direction === TO_SERVER ? TO_CLIENT : TO_SERVER;
  }

  /** All that is held of a direction, one behind the other. */
  all(direction: Direction): Buffer {
    return Buffer.concat(this.of(direction));
  }

  clear(): void {
    this.chunks = NONE;
  }

  private of(direction: Direction): Buffer[] {
    return this.chunks.filter((chunk) => chunk.direction === direction).map(({ bytes }) => bytes);
  }
}
