import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { asBuffer, type ByteSource } from './byteSource.js';
import type { Compression } from './detect.js';
import { type ZstdBlock, ZstdBlocks } from './zstdBlocks.js';

const OUTPUT_CHUNK = 256 * 1024;
/** Output that may wait while frames are worked on: the decompressor runs on another thread meanwhile. */
const OUTPUT_AHEAD = 1024 * 1024;

type TransformMaker = (options: zlib.ZlibOptions) => Transform;

/** node:zlib's own zstd, in Node 22.15 and later; undefined before. */
export const nativeZstd = (zlib as { createZstdDecompress?: TransformMaker }).createZstdDecompress;

/**
 * The decompressed bytes of `source`, several members or frames one after the other included. Where the data is cut or
 * damaged, what was decompressed before is given first, then `failure` says so. `zstd`, for tests, is null for none.
 */
export function decompress(
  source: ByteSource,
  compression: Compression,
  zstd: typeof nativeZstd | null = nativeZstd,
): ByteSource {
  if (compression === 'gzip') return new TransformSource(source, 'gzip', zlib.createGunzip(OPTIONS));
  const blocks = new BlockFeed(source);
  return zstd === null || zstd === undefined ? new FzstdSource(blocks) : new NativeZstdSource(blocks, zstd);
}

const OPTIONS = { chunkSize: OUTPUT_CHUNK, readableHighWaterMark: OUTPUT_AHEAD } as zlib.ZlibOptions;

/** Pulls through one of node:zlib's streams, so that nothing piles up and nothing is lost when it fails. */
class TransformSource implements ByteSource {
  failure: string | null = null;
  private readonly source: ByteSource;
  private readonly name: Compression;
  private readonly transform: Transform;
  private feeding = false;
  private ended = false;
  private wake: (() => void) | null = null;

  constructor(source: ByteSource, name: Compression, transform: Transform) {
    this.source = source;
    this.name = name;
    this.transform = transform;
    const wake = (): void => {
      this.wake?.();
    };
    transform.on('readable', wake);
    const end = (): void => {
      this.ended = true;
      if (this.source.failure !== null) this.fail(new Error(this.source.failure));
      wake();
    };
    transform.on('end', end);
    transform.on('close', end);
    transform.on('error', (error) => {
      this.fail(this.source.failure === null ? error : new Error(this.source.failure));
      wake();
    });
  }

  get bytesRead(): number {
    return this.source.bytesRead;
  }

  async read(): Promise<Buffer | null> {
    for (;;) {
      const chunk = this.transform.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.ended || this.failure !== null) return null;
      const woken = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      if (!this.feeding) {
        this.feeding = true;
        void this.feed();
      }
      await woken;
    }
  }

  private async feed(): Promise<void> {
    const chunk = await this.source.read();
    if (this.transform.destroyed) {
      this.ended = true;
      this.wake?.();
      return;
    }
    if (chunk === null) {
      this.transform.end();
      return;
    }
    this.transform.write(chunk, () => {
      this.feeding = false;
      this.wake?.();
    });
  }

  private fail(error: unknown): void {
    this.failure ??= failureText(this.name, this.source, error);
  }

  async close(): Promise<void> {
    this.transform.destroy();
    await this.source.close();
  }
}

/** The blocks of zstd data, one after the other. */
class BlockFeed {
  failure: unknown = null;
  readonly source: ByteSource;
  private readonly blocks = new ZstdBlocks();

  constructor(source: ByteSource) {
    this.source = source;
  }

  /** The next block; null at the end, or where `failure` says why there is none. */
  async next(): Promise<ZstdBlock | null> {
    for (;;) {
      const block = this.nextAtHand();
      if (block !== null || this.failure !== null) return block;
      const chunk = await this.source.read();
      if (chunk === null) {
        if (this.source.failure !== null) this.failure = new Error(this.source.failure);
        else if (!this.blocks.complete) this.failure = new Error('unexpected end of data');
        return null;
      }
      this.blocks.push(chunk);
    }
  }

