import fs from 'node:fs';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

const openFile = promisify(fs.open);
const readFile = promisify(fs.read);
const closeFile = promisify(fs.close);

/** Where the bytes of an input come from. One `read` at a time. */
export interface ByteSource {
  /** Bytes taken from the input so far, as it is stored. */
  readonly bytesRead: number;
  /** Why `read` returned null before the end of the input, for people; null where it did not. */
  readonly failure: string | null;
  /** The next bytes, valid until the next call; null at the end. Never throws: see `failure`. */
  read(): Promise<Buffer | null>;
  /** Lets go of the input. A `read` under way returns soon. */
  close(): Promise<void>;
}

/** Buffers of one size, used again by one file after the other. */
export class BufferPool {
  private readonly size: number;
  private readonly free: Buffer[] = [];

  constructor(size: number) {
    this.size = size;
  }

  take(): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(this.size);
  }

  give(buffer: Buffer): void {
    this.free.push(buffer);
  }
}

/** Reads a file into two buffers in turn: one is filled while the other is worked on. */
export class FileSource implements ByteSource {
  bytesRead = 0;
  failure: string | null = null;
  private readonly descriptor: number;
  private readonly pool: BufferPool;
  private readonly buffers: [Buffer, Buffer];
  private turn = 0;
  private ahead: Promise<number> | null = null;
  private closed: Promise<void> | null = null;

  /** Takes over a file descriptor and reads from where it stands. */
  constructor(descriptor: number, pool: BufferPool) {
    this.descriptor = descriptor;
    this.pool = pool;
    this.buffers = [pool.take(), pool.take()];
  }

  /** Throws what `fs.open` throws. */
  static async open(path: string, pool: BufferPool): Promise<FileSource> {
    return new FileSource(await openFile(path, 'r'), pool);
  }

  async read(): Promise<Buffer | null> {
    if (this.failure !== null || this.closed !== null) return null;
    const count = await (this.ahead ?? this.fetch());
    this.ahead = null;
    if (count <= 0) return null;
    this.bytesRead += count;
    const buffer = this.buffers[this.turn]!;
    this.turn = 1 - this.turn;
    this.ahead = this.fetch();
    return buffer.subarray(0, count);
  }

  /** Fills the buffer whose turn it is; -1 where that failed. Never rejects, as nobody may be waiting for it. */
  private async fetch(): Promise<number> {
    const buffer = this.buffers[this.turn]!;
    try {
      return (await readFile(this.descriptor, buffer, 0, buffer.length, null)).bytesRead;
    } catch (error) {
      this.failure = `reading failed: ${error instanceof Error ? error.message : String(error)}`;
      return -1;
    }
  }

  close(): Promise<void> {
    this.closed ??= this.release();
    return this.closed;
  }

  private async release(): Promise<void> {
    await this.ahead;
    await closeFile(this.descriptor);
    for (const buffer of this.buffers) this.pool.give(buffer);
  }
}

/** Standard input, a named pipe, or any stream of a program: chunks as they arrive. */
export class StreamSource implements ByteSource {
  bytesRead = 0;
  failure: string | null = null;
  private readonly stream: Readable;
  private readonly iterator: AsyncIterator<unknown, unknown>;
  private closed = false;

  constructor(stream: Readable) {
    this.stream = stream;
    this.iterator = stream[Symbol.asyncIterator]() as AsyncIterator<unknown, unknown>;
  }

  async read(): Promise<Buffer | null> {
    for (;;) {
      const chunk = await this.next();
      // An empty chunk says nothing; null would say that this is the end.
      if (chunk?.length !== 0) return chunk;
    }
  }

  private async next(): Promise<Buffer | null> {
    if (this.closed || this.failure !== null) return null;
    try {
      const result = await this.iterator.next();
      if (result.done === true) return null;
      if (!(result.value instanceof Uint8Array)) {
        this.failure = 'the stream gives no bytes (has it an encoding, or is it in object mode?)';
        return null;
      }
      this.bytesRead += result.value.length;
      return asBuffer(result.value);
    } catch (error) {
      if (!this.isClosed()) this.failure = `reading failed: ${error instanceof Error ? error.message : String(error)}`;
      return null;
    }
  }

  /** Closing may have happened while a read was under way. */
  private isClosed(): boolean {
    return this.closed;
  }

  close(): Promise<void> {
    this.closed = true;
    this.stream.destroy();
    return Promise.resolve();
  }
}

/** Gives bytes that were looked at, then the rest of the source. */
export class ReplaySource implements ByteSource {
  private readonly source: ByteSource;
  private first: Buffer | null;

  constructor(first: Buffer, source: ByteSource) {
    this.first = first;
    this.source = source;
  }

  get bytesRead(): number {
    return this.source.bytesRead;
  }

  get failure(): string | null {
    return this.source.failure;
  }

  read(): Promise<Buffer | null> {
    const first = this.first;
    if (first === null) return this.source.read();
    this.first = null;
    return Promise.resolve(first);
  }

  close(): Promise<void> {
    return this.source.close();
  }
}

/** A file descriptor of its own for a path. Throws what `fs.open` throws. */
export function openDescriptor(path: string): Promise<number> {
  return openFile(path, 'r');
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
