import { CaptureError, type CaptureInput, decodedLines } from '../../observations/inputs.js';
import type { Reading } from './run.js';
import { InterruptedError } from '../usage.js';
import type { Replay } from './replay.js';

/** Throws where what was read can be no part of another capture: it was interrupted, or holds decoded lines. */
export function checkReading({ interrupted, captures }: Reading, output: string): void {
  if (interrupted !== null) throw new InterruptedError(interrupted, `interrupted: ${output} was not written`);
  const lines = captures.find(({ format }) => format?.startsWith('ndjson') === true);
  if (lines !== undefined) throw decodedLines(lines.file);
}

/** The captures a second time. Throws CaptureError where they can be read only once. */
export function readAgain(replay: Replay): CaptureInput[] {
  const inputs = replay.again();
  if (inputs !== null) return inputs;
  const problem = 'it has to be read twice, and is a pipe, or longer than 256 MB';
  throw new CaptureError('-', problem, 'write it to a file first');
}
