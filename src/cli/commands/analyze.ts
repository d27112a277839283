import { Chalk } from 'chalk';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Clock } from '../../capture/clock.js';
import type { Severity } from '../../rules/finding.js';
import { withCaptures } from '../options/captureOptions.js';
import { colourLevel, terminalWidth } from '../terminal/colour.js';
import type { AnalysisCommandOptions } from '../options/filteredAnalysis.js';
import { EXIT_FINDINGS } from '../usage.js';

interface AnalyzeOptions extends AnalysisCommandOptions {
  readonly json?: boolean;
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
  return withCaptures(
    new Command('analyze').description(
      'say what happened and what went wrong, with the frames that prove it (the default)',
    ),
  )
    .option('--json', 'one JSON document (zkscope schema analyze describes it)')
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
      await analyze(captures, options);
    });
}

async function analyze(captures: string[], options: AnalyzeOptions): Promise<void> {
  const [{ FilteredAnalysis }, { Output }, { runCaptures, reportLosses, lossParts }] = await Promise.all([
    import('../options/filteredAnalysis.js'),
    import('../terminal/output.js'),
    import('../run.js'),
  ]);
  const clock = new Clock();
  const output = new Output();
  const filtered = new FilteredAnalysis(options, clock);
  const { analysis } = filtered;
  const run = await runCaptures(captures, filtered, { ports: options.port ?? [], clock, output });
  filtered.end(run.reader.last.time);
  const document = analysis.document(run.reader.captures, clock);
  if (options.json === true) {
    output.write(`${JSON.stringify(document, null, 2)}\n`);
    reportLosses(run, document.summary.forgotten);
  } else {
    const { analyzeText } = await import('../../report/analyze/text.js');
    const colour = new Chalk({ level: colourLevel() });
    output.write(
      analyzeText(document, {
        colour,
        width: terminalWidth(),
        losses: lossParts(run, document.summary.forgotten),
        hidden: filtered.hidden,
      }),
    );
  }
  await output.drain();
  if (options.failOn !== undefined) {
    const least = SEVERITIES.indexOf(options.failOn);
    if (analysis.findings.some((finding) => SEVERITIES.indexOf(finding.severity) <= least))
      process.exitCode = EXIT_FINDINGS;
  }
}