  /** The next block, if all of it has been read; null if not, or where `failure` says why there is none. */
  nextAtHand(): ZstdBlock | null {
    if (this.failure !== null) return null;
    try {
      return this.blocks.next();
    } catch (error) {
      this.failure = error;
      return null;
    }
  }
}

abstract class ZstdSource implements ByteSource {
  failure: string | null = null;
  protected readonly blocks: BlockFeed;

  constructor(blocks: BlockFeed) {
    this.blocks = blocks;
  }

  get bytesRead(): number {
    return this.blocks.source.bytesRead;
  }

  abstract read(): Promise<Buffer | null>;

  protected fail(error: unknown): null {
    this.failure ??= failureText('zstd', this.blocks.source, error);
    return null;
  }

  async close(): Promise<void> {
    await this.blocks.source.close();
  }
}

/** zstd by node:zlib, a new stream for each frame: it ends, silently, behind the first. */
class NativeZstdSource extends ZstdSource {
  private readonly make: TransformMaker;
  private frame: TransformSource | null = null;

  constructor(blocks: BlockFeed, make: TransformMaker) {
    super(blocks);
    this.make = make;
  }

  async read(): Promise<Buffer | null> {
    while (this.failure === null) {
      if (this.frame === null) {
        const block = await this.blocks.next();
        if (block === null) return this.blocks.failure === null ? null : this.fail(this.blocks.failure);
        this.frame = new TransformSource(new FrameSource(this.blocks, block), 'zstd', this.make(OPTIONS));
      }
      const chunk = await this.frame.read();
      if (chunk !== null) return chunk;
      this.failure = this.frame.failure;
      await this.frame.close();
      this.frame = null;
    }
    return null;
  }

  override async close(): Promise<void> {
    await this.frame?.close();
    await super.close();
  }
}

/** The bytes of one zstd frame, as many blocks at a time as lie side by side. */
class FrameSource implements ByteSource {
  private readonly blocks: BlockFeed;
  private waiting: ZstdBlock | null;
  private ended = false;

  constructor(blocks: BlockFeed, first: ZstdBlock) {
    this.blocks = blocks;
    this.waiting = first;
  }

  get bytesRead(): number {
    return this.blocks.source.bytesRead;
  }

  get failure(): string | null {
    const { failure } = this.blocks;
    return failure === null ? null : textOf(failure);
  }

  async read(): Promise<Buffer | null> {
    if (this.ended) return null;
    let block = this.waiting ?? (await this.blocks.next());
    this.waiting = null;
    this.ended = block === null || block.last;
    if (block === null) return null;
    const { buffer, byteOffset } = block.bytes;
    let length = block.bytes.length;
    while (block.lasting && !block.last) {
      const more = this.blocks.nextAtHand();
      if (more === null) break;
      if (more.bytes.buffer !== buffer || more.bytes.byteOffset !== byteOffset + length) {
        this.waiting = more;
        break;
      }
      length += more.bytes.length;
      this.ended = more.last;
      block = more;
    }
    return Buffer.from(buffer, byteOffset, length);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** zstd by fzstd, one block at a time, so that what one step can produce is bounded (128 KiB). */
class FzstdSource extends ZstdSource {
  private readonly outputs: Uint8Array[] = [];
  private frame: Decompress | null = null;

  async read(): Promise<Buffer | null> {
    while (this.failure === null) {
      const block = await this.blocks.next();
      if (block === null) return this.blocks.failure === null ? null : this.fail(this.blocks.failure);
      try {
        if (block.first) this.frame = new Decompress((output) => this.outputs.push(output));
        // fzstd keeps short input until there is more of it, so it must not be a view on a buffer that is used again.
        this.frame?.push(block.bytes.length < 32 ? Uint8Array.from(block.bytes) : block.bytes, block.last);
      } catch (error) {
        this.fail(error);
      }
      const output = this.outputs.length === 1 ? this.outputs[0]! : Buffer.concat(this.outputs);
      this.outputs.length = 0;
      if (output.length > 0) return asBuffer(output);
    }
    return null;
  }
}

function failureText(name: Compression, source: ByteSource, error: unknown): string {
  return `the ${name} data cannot be decompressed to its end (${textOf(error)}, ${source.bytesRead} bytes into the file)`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
