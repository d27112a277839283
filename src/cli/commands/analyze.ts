import { version } from '../version.js';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { AnalyzeDocument } from '../../report/analyze/document.js';
import type { Severity } from '../../rules/finding.js';
import { withCaptures } from '../options/captureOptions.js';
import type { AnalysisCommandOptions } from '../options/filteredAnalysis.js';
import { withFormats } from '../options/formatOptions.js';
import { EXIT_FINDINGS } from '../usage.js';
import { show, type Setting, type DocumentView } from '../view.js';

interface AnalyzeOptions extends AnalysisCommandOptions {
  readonly failOn?: Severity;
}

export const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];

/** Names of a repeatable option, several in one by commas. */
export const names = (value: string, before: string[] | undefined): string[] => [
  ...(before ?? []),
  ...value.split(',').filter((name) => name !== ''),
];

/** `rule.option=value`, repeatable. */
export function setting(value: string, before: Record<string, string> | undefined): Record<string, string> {
  const match = /^([a-z0-9-]+\.[A-Za-z]+)=(.*)$/.exec(value);
  if (match === null)
    throw new InvalidArgumentError('a setting is rule.option=value; zkscope rules NAME lists the options of a rule.');
  return { ...before, [match[1]!]: match[2]! };
}

/** `zkscope analyze`: what was captured, and what went wrong. */
export function analyzeCommand(): Command {
  return withFormats(
    withCaptures(
      new Command('analyze').description(
        'say what happened and what went wrong, with the frames that prove it (the default)',
      ),
    ),
  )
    .addOption(new Option('--rule <name>', 'only these rules').argParser(names))
    .addOption(new Option('--ignore <name>', 'not these rules').argParser(names))
    .addOption(new Option('--severity <severity>', 'only findings of this severity and above').choices(SEVERITIES))
    .addOption(new Option('--set <rule.option=value>', 'set an option of a rule (repeatable)').argParser(setting))
    .addOption(
      new Option('--fail-on <severity>', 'exit with 1 if there is a finding of this severity or above').choices(
        SEVERITIES,
      ),
    )
    .action(async (captures: string[], options: AnalyzeOptions) => {
      await show(captures, options, (setting) => view(options, setting));
    });
}

async function view(options: AnalyzeOptions, { clock, forPeople }: Setting): Promise<DocumentView<AnalyzeDocument>> {
  const [{ FilteredAnalysis }, { analyzeDocument }] = await Promise.all([
    import('../options/filteredAnalysis.js'),
    import('../../report/analyze/build.js'),
  ]);
  const filtered = new FilteredAnalysis(options, clock);
  const { analysis } = filtered;
  return {
    sink: filtered.sink,
    document: ({ captures, last }) => {
      filtered.end(last.time);
      return analyzeDocument(analysis, captures, clock, version(), !forPeople);
    },
    text: async (document, style) => {
      const { analyzeText } = await import('../../report/analyze/text.js');
      return analyzeText(document, { ...style, hidden: filtered.hidden });
    },
    forgotten: ({ summary }) => summary.forgotten,
    done: ({ findings }) => {
      if (options.failOn === undefined) return;
      const least = SEVERITIES.indexOf(options.failOn);
      if (findings.some(({ severity }) => SEVERITIES.indexOf(severity) <= least)) process.exitCode = EXIT_FINDINGS;
    },
  };
}
