import type { Writable } from 'node:stream';

/** Characters that are put together before they become bytes: one conversion for hundreds of lines. */
const PIECE = 64 * 1024;

/**
 * Standard output in large pieces. `drain` is to be awaited between chunks of input, so that a slow reader slows the
 * reading down instead of filling the memory. A reader that goes away (`| head`) ends the output quietly.
 */
export class Output {
  private text = '';
  private blocked = false;
  /** The reader has gone: nothing more needs to be written, or read. */
  closed = false;
  private readonly gone = new AbortController();

  constructor(private readonly stream: Writable = process.stdout) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
      this.closed = true;
      this.gone.abort();
    });
  }

  /** Aborted when the reader has gone. */
  get signal(): AbortSignal {
    return this.gone.signal;
  }

  write(text: string): void {
    this.text += text;
    if (this.text.length >= PIECE) this.flush();
  }

  flush(): void {
    if (this.text === '') return;
    const bytes = Buffer.from(this.text);
    this.text = '';
    this.send(bytes);
  }

  private send(bytes: Buffer): void {
    if (!this.closed && !this.stream.write(bytes)) this.blocked = true;
  }

  /** Writes what is pending, and waits until the reader has taken enough of it. */
  async drain(): Promise<void> {
    this.flush();
    if (!this.blocked || this.closed) return;
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
}
