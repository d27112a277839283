/**
 * node:zlib's gunzip by pako, which is zlib in JavaScript: what it gives, and what it says of damage, is the same. (The
 * browser's own DecompressionStream loses what comes before a cut, and knows one member only.) What is asked for at a time
 * is bounded: output is made as it is read.
 */
import {
  Z_BUF_ERROR,
  Z_NO_FLUSH,
  Z_OK,
  Z_STREAM_END,
  ZStream,
  zlibInflate,
  zlibInflateInit2,
  zlibInflateReset,
} from 'pako';

const CHUNK = 256 * 1024;
/** Window of 32 KiB, and a gzip header (zlib.h, inflateInit2). */
const GZIP_WINDOW = 15 + 16;

type Listener = (error: Error) => void;

class Gunzip {
  destroyed = false;
  private readonly heard = new Map<string, Listener[]>();
  private readonly stream = new ZStream();
  private written: (() => void) | null = null;
  /** A member has ended, and none has begun behind it. */
  private between = false;
  private fresh = true;
  private ending = false;
  private over = false;

  constructor() {
    zlibInflateInit2(this.stream, GZIP_WINDOW);
  }

  on(name: string, listener: Listener): this {
    this.heard.set(name, [...(this.heard.get(name) ?? []), listener]);
    return this;
  }

  write(chunk: Uint8Array, done: () => void): void {
    const { stream } = this;
    stream.input = chunk;
    stream.next_in = 0;
    stream.avail_in = chunk.length;
    this.written = done;
    if (chunk.length > 0) this.fresh = false;
    this.tell('readable');
  }

  end(): void {
    this.ending = true;
    if (!this.between && !this.fresh) this.fail('unexpected end of file');
    else this.finish();
  }

  /** The next output; null where more input is needed, or at the end. */
  read(): Buffer | null {
    const { stream } = this;
    while (!this.over && !this.ending && this.written !== null) {
      if (this.between) {
        if (stream.avail_in === 0) break;
        // Zeros behind a member fill a block; all else has to be another.
        if (stream.input[stream.next_in] === 0) {
          this.finish();
          return null;
        }
        zlibInflateReset(stream);
        this.between = false;
      }
      if (stream.avail_out === 0) {
        stream.output = new Uint8Array(CHUNK);
        stream.next_out = 0;
        stream.avail_out = CHUNK;
      }
      const from = stream.next_out;
      const status = zlibInflate(stream, Z_NO_FLUSH);
      const output = Buffer.from(stream.output.buffer, from, stream.next_out - from);
      if (status === Z_STREAM_END) this.between = true;
      else if (status !== Z_OK && status !== Z_BUF_ERROR) {
        // What was decompressed before the damage is given first.
        const text = stream.msg;
        queueMicrotask(() => {
          this.fail(text);
        });
        this.over = true;
      }
      if (output.length > 0) return output;
      if (!this.between && stream.avail_in === 0) break;
    }
    if (!this.over && this.written !== null) {
      const done = this.written;
      this.written = null;
      queueMicrotask(done);
    }
    return null;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.over = true;
    // Who waits for more is told that there is none.
    queueMicrotask(() => {
      this.tell('close');
    });
  }

  private finish(): void {
    this.over = true;
    queueMicrotask(() => {
      this.tell('end');
    });
  }

  private fail(text: string): void {
    this.over = true;
    this.tell('error', new Error(text));
  }

  private tell(name: string, error = new Error(name)): void {
    for (const listener of this.heard.get(name) ?? []) listener(error);
  }
}

export default { createGunzip: (): Gunzip => new Gunzip() };
