import { fstatSync, type Stats, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import { splitHost } from '../../observations/inputs.js';
import { OutputError, writeProblem } from './output.js';

const STANDARD_INPUT = 0;

/**
 * Writes a file whole or not at all: a temporary file beside it takes its name when all is on the disk, so that a full
 * disk or the end of the program leaves an older one as it was. What is no regular file (a pipe, /dev/null) is written as
 * it is. Throws OutputError.
 */
export async function writeWhole(file: string, text: string): Promise<void> {
  try {
    const before = statsOf(file);
    if (before !== null && !before.isFile()) await writeFile(file, text);
    else await writeFileAtomic(file, text);
  } catch (error) {
    throw new OutputError(`cannot write ${file}: ${writeProblem(error)}`);
  }
}

/** Whether two names (`-`: what standard input reads) are one file: also through links, hard ones too. */
function sameFile(a: string, b: string): boolean {
  const [one, other] = [statsOf(a), statsOf(b)];
  return one !== null && other !== null && one.dev === other.dev && one.ino === other.ino;
}

/** Whether a file is one of the inputs of a run, which may name their hosts (`zk1=FILE`). */
export function isInput(file: string, inputs: readonly string[]): boolean {
  return inputs.some((input) => sameFile(splitHost(input).path, file));
}

/** What a name (`-`: standard input) stands for; null where that cannot be said. */
export function statsOf(file: string): Stats | null {
  try {
    return file === '-' ? fstatSync(STANDARD_INPUT) : statSync(file);
  } catch {
    return null;
  }
}
