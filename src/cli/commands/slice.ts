import { plural } from '../../observations/words.js';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { CaptureInput } from '../../observations/inputs.js';
import { Clock } from '../../observations/inputs.js';
import { isFiltering, MessageFilter } from '../../observations/filter.js';
import { together } from '../../observations/forward.js';
import type { Selection } from '../../export/slice/selection.js';
import type { ServerPort } from '../../protocols/router.js';
import type { KeyStore } from '../../protocols/tls/keys/keyStore.js';
import type { Analysis } from '../../rules/analysis.js';
import { printable } from '../../report/text/escape.js';
import { version } from '../version.js';
import { setting } from './analyze.js';
import { filterOptions, withCaptures } from '../options/captureOptions.js';
import { FilteredAnalysis, type AnalysisCommandOptions } from '../options/filteredAnalysis.js';
import { oneHost } from '../options/oneHost.js';
import { readOptions } from '../options/readOptions.js';
import { say } from '../present.js';
import { readInto } from '../reading/run.js';
import { UsageError } from '../usage.js';
import { Replay } from '../reading/replay.js';
import { checkReading, readAgain } from '../reading/twice.js';

interface SliceOptions extends AnalysisCommandOptions {
  readonly output: string;
  readonly only?: boolean;
  readonly finding?: number[];
  readonly incident?: number[];
}

function numbers(value: string, before: number[] | undefined): number[] {
  const list = value.split(',').map(Number);
  if (list.some((number) => !Number.isInteger(number) || number < 1))
    throw new InvalidArgumentError('a number as zkscope analyze gives it: 1, 2 ….');
  return [...(before ?? []), ...list];
}

/** `zkscope slice`: a small capture of a large one. */
export function sliceCommand(): Command {
  return withCaptures(
    new Command('slice').description(
      'write the connections that filters or a finding select as a small pcapng capture',
    ),
  )
    .option('-o, --output <file>', 'where to write it; - (and without this option) for standard output', '-')
    .option('--only', 'only the frames of what passes the filters, or of the evidence, not whole connections')
    .addOption(
      new Option('--finding <number>', 'what a finding of zkscope analyze needs (repeatable)').argParser(numbers),
    )
    .addOption(new Option('--incident <number>', 'what all findings of an incident need').argParser(numbers))
    .addOption(new Option('--set <rule.option=value>', 'set an option of a rule (repeatable)').argParser(setting))
    .action(async (captures: string[], options: SliceOptions) => {
      await slice(captures, options);
    });
}

async function slice(captures: string[], options: SliceOptions): Promise<void> {
  const [{ checkTarget, writeTo }, { Selection: Selecting }, { Secrets }, { writeSlice }] = await Promise.all([
    import('../terminal/captureTarget.js'),
    import('../../export/slice/selection.js'),
    import('../../export/slice/secrets.js'),
    import('../../export/slice/write.js'),
  ]);
  oneHost(captures, 'slice', options);
  checkTarget(options.output, captures);
  const { finding = [], incident = [] } = options;
  const wanted = filterOptions(options);
  const ofFindings = finding.length + incident.length > 0;
  if (ofFindings && isFiltering(wanted))
    throw new UsageError('a finding is cut out whole: --finding and --incident take no filters beside them');
  const clock = new Clock();
  const filter = isFiltering(wanted) ? new MessageFilter(wanted, clock) : null;
  const selection = new Selecting(wanted, filter, !ofFindings);
  const secrets = new Secrets();
  const filtered = ofFindings ? new FilteredAnalysis(options, clock) : null;
  const replay = new Replay(captures);
  const { ports, keys } = readOptions(options);
  const sinks = filtered === null ? [selection.sink] : [selection.sink, filtered.sink];
  const reading = await readInto(replay.inputs, together(sinks), {
    ports,
    keys,
    clock,
    reader: {
      onSegment: (segment, connection) => {
        selection.segment(segment, connection);
      },
      secrets: () => (bytes) => {
        secrets.add(bytes);
      },
    },
  });
  checkReading(reading, options.output);
  filtered?.end(reading.last.time);
  const again = (): CaptureInput[] => readAgain(replay);
  const choice =
    filtered === null
      ? { accepts: chosenBy(selection, options), note: '' }
      : await ofFinding(filtered.analysis, selection, options, again, { clock, ports, keys });
  const frames = { written: 0, connections: new Set<number>() };
  const accepts = (frame: number): boolean => {
    if (!choice.accepts(frame)) return false;
    frames.connections.add(selection.index.connectionOf(frame));
    return true;
  };
  const owners = new Set([...selection.chosen].flatMap((id) => [...selection.index.tls.of(id)]));
  await writeTo(options.output, async (target) => {
    const section = { program: `zkscope ${version()}` };
    frames.written = await writeSlice(again(), { accepts, secrets: secrets.of(owners), section }, target);
    replay.check();
    if (frames.written === 0) throw new UsageError('nothing of the capture passes the filters: nothing was written');
    return true;
  });
  const packets = reading.captures.reduce((sum, capture) => sum + capture.packets, 0);
  say([
    `${options.output === '-' ? 'written' : printable(options.output)}: ${frames.written} of ${plural(packets, 'packet')}, ${plural(frames.connections.size, 'connection')}${choice.note}`,
    ...reading.losses(),
  ]);
}

/** What passes the filters: whole connections, or the frames themselves. */
function chosenBy(selection: Selection, { only }: SliceOptions): (frame: number) => boolean {
  const { chosen, frames, index } = selection;
  if (only !== true) return (frame) => chosen.has(index.connectionOf(frame));
  selection.completeFrames();
  return (frame) => frames.has(frame);
}

async function ofFinding(
  analysis: Analysis,
  selection: Selection,
  { finding = [], incident = [], only, set = {} }: SliceOptions,
  again: () => CaptureInput[],
  reading: { clock: Clock; ports: readonly ServerPort[]; keys: KeyStore },
): Promise<{ accepts: (frame: number) => boolean; note: string }> {
  const { cited, connectionsFor, framesFor, NoSuchFinding, wantedFindings } =
    await import('../../export/slice/findings.js');
  try {
    const { ports, keys } = reading;
    const wanted = wantedFindings({ findings: finding, incidents: incident }, analysis);
    const focused = cited(wanted, analysis);
    if (only === true) {
      const { chosen, frames, index } = selection;
      for (const frame of await framesFor(focused, again(), reading)) {
        chosen.add(index.connectionOf(frame));
        frames.add(frame);
      }
      selection.completeFrames();
      return { accepts: (frame) => frames.has(frame), note: '' };
    }
    const found = await connectionsFor(wanted, focused, selection, again, { set }, { ports, tlsKeys: keys });
    selection.chosen.clear();
    for (const id of found.connections) selection.chosen.add(id);
    const note = found.again ? '' : '; read by itself it does not give all of this again';
    return { accepts: (frame) => found.connections.has(selection.index.connectionOf(frame)), note };
  } catch (error) {
    if (error instanceof NoSuchFinding) throw new UsageError(error.message);
    throw error;
  }
}
