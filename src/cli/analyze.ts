import { Chalk } from 'chalk';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Clock } from '../capture/clock.js';
import { boundTime, isFiltering, MessageFilter, type FilterOptions } from '../protocols/messageFilter.js';
import { filterOptions, withCaptures, type CaptureOptions } from './captureOptions.js';
import { colourLevel, terminalWidth } from './colour.js';
import { EXIT_FINDINGS, UsageError } from './usage.js';
import { version } from './version.js';

interface AnalyzeOptions extends CaptureOptions {
  readonly json?: boolean;
  readonly rule?: string[];
  readonly ignore?: string[];
  readonly severity?: Severity;
  readonly failOn?: Severity;
  readonly set?: Record<string, string>;
}

export type Severity = 'error' | 'warning' | 'info';
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

/** Filters that look at messages, beside those that a finding's own fields answer. */
export function looksAtMessages({ ops, kinds, errors }: FilterOptions): boolean {
  return ops.length > 0 || kinds.length > 0 || errors.length > 0;
}

async function analyze(captures: string[], options: AnalyzeOptions): Promise<void> {
  const [
    { Analysis },
    { RuleOptionError },
    { Output },
    { runCaptures, reportLosses, lossParts },
    { FrameSet, findingPasses },
  ] = await Promise.all([
    import('../rules/analysis.js'),
    import('../rules/options.js'),
    import('./output.js'),
    import('./run.js'),
    import('../report/findingFilter.js'),
  ]);
  const clock = new Clock();
  const output = new Output();
  const wanted = filterOptions(options);
  const filter = isFiltering(wanted) && looksAtMessages(wanted) ? new MessageFilter(wanted, clock) : null;
  const passed = filter === null ? null : new FrameSet();
  const selection = {
    rules: options.rule ?? [],
    ignore: options.ignore ?? [],
    ...(options.severity === undefined ? {} : { severity: options.severity }),
    set: options.set ?? {},
    version: version(),
  };
  let analysis: InstanceType<typeof Analysis>;
  try {
    analysis = new Analysis(selection);
  } catch (error) {
    if (error instanceof RuleOptionError) throw new UsageError(error.message);
    throw error;
  }
  const run = await runCaptures(
    captures,
    {
      message: (message) => {
        if (filter !== null && passed !== null && filter.message(message)) passed.add(message.frame);
        analysis.message(message);
      },
      gap: (gap) => {
        if (filter !== null && passed !== null && filter.gap(gap)) passed.add(gap.frame);
        analysis.gap(gap);
      },
      connectionOpened: (connection) => {
        analysis.connectionOpened(connection);
      },
      connectionClosed: (connection) => {
        analysis.connectionClosed(connection);
      },
    },
    { ports: options.port ?? [], clock, output },
  );
  analysis.end(run.reader.last.time);
  const all = analysis.findings;
  if (isFiltering(wanted)) {
    const from = wanted.from === null ? null : boundTime(wanted.from, clock);
    const to = wanted.to === null ? null : boundTime(wanted.to, clock);
    analysis.findings = all.filter((finding) => findingPasses(finding, wanted, from, to, passed));
  }
  const document = analysis.document(run.reader.captures, clock);
  if (options.json === true) {
    output.write(`${JSON.stringify(document, null, 2)}\n`);
    reportLosses(run, document.summary.forgotten);
  } else {
    const { analyzeText } = await import('../report/analyzeText.js');
    const colour = new Chalk({ level: colourLevel() });
    const hidden = all.length - analysis.findings.length;
    output.write(
      analyzeText(document, {
        colour,
        width: terminalWidth(),
        losses: lossParts(run, document.summary.forgotten),
        hidden,
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
