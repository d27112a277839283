import type { ChalkInstance } from 'chalk';
import type { RuleMeta, RuleOption } from '../../rules/rule.js';
import { wrap } from '../text/wrap.js';

export interface RulesTextOptions {
  readonly colour: ChalkInstance;
  readonly width: number;
}

/** One line a rule. */
export function ruleList(metas: readonly RuleMeta[], { colour, width }: RulesTextOptions): string {
  const longest = Math.max(...metas.map((meta) => meta.name.length));
  return metas
    .map((meta) => {
      const lines = wrap(meta.summary, width - longest - 2).split('\n');
      return lines
        .map((line, i) => (i === 0 ? colour.bold(meta.name.padEnd(longest)) : ' '.repeat(longest)) + `  ${line}`)
        .join('\n');
    })
    .concat('')
    .join('\n');
}

function optionText(rule: string, name: string, option: RuleOption, width: number): string {
  const unit = option.type === 'number' ? ` ${option.unit}` : '';
  return `  --set ${rule}.${name}=${option.default}${unit}\n${wrap(option.description, width, '      ')}`;
}

/** All about one rule. */
export function rulePage(meta: RuleMeta, { colour, width }: RulesTextOptions): string {
  const { meaning, proof, lookalikes, remedy } = meta.documentation;
  const section = (title: string, text: string): string => `${colour.bold(title)}\n${wrap(text, width, '  ')}`;
  const options = Object.entries(meta.options).map(([name, option]) => optionText(meta.name, name, option, width));
  const parts = [
    `${colour.bold(meta.name)}\n${wrap(meta.summary, width, '  ')}`,
    section('What it means', meaning),
    section('What proves it', proof),
    section('What looks like it and is not', lookalikes),
    section('What to do', remedy),
    options.length === 0 ? '' : `${colour.bold('Options, with their defaults')}\n${options.join('\n')}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
