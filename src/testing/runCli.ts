import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { vi } from 'vitest';
import { main } from '../cli/main.js';

export interface CliRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Write = typeof process.stdout.write;

/** An executable (`npm run bundle`, `npm run binary`) that is tested in place of the sources. */
const BINARY = process.env['ZKSCOPE_BIN'] ?? '';

/**
 * Runs the command line, as if both outputs were pipes: in this process, or as the executable that $ZKSCOPE_BIN names.
 */
export async function runCli(...argv: readonly string[]): Promise<CliRun> {
  return BINARY === '' ? runHere(argv) : runBinary(argv);
}

async function runBinary(argv: readonly string[]): Promise<CliRun> {
  const child = spawn(BINARY, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status: status ?? -1, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

async function runHere(argv: readonly string[]): Promise<CliRun> {
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
