import { vi } from 'vitest';
import { main } from '../cli/main.js';

export interface CliRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Write = typeof process.stdout.write;

/** Runs the command line in this process, as if both outputs were pipes. */
export async function runCli(...argv: readonly string[]): Promise<CliRun> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const collect =
    (parts: string[]): Write =>
    (chunk: string | Uint8Array, ...rest: readonly unknown[]) => {
      parts.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
      const done = rest.at(-1) as (() => void) | undefined;
      done?.();
      return true;
    };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(collect(stdout)),
    vi.spyOn(process.stderr, 'write').mockImplementation(collect(stderr)),
  ];
  const before = process.exitCode;
  // Each run listens for the end of the reader of its output; in one process there are many runs.
  process.stdout.setMaxListeners(0);
  process.exitCode = undefined;
  try {
    const status = await main(argv);
    return { status, stdout: stdout.join(''), stderr: stderr.join('') };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}
