import { UsageError } from '../usage.js';
import { Output } from './output.js';
import { WholeFile } from './wholeFile.js';
import { isInput } from './writeWhole.js';

const STANDARD_OUTPUT = '-';

/** Where a capture is written to: `write`, `drain` now and then, and at the end `finish`, or `abandon`. */
export interface CaptureTarget {
  write(bytes: Buffer): void;
  drain(): Promise<void>;
  finish(): Promise<void>;
  abandon(): Promise<void>;
  /** Aborted when nobody reads any more. */
  readonly signal: AbortSignal | null;
}

/**
 * Refuses to write over a capture that is read, and a terminal. Throws UsageError; to be called before anything is read.
 * @param output file, or `-` for standard output
 */
export function checkTarget(output: string, captures: readonly string[]): void {
  if (output === STANDARD_OUTPUT) {
    if (process.stdout.isTTY) throw new UsageError('a capture is nothing for a terminal: name a file with -o');
    return;
  }
  if (isInput(output, captures)) throw new UsageError(`${output} is one of the captures: it will not be written over`);
}

/** Opens what a capture is written to. Throws OutputError. */
export async function openTarget(output: string): Promise<CaptureTarget> {
  if (output !== STANDARD_OUTPUT) {
    const file = await WholeFile.open(output);
    return {
      write: (bytes) => {
        file.write(bytes);
      },
      drain: () => file.drain(),
      finish: () => file.finish(),
      abandon: () => file.abandon(),
      signal: null,
    };
  }
  const stdout = new Output();
  return {
    write: (bytes) => {
      stdout.writeBytes(bytes);
    },
    drain: () => stdout.drain(),
    finish: () => stdout.finish(),
    abandon: () => Promise.resolve(),
    signal: stdout.signal,
  };
}

/**
 * Writes a capture to where it was asked for: `write` puts it into the target, which is whole when that has come to its
 * end. Where it throws, or gives false, nothing is left.
 */
export async function writeTo(output: string, write: (target: CaptureTarget) => Promise<boolean>): Promise<void> {
  const target = await openTarget(output);
  let whole = false;
  try {
    whole = await write(target);
    if (whole) await target.finish();
  } catch (error) {
    whole = false;
    throw error;
  } finally {
    if (!whole) await target.abandon();
  }
}
