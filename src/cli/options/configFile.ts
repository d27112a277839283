import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { InvalidArgumentError, type Command, type Option } from 'commander';
import { printable } from '../../report/text/escape.js';
import { UsageError } from '../usage.js';
import { didYouMean } from '../../observations/nearest.js';

const NAME = '.zkscope.json';
/** Names the file in place of the nearest one; empty for none. */
const VARIABLE = 'ZKSCOPE_CONFIG';

/**
 * What a team may always want so. Not what is asked of one capture (filters would hide what they leave out), and nothing
 * that writes: the file is taken from where one stands.
 */
export const CONFIGURABLE = [
  'color',
  'time',
  'port',
  'tlsKeys',
  'ignore',
  'severity',
  'set',
  'failOn',
  'wide',
] as const;

type Value = string | number | boolean;
type Setting = Value | readonly Value[] | Readonly<Record<string, Value>>;

export interface Configuration {
  readonly file: string;
  readonly settings: Readonly<Record<string, Setting>>;
}

/** The file that holds here: that of the variable, or the nearest one in this folder and those above. */
function configFile(): string | null {
  const named = process.env[VARIABLE];
  if (named !== undefined) return named === '' ? null : named;
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    const file = join(folder, NAME);
    if (existsSync(file)) return file;
    if (dirname(folder) === folder) return null;
  }
}

/** What the configuration file says; null where there is none. Throws UsageError where it is not as it ought to be. */
export function readConfiguration(): Configuration | null {
  const path = configFile();
  if (path === null) return null;
  const file = path.startsWith('/') ? relative(process.cwd(), path) || path : path;
  const parsed = parse(path, file);
  const settings: Record<string, Setting> = {};
  for (const [key, value] of Object.entries(parsed)) {
    if (key === '$schema') continue;
    if (!(CONFIGURABLE as readonly string[]).includes(key)) {
      const hint = didYouMean(key, CONFIGURABLE) || `; it may set ${CONFIGURABLE.join(', ')}`;
      throw new UsageError(`${file}: ${JSON.stringify(printable(key))} is not for it${hint}`);
    }
    if (!isSetting(value)) throw wrong(file, key, 'it is a text, a number, a list or an object of those');
    settings[key] = value;
  }
  return { file, settings };
}

function parse(path: string, file: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file}: it cannot be read as JSON: ${printable((error as Error).message)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`${file}: it is to be an object such as { "time": "local" }`);
  return value as Readonly<Record<string, unknown>>;
}

function isValue(value: unknown): value is Value {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isSetting(value: unknown): value is Setting {
  if (isValue(value)) return true;
  return typeof value === 'object' && value !== null && Object.values(value).every(isValue);
}

function wrong(file: string, key: string, why: string): UsageError {
  return new UsageError(`${file}: ${JSON.stringify(key)}: ${why}`);
}

/** Gives a command the values of options that were not given on the command line. Throws UsageError. */
export function applyConfiguration(command: Command, { file, settings }: Configuration): void {
  for (const [key, setting] of Object.entries(settings)) {
    const option = command.options.find((candidate) => candidate.attributeName() === key);
    if (option === undefined || command.getOptionValueSource(key) === 'cli') continue;
    try {
      command.setOptionValueWithSource(key, valueOf(option, setting), 'config');
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      throw wrong(file, key, error.message);
    }
  }
}

/** As if it had been given on the command line. */
function valueOf(option: Option, setting: Setting): unknown {
  if (!option.required && !option.optional) {
    if (typeof setting === 'boolean') return setting;
    throw new InvalidArgumentError('it is true or false');
  }
  const texts = textsOf(setting);
  const { parseArg } = option;
  if (parseArg === undefined) return texts.at(-1);
  let value: unknown;
  for (const text of texts) value = parseArg(text, value as never);
  return value;
}

/** Lists are repetitions, objects repetitions of `name=value`. */
function textsOf(setting: Setting): string[] {
  if (isValue(setting)) return [String(setting)];
  if (Array.isArray(setting)) return (setting as readonly Value[]).map(String);
  return Object.entries(setting as Readonly<Record<string, Value>>).map(([name, value]) => `${name}=${value}`);
}
