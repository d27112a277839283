import { statSync } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import type { CaptureInput } from '../../observations/inputs.js';

/** Bytes of standard input that are kept to be read a second time. */
const LIMIT = 256 * 1024 * 1024;

/**
 * Captures that can be read twice. Files are; standard input is kept in memory as it is read, up to 256 MB; what is
 * longer, and pipes given by name, can be read once only.
 */
export class Replay {
  /** What to read first. */
  readonly inputs: readonly CaptureInput[];
  private readonly chunks: Buffer[] = [];
  private kept = 0;
  private overflow = false;
  private readonly files: readonly string[];

  constructor(
    files: readonly string[],
    stdin: Readable & { readonly isTTY?: boolean } = process.stdin,
    private readonly limit = LIMIT,
  ) {
    this.files = files;
    this.inputs = files.map((file) => {
      // A terminal is refused by whoever reads `-`.
      if (file !== '-' || stdin.isTTY === true) return file;
      const keep = new Transform({
        transform: (chunk: Buffer, _, done) => {
          this.keep(chunk);
          done(null, chunk);
        },
      });
      stdin.on('error', (error) => keep.destroy(error));
      return { name: '-', stream: stdin.pipe(keep) };
    });
  }

  /** What to read the second time; null where that is not possible. */
  again(): CaptureInput[] | null {
    if (this.overflow) return null;
    if (this.files.some((file) => file !== '-' && !isFile(file))) return null;
    return this.files.map((file) => (file === '-' ? { name: '-', stream: Readable.from(this.chunks) } : file));
  }

  private keep(chunk: Buffer): void {
    if (this.overflow) return;
    this.kept += chunk.length;
    if (this.kept <= this.limit) {
      this.chunks.push(Buffer.from(chunk));
      return;
    }
    this.overflow = true;
    this.chunks.length = 0;
  }
}

function isFile(file: string): boolean {
  try {
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
