import { Command } from 'commander';
import { withFormats } from '../options/formatOptions.js';
import { UsageError } from '../usage.js';

/** `zkscope rules`: the list of rules, or all about one of them. */
export function rulesCommand(): Command {
  return withFormats(new Command('rules'), { schema: null })
    .description('list the rules, or explain one: what it means, what proves it, what looks like it, what to do')
    .argument('[name]', 'name of a rule')
    .action(async (name: string | undefined, options: object) => {
      const [{ rules }, { ruleList, rulePage }, { present }, { Output }] = await Promise.all([
        import('../../rules/registry.js'),
        import('../../report/analyze/rulesText.js'),
        import('../present.js'),
        import('../terminal/output.js'),
      ]);
      const how = { options, output: new Output() };
      if (name === undefined) {
        const metas = [...rules].map((rule) => rule.meta).sort((a, b) => (a.name < b.name ? -1 : 1));
        await present(metas, { ...how, text: (style) => ruleList(metas, style) });
        return;
      }
      const rule = rules.find((candidate) => candidate.meta.name === name);
      if (rule === undefined) {
        const { didYouMean } = await import('../../observations/nearest.js');
        const near = didYouMean(
          name,
          rules.map((each) => each.meta.name),
        );
        throw new UsageError(`no rule is called ${name}${near || '; zkscope rules lists them'}`);
      }
      await present(rule.meta, { ...how, text: (style) => rulePage(rule.meta, style) });
    });
}
