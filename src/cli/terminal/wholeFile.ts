import { randomBytes } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { chmod, open, realpath, rename, type FileHandle, unlink } from 'node:fs/promises';
import { OutputError, writeProblem } from './output.js';
import { statsOf } from './writeWhole.js';

/**
 * A file that is written in pieces, whole or not at all: a temporary file beside it takes its name when all is on the
 * disk; the end of the program before that removes it. What is no regular file (a pipe, /dev/null) is written as it is.
 * Everything throws OutputError.
 */
export class WholeFile {
  private pieces: Buffer[] = [];
  private readonly removeAtExit = (): void => {
    if (this.temporary !== null) unlinkSync(this.temporary);
  };

  private constructor(
    private readonly name: string,
    private readonly file: string,
    private temporary: string | null,
    private readonly handle: FileHandle,
    private readonly mode: number | null,
  ) {
    if (temporary !== null) process.on('exit', this.removeAtExit);
  }

  static async open(name: string): Promise<WholeFile> {
    try {
      const before = statsOf(name);
      if (before !== null && !before.isFile()) return new WholeFile(name, name, null, await open(name, 'w'), null);
      // A link stays one: what it points to is written.
      const file = before === null ? name : await realpath(name);
      const temporary = `${file}.${randomBytes(6).toString('hex')}.part`;
      return new WholeFile(name, file, temporary, await open(temporary, 'wx'), before === null ? null : before.mode);
    } catch (error) {
      throw new OutputError(`cannot write ${name}: ${writeProblem(error)}`);
    }
  }

  /** Takes bytes, which must not change any more. They are written by `drain`. */
  write(bytes: Buffer): void {
    this.pieces.push(bytes);
  }

  /** Writes what waits. */
  async drain(): Promise<void> {
    const { pieces } = this;
    this.pieces = [];
    await this.attempt(async () => {
      for (const piece of pieces) await this.handle.writeFile(piece);
    });
  }

  /** All is written: the file takes its name. */
  async finish(): Promise<void> {
    await this.drain();
    await this.attempt(async () => {
      const { temporary, mode } = this;
      if (temporary !== null) await this.handle.sync();
      await this.handle.close();
      if (temporary === null) return;
      if (mode !== null) await chmod(temporary, mode & 0o777);
      await rename(temporary, this.file);
      this.release();
    });
  }

  /** Nothing is to be left of it. */
  async abandon(): Promise<void> {
    const { temporary } = this;
    this.release();
    await this.handle.close().catch(() => undefined);
    if (temporary !== null) await unlink(temporary).catch(() => undefined);
  }

  private release(): void {
    this.temporary = null;
    process.off('exit', this.removeAtExit);
  }

  private async attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      throw new OutputError(`cannot write ${this.name}: ${writeProblem(error)}`);
    }
  }
}
