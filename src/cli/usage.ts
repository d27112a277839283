/** Wrong input or usage: the message is one line for standard error, and the exit status is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Exit statuses, as documented. */
export const EXIT_OK = 0;
export const EXIT_FINDINGS = 1;
export const EXIT_FAILED = 2;

/** Signals that end the reading. */
export type EndingSignal = 'SIGINT' | 'SIGTERM';

const EXIT_SIGNAL: Readonly<Record<EndingSignal, number>> = { SIGINT: 128 + 2, SIGTERM: 128 + 15 };

/** A signal came before there was anything to say. The message is one line for standard error. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly status: number;

  constructor(signal: EndingSignal, message: string) {
    super(message);
    this.status = EXIT_SIGNAL[signal];
  }
}

/** What was shown is not the whole: the exit status says so, whatever was found. */
export function exitInterrupted(signal: EndingSignal | null): void {
  if (signal !== null) process.exitCode = EXIT_SIGNAL[signal];
}
