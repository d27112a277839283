/** In place of what writes files: the page takes output from standard output, and saves it itself. */
import { OutputError } from '../../cli/terminal/output.js';

// eslint-disable-next-line @typescript-eslint/require-await -- what is missing is a rejection
export async function writeWhole(file: string): Promise<void> {
  throw new OutputError(`cannot write ${file}: the page writes no files; leave -o out, and save what is shown`);
}

export function isInput(): boolean {
  return false;
}

export const WholeFile = {
  open: writeWhole,
};
