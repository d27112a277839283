import { plural } from '../../observations/words.js';
import { Command, Option } from 'commander';
import type { CaptureInput } from '../../observations/inputs.js';
import { Clock } from '../../observations/inputs.js';
import { analyzeDocument } from '../../report/analyze/build.js';
import { verdict } from '../../report/postmortem/verdict.js';
import { printable } from '../../report/text/escape.js';
import { version } from '../version.js';
import { names, setting, SEVERITIES } from './analyze.js';
import { withCaptures } from '../options/captureOptions.js';
import { FilteredAnalysis, type AnalysisCommandOptions } from '../options/filteredAnalysis.js';
import { oneHost } from '../options/oneHost.js';
import { readOptions } from '../options/readOptions.js';
import { say } from '../present.js';
import { readInto } from '../reading/run.js';
import { Replay } from '../reading/replay.js';
import { checkReading, readAgain } from '../reading/twice.js';

interface AnnotateOptions extends AnalysisCommandOptions {
  readonly output: string;
}

/** `zkscope annotate`: the same capture, with what was found as comments. */
export function annotateCommand(): Command {
  return withCaptures(
    new Command('annotate').description(
      'write the capture again as pcapng, with findings as comments of the frames that prove them',
    ),
    '<capture>',
  )
    .option('-o, --output <file>', 'where to write it; - (and without this option) for standard output', '-')
    .addOption(new Option('--rule <name>', 'only findings of these rules').argParser(names))
    .addOption(new Option('--ignore <name>', 'no findings of these rules').argParser(names))
    .addOption(new Option('--severity <severity>', 'only findings of this severity and above').choices(SEVERITIES))
    .addOption(new Option('--set <rule.option=value>', 'set an option of a rule (repeatable)').argParser(setting))
    .action(async (capture: string, options: AnnotateOptions) => {
      await annotate(capture, options);
    });
}

async function annotate(capture: string, options: AnnotateOptions): Promise<void> {
  const { output } = options;
  const [{ checkTarget, writeTo }, { findingComments, verdictComment }, { writeAnnotated }] = await Promise.all([
    import('../terminal/captureTarget.js'),
    import('../../export/annotate/comments.js'),
    import('../../export/annotate/write.js'),
  ]);
  oneHost([capture], 'annotate', options);
  checkTarget(output, [capture]);
  const clock = new Clock();
  const filtered = new FilteredAnalysis(options, clock);
  const { analysis } = filtered;
  const replay = new Replay([capture]);
  const { ports, keys } = readOptions(options);
  const reading = await readInto(replay.inputs, filtered.sink, { ports, keys, clock });
  checkReading(reading, output);
  filtered.end(reading.last.time);
  const document = analyzeDocument(analysis, reading.captures, clock, version());
  const losses = reading.losses(analysis.model.forgotten());
  const program = `zkscope ${version()}`;
  const told = verdict(document, () => '', { losses, hidden: filtered.hidden, readAgain: true });
  const byFrame = findingComments(document);
  const comments = {
    of: (frame: number) => byFrame.get(frame) ?? [],
    section: [verdictComment(told, program)],
  };
  const input = (): CaptureInput => readAgain(replay)[0]!;
  let homeless = 0;
  await writeTo(output, async (target) => {
    homeless = await writeAnnotated(input(), input, comments, program, target);
    replay.check();
    return true;
  });
  const count = [...byFrame.values()].reduce((sum, list) => sum + list.length, 0) - homeless;
  const where = output === '-' ? 'written' : printable(output);
  const lost = homeless === 0 ? [] : [`${plural(homeless, 'comment')} had no room: simple packet blocks take none`];
  say([
    `${where}: ${plural(document.findings.length, 'finding')} in ${plural(count, 'comment')} of ${plural(byFrame.size, 'frame')}`,
    ...lost,
    ...losses,
  ]);
}
