import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { LONGEST_TEXT } from '../../paste/dump/hexDump.js';
import { UsageError } from '../usage.js';

/** A text, and where it came from. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** Texts of files (`-`: standard input). Throws UsageError where one cannot be read. */
export async function readTexts(files: readonly string[]): Promise<NamedText[]> {
  const texts: NamedText[] = [];
  for (const file of files) {
    const name = file === '-' ? 'standard input' : file;
    if (file === '-' && process.stdin.isTTY) {
      process.stderr.write('zkscope: paste the dump, then press Ctrl-D on a line of its own\n');
    }
    const bytes = await readAll(file === '-' ? process.stdin : createReadStream(file), name);
    texts.push({ name, text: decoded(bytes, name) });
  }
  return texts;
}

async function readAll(stream: Readable, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > LONGEST_TEXT) {
        throw new UsageError(
          `${name}: longer than ${LONGEST_TEXT / 1024 / 1024} MB; zkscope decode reads captures of any size`,
        );
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const problems: Record<string, string> = {
      ENOENT: 'no such file',
      EACCES: 'permission denied',
      EISDIR: 'is a directory',
    };
    throw new UsageError(`${name}: ${problems[code ?? ''] ?? (error as Error).message}`);
  }
  return Buffer.concat(chunks);
}

/** UTF-8, or UTF-16 as Windows writes it with a byte order mark. */
function decoded(bytes: Buffer, name: string): string {
  if (bytes.length >= 2 && bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  if (bytes.subarray(0, 4096).includes(0)) {
    throw new UsageError(`${name}: not text; zkscope decode reads captures, and xxd FILE | zkscope hex other bytes`);
  }
  return bytes.toString('utf8');
}
