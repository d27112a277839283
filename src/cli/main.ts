import { CommanderError } from 'commander';
import { CaptureError } from '../observations/inputs.js';
import { printable } from '../report/text/escape.js';
import { program } from './program.js';
import { EXIT_FAILED, EXIT_OK, UsageError } from './usage.js';

/**
 * Runs the command line. Whatever goes wrong is one line on standard error, never a stack trace.
 * @param argv arguments behind the program's name
 * @returns exit status
 */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    const root = await program(argv);
    await root.parseAsync(argv, { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT_OK;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_FAILED;
    if (error instanceof CaptureError || error instanceof UsageError) {
      process.stderr.write(`zkscope: ${printable(error.message)}\n`);
      return EXIT_FAILED;
    }
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const where =
      process.env['ZKSCOPE_DEBUG'] === undefined || !(error instanceof Error) ? '' : `\n${error.stack ?? ''}`;
    process.stderr.write(`zkscope: internal error, please report it: ${printable(text)}${where}\n`);
    return EXIT_FAILED;
  }
}
