import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type GrowingSource, KeyLines, type KeyStore } from './keyStore.js';

const CHUNK = 64 * 1024;
/** Milliseconds: sooner than this a file is not looked at again. */
const PAUSE = 20;

/**
 * A key log on disk, or behind a pipe. Its writer may go on while captures are read: whoever misses a key asks for what is
 * new. It is read synchronously, since the handshake whose key is missing is being decoded meanwhile.
 */
export class KeyLogFile implements GrowingSource {
  private readonly descriptor: number;
  private readonly lines: KeyLines;
  private readonly regular: boolean;
  private readonly chunk = Buffer.allocUnsafeSlow(CHUNK);
  private offset = 0;
  private lastLook = 0;

  /** Bytes that were read until now. */
  get size(): number {
    return this.offset;
  }

  /** Throws what the system says where the file cannot be opened or read. */
  constructor(path: string, store: KeyStore) {
    this.descriptor = openSync(path, 'r');
    this.lines = new KeyLines(store);
    const stats = fstatSync(this.descriptor);
    this.regular = stats.isFile();
    if (stats.isDirectory()) throw new Error('this is a directory');
    this.read();
    this.lines.peek();
    // What comes out of a pipe was read to its end: there is no more.
    if (this.regular) store.watch(this);
    else closeSync(this.descriptor);
  }

  refresh(): boolean {
    const now = performance.now();
    if (now - this.lastLook < PAUSE) return false;
    this.lastLook = now;
    if (!this.read()) return false;
    this.lines.peek();
    return true;
  }

  private read(): boolean {
    let grown = false;
    for (;;) {
      const count = readSync(this.descriptor, this.chunk, 0, CHUNK, this.regular ? this.offset : null);
      if (count === 0) return grown;
      grown = true;
      this.offset += count;
      this.lines.push(this.chunk.subarray(0, count));
    }
  }
}
