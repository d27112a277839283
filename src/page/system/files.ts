/** The files that the page was given, by the names that the program calls them, in place of a file system. */

export interface GivenFile {
  readonly name: string;
  readonly blob: Blob;
}

const files = new Map<string, { readonly blob: Blob; readonly index: number }>();
let given = 0;

/** These and no others are there from now on. */
export function setFiles(list: readonly GivenFile[]): void {
  files.clear();
  for (const { name, blob } of list) files.set(name, { blob, index: ++given });
}

/** What is told of a file, as node:fs tells it. */
export interface FileFacts {
  readonly size: number;
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
}

class Missing extends Error {
  readonly code = 'ENOENT';
}

/** Throws as the system does where there is no such file. */
export function fileNamed(name: string): { readonly blob: Blob; readonly facts: FileFacts } {
  const file = files.get(name);
  if (file === undefined) throw new Missing(`no such file: ${name}`);
  const { blob, index } = file;
  const facts = {
    ...{ size: blob.size, dev: 1, ino: index, mode: 0o444 },
    isFile: () => true,
    isDirectory: () => false,
    isFIFO: () => false,
  };
  return { blob, facts };
}
