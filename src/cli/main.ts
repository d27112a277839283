import { CommanderError } from 'commander';
import { CaptureError } from '../observations/inputs.js';
import { printable } from '../report/text/escape.js';
import { program } from './program.js';
import { OutputError, print } from './terminal/output.js';
import { EXIT_FAILED, EXIT_OK, InterruptedError, UsageError } from './usage.js';

/**
 * Runs the command line. Whatever goes wrong is one line on standard error, never a stack trace.
 * @param argv arguments behind the program's name
 * @returns exit status
 */
export async function main(argv: readonly string[]): Promise<number> {
  // Nobody may be left to read either output: that is no reason to end with a stack trace.
  for (const stream of [process.stdout, process.stderr])
    if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
  try {
    const said: string[] = [];
    const status = await run(argv, said);
    await print(said.join(''));
    return status;
  } catch (error) {
    return failed(error);
  }
}

const ignore = (): void => undefined;

/** @param said takes what help and --version say */
async function run(argv: readonly string[], said: string[]): Promise<number> {
  try {
    const words = argv.length === 0 ? ['help'] : argv;
    const root = await program(words, (text) => said.push(text));
    await root.parseAsync(words, { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT_OK;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_FAILED;
    throw error;
  }
}

/** Says what went wrong, and with which status the program ends. */
function failed(error: unknown): number {
  const known = [CaptureError, UsageError, OutputError, InterruptedError].some((kind) => error instanceof kind);
  if (known) {
    process.stderr.write(`zkscope: ${printable((error as Error).message)}\n`);
    return error instanceof InterruptedError ? error.status : EXIT_FAILED;
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const where = process.env['ZKSCOPE_DEBUG'] === undefined || !(error instanceof Error) ? '' : `\n${error.stack ?? ''}`;
  process.stderr.write(`zkscope: internal error, please report it: ${printable(text)}${where}\n`);
  return EXIT_FAILED;
}
