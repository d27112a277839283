import { Chalk } from 'chalk';
import { Command } from 'commander';
import { colourLevel, terminalWidth } from '../terminal/colour.js';
import { UsageError } from '../usage.js';

/** `zkscope rules`: the list of rules, or all about one of them. */
export function rulesCommand(): Command {
  return new Command('rules')
    .description('list the rules, or explain one: what it means, what proves it, what looks like it, what to do')
    .argument('[name]', 'name of a rule')
    .option('--json', 'the same as JSON')
    .action(async (name: string | undefined, options: { readonly json?: boolean }) => {
      const [{ rules }, { ruleList, rulePage }] = await Promise.all([
        import('../../rules/registry.js'),
        import('../../report/analyze/rulesText.js'),
      ]);
      const text = { colour: new Chalk({ level: colourLevel() }), width: terminalWidth() };
      if (name === undefined) {
        const metas = [...rules].map((rule) => rule.meta).sort((a, b) => (a.name < b.name ? -1 : 1));
        process.stdout.write(options.json === true ? `${JSON.stringify(metas, null, 2)}\n` : ruleList(metas, text));
        return;
      }
      const rule = rules.find((candidate) => candidate.meta.name === name);
      if (rule === undefined) throw new UsageError(`no rule is called ${name}; zkscope rules lists them`);
      process.stdout.write(
        options.json === true ? `${JSON.stringify(rule.meta, null, 2)}\n` : rulePage(rule.meta, text),
      );
    });
}
