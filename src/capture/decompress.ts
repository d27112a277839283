import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { asBuffer, type ByteSource } from './byte-source.js';
import type { Compression } from './detect.js';
import { ZstdBlocks } from './zstd-blocks.js';

const OUTPUT_CHUNK = 256 * 1024;
/** Output that may wait while frames are worked on: the decompressor runs on another thread meanwhile. */
const OUTPUT_AHEAD = 1024 * 1024;

type TransformMaker = (options: zlib.ZlibOptions) => Transform;

/** node:zlib's own zstd, in Node 22.15 and later; undefined before. */
export const nativeZstd = (zlib as { createZstdDecompress?: TransformMaker }).createZstdDecompress;

/**
 * The decompressed bytes of `source`, several members or frames one after the other included. Where the data is cut or
 * damaged, what was decompressed before is given first, then `failure` says so. `zstd` is for tests.
 */
export function decompress(source: ByteSource, compression: Compression, zstd = nativeZstd): ByteSource {
  if (compression === 'gzip') return new TransformSource(source, 'gzip', zlib.createGunzip(OPTIONS), null);
  if (zstd !== undefined) return new TransformSource(source, 'zstd', zstd(OPTIONS), new ZstdBlocks());
  return new FzstdSource(source);
}

const OPTIONS = { chunkSize: OUTPUT_CHUNK, readableHighWaterMark: OUTPUT_AHEAD } as zlib.ZlibOptions;

/** Pulls through one of node:zlib's streams, so that nothing piles up and nothing is lost when it fails. */
class TransformSource implements ByteSource {
  failure: string | null = null;
  readonly #source: ByteSource;
  readonly #name: Compression;
  readonly #transform: Transform;
  /** Follows zstd's blocks, as node:zlib does not tell that zstd data is cut short. */
  readonly #blocks: ZstdBlocks | null;
  /** What was noticed about the input before the transform has given all that it holds. */
  #suspicion: unknown = null;
  #feeding = false;
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(source: ByteSource, name: Compression, transform: Transform, blocks: ZstdBlocks | null) {
    this.#source = source;
    this.#name = name;
    this.#transform = transform;
    this.#blocks = blocks;
    const wake = (): void => {
      this.#wake?.();
    };
    transform.on('readable', wake);
    const end = (): void => {
      this.#ended = true;
      if (this.#suspicion !== null) this.#fail(this.#suspicion);
      wake();
    };
    transform.on('end', end);
    transform.on('close', end);
    transform.on('error', (error) => {
      this.#fail(error);
      wake();
    });
  }

  get bytesRead(): number {
    return this.#source.bytesRead;
  }

  async read(): Promise<Buffer | null> {
    for (;;) {
      const chunk = this.#transform.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.#ended || this.failure !== null) return null;
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      if (!this.#feeding) {
        this.#feeding = true;
        void this.#feed();
      }
      await woken;
    }
  }

  async #feed(): Promise<void> {
    const chunk = await this.#source.read();
    if (this.#transform.destroyed) {
      this.#ended = true;
      this.#wake?.();
      return;
    }
    if (chunk === null) {
      if (this.#source.failure !== null) this.#suspicion ??= new Error(this.#source.failure);
      else if (this.#blocks?.complete === false) this.#suspicion ??= new Error('unexpected end of data');
      this.#transform.end();
      return;
    }
    this.#follow(chunk);
    this.#transform.write(chunk, () => {
      this.#feeding = false;
      this.#wake?.();
    });
  }

  #follow(chunk: Buffer): void {
    if (this.#blocks === null || this.#suspicion !== null) return;
    try {
      this.#blocks.push(chunk);
      while (this.#blocks.next() !== null);
    } catch (error) {
      this.#suspicion = error;
    }
  }

  #fail(error: unknown): void {
    this.failure ??= failureText(this.#name, this.#source, error);
  }

  async close(): Promise<void> {
    this.#transform.destroy();
    await this.#source.close();
  }
}

/** zstd by fzstd, one block at a time, so that what one step can produce is bounded (128 KiB). */
class FzstdSource implements ByteSource {
  failure: string | null = null;
  readonly #source: ByteSource;
  readonly #blocks = new ZstdBlocks();
  #frame: Decompress | null = null;
  readonly #outputs: Uint8Array[] = [];

  constructor(source: ByteSource) {
    this.#source = source;
  }

  get bytesRead(): number {
    return this.#source.bytesRead;
  }

  async read(): Promise<Buffer | null> {
    while (this.failure === null) {
      try {
        const output = this.#decompressBlock();
        if (output !== null) return output;
      } catch (error) {
        this.#fail(error);
        break;
      }
      const chunk = await this.#source.read();
      if (chunk === null) {
        if (this.#source.failure !== null) this.#fail(new Error(this.#source.failure));
        else if (!this.#blocks.complete) this.#fail(new Error('unexpected end of data'));
        return null;
      }
      this.#blocks.push(chunk);
    }
    return null;
  }

  /** The next output that the bytes at hand yield; null where they yield none. */
  #decompressBlock(): Buffer | null {
    for (;;) {
      const block = this.#blocks.next();
      if (block === null) return null;
      if (block.first) this.#frame = new Decompress((output) => this.#outputs.push(output));
      // fzstd keeps short input until there is more of it, so it must not be a view on a buffer that is used again.
      this.#frame?.push(block.bytes.length < 32 ? Uint8Array.from(block.bytes) : block.bytes, block.last);
      const output = this.#outputs.length === 1 ? this.#outputs[0]! : Buffer.concat(this.#outputs);
      this.#outputs.length = 0;
      if (output.length > 0) return asBuffer(output);
    }
  }

  #fail(error: unknown): void {
    this.failure ??= failureText('zstd', this.#source, error);
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}

function failureText(name: Compression, source: ByteSource, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `the ${name} data cannot be decompressed to its end (${reason}, ${source.bytesRead} bytes into the file)`;
}
