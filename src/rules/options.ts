import { didYouMean } from '../observations/nearest.js';
import { type Severity, severities } from './finding.js';
import type { AnyRule, RuleOption } from './rule.js';

/** Which rules speak, and how they are set. */
export interface RuleSelection {
  /** Names of the only rules that are wanted; all if empty. */
  readonly rules?: readonly string[];
  readonly ignore?: readonly string[];
  /** Least severity that is reported; default info. */
  readonly severity?: Severity;
  /** `rule.option` → value as text. */
  readonly set?: Readonly<Record<string, string>>;
}

/** A number, a switch, or a list of words. */
type OptionValue = number | boolean | readonly string[];

/** Something that the user wrote is no rule, no option or no value of it. The message is for people. */
export class RuleOptionError extends Error {}

/** The options of a rule: defaults, and what was set. Throws RuleOptionError. */
export function optionValues(rule: AnyRule, set: Readonly<Record<string, string>> = {}): Record<string, OptionValue> {
  const values: Record<string, OptionValue> = {};
  for (const [name, option] of Object.entries(rule.meta.options)) {
    const text = set[`${rule.meta.name}.${name}`];
    values[name] =
      text === undefined && option.type !== 'list'
        ? option.default
        : parse(`${rule.meta.name}.${name}`, option, text ?? String(option.default));
  }
  return values;
}

function parse(name: string, option: RuleOption, text: string): OptionValue {
  if (option.type === 'list')
    return text
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
  if (option.type === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw new RuleOptionError(`${name} is true or false, not ${JSON.stringify(text)}`);
  }
  const value = text.trim() === '' ? NaN : Number(text);
  const min = option.min ?? 0;
  const max = option.max ?? Infinity;
  if (Number.isNaN(value) || value < min || value > max) {
    const range = max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new RuleOptionError(`${name} is a number ${range} (${option.unit}), not ${JSON.stringify(text)}`);
  }
  return value;
}

/** Checks names of rules and options before anything is read. Throws RuleOptionError. */
export function checkSelection(rules: readonly AnyRule[], selection: RuleSelection): void {
  const names = rules.map((rule) => rule.meta.name);
  for (const name of [...(selection.rules ?? []), ...(selection.ignore ?? [])]) {
    if (!names.includes(name))
      throw new RuleOptionError(
        `no rule is called ${JSON.stringify(name)}${didYouMean(name, names) || '; see zkscope rules'}`,
      );
  }
  if (selection.severity !== undefined && !severities.includes(selection.severity)) {
    throw new RuleOptionError(`severity is one of ${severities.join(', ')}`);
  }
  for (const [key, text] of Object.entries(selection.set ?? {})) {
    const dot = key.indexOf('.');
    const rule = rules.find((r) => r.meta.name === key.slice(0, Math.max(dot, 0)));
    const option = rule?.meta.options[key.slice(dot + 1)];
    if (rule === undefined || option === undefined) {
      const keys = rules.flatMap(({ meta }) => Object.keys(meta.options).map((each) => `${meta.name}.${each}`));
      const hint = didYouMean(key, keys) || '; see zkscope rules NAME';
      throw new RuleOptionError(`no rule has an option ${JSON.stringify(key)}${hint}`);
    }
    parse(key, option, text);
  }
}
