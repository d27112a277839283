import type { Command } from 'commander';
import { type Format, formats } from '../../report/formats/index.js';

export interface FormatHelp {
  /** Name of the output for `zkscope schema`; the command's own name where it is not given, null for none. */
  readonly schema?: string | null;
  /** Options of the command that a format does not go with. */
  readonly conflicts?: readonly string[];
  /** It prints records as it finds them, not one document. */
  readonly records?: boolean;
}

/** Adds the options that choose a format to a command. */
export function withFormats(command: Command, help: FormatHelp = {}): Command {
  const { schema = command.name(), conflicts = [], records = false } = help;
  for (const format of formats) {
    const others = formats.filter((other) => other !== format).map(({ name }) => name);
    const text = records ? format.recordHelp(schema) : format.documentHelp(schema);
    command.addOption(command.createOption(`--${format.name}`, text).conflicts([...others, ...conflicts]));
  }
  return command;
}

/** The format that was asked for; null for text for people. */
export function chosenFormat(options: object): Format | null {
  return formats.find(({ name }) => (options as Readonly<Record<string, unknown>>)[name] === true) ?? null;
}
