import { InvalidArgumentError, type Argument, type Command, type Option } from 'commander';
import { didYouMean } from '../../observations/nearest.js';
import { printable } from '../../report/text/escape.js';

/**
 * One of the names that there are, whatever its case. Throws InvalidArgumentError with the name that may have been
 * meant, and with all that there are.
 * @param hint how to write it, for those whose value is near none
 */
export function oneOf<Name extends string>(value: string, names: readonly Name[], hint = ''): Name {
  const wanted = value.toLowerCase();
  const name = names.find((each) => each === value) ?? names.find((each) => each.toLowerCase() === wanted);
  if (name !== undefined) return name;
  const given = JSON.stringify(printable(value));
  throw new InvalidArgumentError(`${given} is none of ${names.join(', ')}${didYouMean(value, names) || hint}`);
}

/** Lets every option and argument of a command that has choices say which of them may have been meant. */
export function suggestChoices(command: Command): void {
  const all: readonly (Option | Argument)[] = [...command.options, ...command.registeredArguments];
  for (const each of all) {
    const { argChoices } = each;
    if (argChoices !== undefined) each.argParser((value) => oneOf(value, argChoices));
  }
}
