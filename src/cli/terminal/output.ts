import type { Writable } from 'node:stream';

/** Characters that are put together before they become bytes: one conversion for hundreds of lines. */
const PIECE = 64 * 1024;

/** The output cannot be written, to the end or at all. The message is one line for standard error. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be too large',
  EBADF: 'it is closed',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a directory',
  ENOENT: 'no such directory',
  ENOTDIR: 'a part of its path is not a directory',
  ENAMETOOLONG: 'the name is too long',
};

/** Why something could not be written, in a few words. */
export function writeProblem(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
}

/** Codes of a reader that has gone (`| head`): not a failure, but the end. */
const GONE: readonly (string | undefined)[] = ['EPIPE', 'ERR_STREAM_DESTROYED', 'ECONNRESET'];

/**
 * Standard output in large pieces. `drain` is to be awaited between chunks of input, so that a slow reader slows the
 * reading down instead of filling the memory. A reader that goes away (`| head`) ends the output quietly; what cannot be
 * written (a full disk) is an OutputError, thrown by `drain` and `finish`.
 */
export class Output {
  /** The reader has gone, or nothing can be written: nothing more needs to be written, or read. */
  closed = false;
  private text = '';
  private kept: { flush(): void } | null = null;
  private blocked = false;
  private pending = 0;
  private failure: OutputError | null = null;
  private readonly gone = new AbortController();
  private wake: (() => void) | null = null;

  constructor(private readonly stream: Writable = process.stdout) {
    stream.on('error', (error) => {
      this.failed(error);
    });
  }

  /** Aborted when the reader has gone, or nothing can be written. */
  get signal(): AbortSignal {
    return this.gone.signal;
  }

  /** More is under way than the reader has taken: who has much to write waits for `drain`. */
  get full(): boolean {
    return this.blocked;
  }

  write(text: string): void {
    this.text += text;
    if (this.text.length >= PIECE) this.flush();
  }

  /** Bytes that are no text, which must not change any more. */
  writeBytes(bytes: Buffer): void {
    this.flushText();
    this.send(bytes);
  }

  /** Whoever keeps bytes back gives them to `writeBytes` when it is told to flush. */
  keptBy(kept: { flush(): void }): void {
    this.kept = kept;
  }

  flush(): void {
    this.kept?.flush();
    this.flushText();
  }

  private flushText(): void {
    if (this.text === '') return;
    const bytes = Buffer.from(this.text);
    this.text = '';
    this.send(bytes);
  }

  private send(bytes: Buffer): void {
    if (this.closed) return;
    this.pending++;
    try {
      if (!this.stream.write(bytes, this.written)) this.blocked = true;
    } catch (error) {
      this.failed(error as Error);
    }
  }

  /** Writes what is pending, and waits until the reader has taken enough of it. Throws OutputError. */
  async drain(): Promise<void> {
    this.flush();
    if (this.blocked && !this.closed) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.stream.off('drain', done);
          this.signal.removeEventListener('abort', done);
          resolve();
        };
        this.stream.on('drain', done);
        this.signal.addEventListener('abort', done);
      });
      this.blocked = false;
    }
    if (this.failure !== null) throw this.failure;
  }

  /** Writes what is pending, and waits until all of it is written. Throws OutputError. */
  async finish(): Promise<void> {
    this.flush();
    while (this.pending > 0 && !this.closed)
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    if (this.failure !== null) throw this.failure;
  }

  private readonly written = (error?: Error | null): void => {
    this.pending--;
    if (error !== undefined && error !== null) this.failed(error);
    else if (this.pending === 0) this.wake?.();
  };

  private failed(error: NodeJS.ErrnoException): void {
    if (!this.closed && !GONE.includes(error.code))
      this.failure = new OutputError(`standard output cannot be written: ${writeProblem(error)}`);
    this.closed = true;
    this.gone.abort();
    this.wake?.();
  }
}

/** Writes a text to standard output, whole. Throws OutputError. */
export async function print(text: string): Promise<void> {
  const output = new Output();
  output.write(text);
  await output.finish();
}
