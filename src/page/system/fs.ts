/**
 * What the program asks of node:fs, answered by the files that the page was given. Descriptors are numbers of open files;
 * reading without waiting is what FileReaderSync is for, which only workers have.
 */
import { fileNamed, type FileFacts } from './files.js';

/** Of workers only; TypeScript knows it where it knows no document. */
declare class FileReaderSync {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

interface OpenFile {
  readonly name: string;
  readonly blob: Blob;
  readonly facts: FileFacts;
  position: number;
}

const FIRST = 3;
const open_: (OpenFile | null)[] = [];

type Done<T> = (error: Error | null, value: T) => void;

function descriptorOf(name: string): number {
  const { blob, facts } = fileNamed(name);
  open_.push({ name, blob, facts, position: 0 });
  return FIRST + open_.length - 1;
}

function opened(descriptor: number): OpenFile {
  const file = open_[descriptor - FIRST];
  if (file === undefined || file === null) throw new Error('the file is closed');
  return file;
}

/** The part of a file that a read asks for; without a position the part behind the last. */
function part(file: OpenFile, length: number, position: number | null): Blob {
  const start = position ?? file.position;
  if (position === null) file.position = Math.min(file.blob.size, start + length);
  return file.blob.slice(start, start + length);
}

export function open(name: string, _flags: string, done: Done<number>): void {
  try {
    done(null, descriptorOf(name));
  } catch (error) {
    done(error as Error, -1);
  }
}

export function read(
  descriptor: number,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number | null,
  done: Done<{ bytesRead: number }>,
): void {
  part(opened(descriptor), length, position)
    .arrayBuffer()
    .then(
      (bytes) => {
        buffer.set(new Uint8Array(bytes), offset);
        done(null, { bytesRead: bytes.byteLength });
      },
      (error: unknown) => {
        done(error as Error, { bytesRead: 0 });
      },
    );
}

export function close(descriptor: number, done: Done<void>): void {
  open_[descriptor - FIRST] = null;
  done(null, undefined);
}

export const openSync = descriptorOf;

export function readSync(
  descriptor: number,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number | null,
): number {
  const bytes = new FileReaderSync().readAsArrayBuffer(part(opened(descriptor), length, position));
  buffer.set(new Uint8Array(bytes), offset);
  return bytes.byteLength;
}

export function closeSync(descriptor: number): void {
  open_[descriptor - FIRST] = null;
}

export function fstatSync(descriptor: number): FileFacts {
  return opened(descriptor).facts;
}

export function statSync(name: string): FileFacts {
  return fileNamed(name).facts;
}

export function existsSync(name: string): boolean {
  try {
    return fileNamed(name).facts.isFile();
  } catch {
    return false;
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- what is missing is a rejection
export async function stat(name: string): Promise<FileFacts> {
  return fileNamed(name).facts;
}

/** What the page has no use for. */
function refused(): never {
  throw new Error('the page has no file system');
}

export {
  refused as createReadStream,
  refused as unlinkSync,
  refused as writeFile,
  refused as chmod,
  refused as realpath,
  refused as rename,
  refused as unlink,
  refused as readFileSync,
};
export default { open, read, close, openSync, readSync, closeSync, fstatSync, statSync, existsSync };
