import { InvalidArgumentError } from 'commander';

/** The name of a host, as lines say it. Throws InvalidArgumentError. */
export function hostName(value: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(value))
    throw new InvalidArgumentError('the name of a host has letters, digits, . - _.');
  return value;
}
