import { closeSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { CaptureError, splitHost, type CaptureInput } from '../../observations/inputs.js';

/**
 * Bytes of standard input that are kept to be read a second time.
 * @bound bytes
 */
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
  /** What the files were before they were read. */
  private readonly looks = new Map<string, Look>();

  constructor(
    files: readonly string[],
    stdin: Readable & { readonly isTTY?: boolean } = process.stdin,
    private readonly limit = LIMIT,
  ) {
    this.files = files;
    for (const file of files) {
      const look = file === '-' ? null : lookAt(file);
      if (look !== null) this.looks.set(file, look);
    }
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

  /** What to read the second time; null where that is not possible. Throws CaptureError as `check` does. */
  again(): CaptureInput[] | null {
    if (this.overflow) return null;
    if (this.files.some((file) => file !== '-' && !this.looks.has(file))) return null;
    this.check();
    return this.files.map((file) => (file === '-' ? { name: '-', stream: Readable.from(this.chunks) } : file));
  }

  /** Throws CaptureError where a file is another by now: a ring of captures went on, somebody copied over it. */
  check(): void {
    for (const [file, before] of this.looks) {
      const now = lookAt(file);
      if (now === null || !isStill(before, now))
        throw new CaptureError(file, 'it is another file by now', 'a ring that went on? Report from a copy');
    }
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

/** Bytes at the beginning of a file that tell whether it is the same: the first frames and their times. */
const HEAD = 4096;

interface Look {
  readonly stats: Stats;
  readonly head: Buffer;
}

/** Null for what is no regular file, or cannot be read. */
function lookAt(file: string): Look | null {
  let descriptor: number | null = null;
  try {
    const { path } = splitHost(file);
    const stats = statSync(path);
    if (!stats.isFile()) return null;
    descriptor = openSync(path, 'r');
    const head = Buffer.alloc(HEAD);
    return { stats, head: head.subarray(0, readSync(descriptor, head, 0, HEAD, 0)) };
  } catch {
    return null;
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

/** The same file, perhaps grown. */
function isStill(before: Look, { stats, head }: Look): boolean {
  const same = stats.dev === before.stats.dev && stats.ino === before.stats.ino && stats.size >= before.stats.size;
  return same && head.subarray(0, before.head.length).equals(before.head);
}
