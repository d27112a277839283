import type { Command, Option } from 'commander';
import { dimensions } from '../../model/measures/grouping.js';
import { errorNames } from '../../protocols/zookeeper/format/errors.js';
import { opNames } from '../../protocols/zookeeper/format/opcodes.js';

/** What can follow an option, or stand as an argument. */
export interface Values {
  readonly words: readonly string[];
  readonly files: boolean;
  /** Several words with commas between. */
  readonly list: boolean;
  /** Words go on (`rule.option=`): no space behind. */
  readonly open: boolean;
}

export interface OptionSpecification {
  readonly short: string | null;
  readonly long: string;
  readonly description: string;
  /** Name of its value, such as `time`; null where it takes none. */
  readonly value: string | null;
  readonly optional: boolean;
  readonly repeatable: boolean;
  readonly values: Values;
}

export interface CommandSpecification {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionSpecification[];
  readonly arguments: Values;
}

/** Words that the program itself does not hold. */
export interface Vocabulary {
  readonly rules: readonly { readonly name: string; readonly options: readonly string[] }[];
  readonly topics: readonly string[];
}

const NOTHING: Values = { words: [], files: false, list: false, open: false };

function optionValues(option: Option, vocabulary: Vocabulary): Values {
  const listed = (words: readonly string[]): Values => ({ ...NOTHING, words, list: true });
  if (option.argChoices !== undefined) return { ...NOTHING, words: option.argChoices };
  switch (option.long) {
    case '--op':
    case '--not-op':
      return listed([...opNames.filter((name) => name !== 'createSession'), 'notification', 'fourLetterWord']);
    case '--error':
    case '--not-error':
      return listed(errorNames);
    case '--kind':
    case '--not-kind':
      return listed(['request', 'response', 'notification', 'gap']);
    case '--time':
      return { ...NOTHING, words: ['utc', 'local'] };
    case '--by':
      return listed(dimensions);
    case '--rule':
    case '--ignore':
      return listed(vocabulary.rules.map(({ name }) => name));
    case '--set': {
      const words = vocabulary.rules.flatMap(({ name, options }) => options.map((text) => `${name}.${text}=`));
      return { ...NOTHING, words, open: true };
    }
    default:
      return { ...NOTHING, files: /<(?:file|capture)[.\w-]*>/.test(option.flags) };
  }
}

function argumentValues(command: Command, commands: readonly string[], vocabulary: Vocabulary): Values {
  const words = new Set<string>();
  let files = false;
  for (const argument of command.registeredArguments) {
    for (const choice of argument.argChoices ?? []) words.add(choice);
    if (/capture|file/.test(argument.name())) files = true;
  }
  if (command.name() === 'rules') for (const { name } of vocabulary.rules) words.add(name);
  if (command.name() === 'help') for (const name of [...commands, ...vocabulary.topics]) words.add(name);
  return { ...NOTHING, words: [...words], files };
}

function optionSpecification(option: Option, vocabulary: Vocabulary): OptionSpecification {
  const value = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1] ?? null;
  return {
    short: option.short ?? null,
    long: option.long ?? option.flags,
    description: option.description,
    value,
    optional: option.optional,
    repeatable: option.variadic || option.parseArg !== undefined,
    values: value === null ? NOTHING : optionValues(option, vocabulary),
  };
}

/** All that the shells need to know of the command line, read off the program itself. */
export function specification(root: Command, vocabulary: Vocabulary): CommandSpecification[] {
  const helper = root.createHelp();
  const commands = helper.visibleCommands(root);
  const names = commands.map((command) => command.name());
  return commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: helper.visibleOptions(command).map((option) => optionSpecification(option, vocabulary)),
    arguments: argumentValues(command, names, vocabulary),
  }));
}

/** The command that is meant where none is named. */
export const DEFAULT_COMMAND = 'analyze';
