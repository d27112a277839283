/** Wrong input or usage: the message is one line for standard error, and the exit status is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Exit statuses, as documented. */
export const EXIT_OK = 0;
export const EXIT_FINDINGS = 1;
export const EXIT_FAILED = 2;
