import { open, type FileHandle } from 'node:fs/promises';
import type { LogFile } from './logFile.js';

const NEWLINE = 0x0a;
const WINDOW = 64 * 1024;

/** Lines as they are. */
export class PlainFile implements LogFile {
  private constructor(
    private readonly file: FileHandle,
    public size: number,
  ) {}

  /** Opens a file to go on with, or makes it. What follows its last whole line is cut off. Throws what the system says. */
  static async open(path: string): Promise<PlainFile> {
    const file = await openToExtend(path);
    const size = await endOfLastLine(file, (await file.stat()).size);
    await file.truncate(size);
    return new PlainFile(file, size);
  }

  async append(text: string): Promise<void> {
    this.size += await writeAt(this.file, Buffer.from(text), this.size);
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** Opens a file to read and write; makes it where there is none. */
export async function openToExtend(path: string): Promise<FileHandle> {
  return await open(path, 'a+').then(async (made) => {
    await made.close();
    return open(path, 'r+');
  });
}

/** Writes bytes whole. Where that fails (a full disk) the file is cut to `position` again. Returns how many they are. */
export async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  try {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  } catch (error) {
    await file.truncate(position).catch(() => undefined);
    throw error;
  }
  return bytes.length;
}

async function endOfLastLine(file: FileHandle, size: number): Promise<number> {
  const bytes = Buffer.alloc(WINDOW);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - WINDOW);
    const { bytesRead } = await file.read(bytes, 0, end - start, start);
    const at = bytes.subarray(0, bytesRead).lastIndexOf(NEWLINE);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}
