import { version } from '../version.js';
import { Command, Option } from 'commander';
import type { ConnectionFacts } from '../../observations/connectionFacts.js';
import { sinkOf, together } from '../../observations/forward.js';
import type { Timeline } from '../../model/index.js';
import { answersInTurn } from '../../protocols/etcd/operations.js';
import type { Message } from '../../protocols/registry.js';
import type { Format } from '../../report/formats/index.js';
import type { ReportData } from '../../report/postmortem/data.js';
import type { Clock } from '../../observations/inputs.js';
import { printable } from '../../report/text/escape.js';
import { hostFrames } from '../../report/text/hostFrames.js';
import { shortNames } from '../../report/text/shortNames.js';
import { names, setting, SEVERITIES } from './analyze.js';
import { readOptions } from '../options/readOptions.js';
import { withCaptures } from '../options/captureOptions.js';
import type { AnalysisCommandOptions } from '../options/filteredAnalysis.js';
import { chosenFormat, withFormats } from '../options/formatOptions.js';
import { say } from '../present.js';
import { clockOf } from '../show.js';
import { type EndingSignal, exitInterrupted, UsageError } from '../usage.js';

interface ReportOptions extends AnalysisCommandOptions {
  readonly output?: string;
  readonly markdown?: boolean;
  readonly asShown?: boolean;
}

/** `zkscope report`: what goes into the postmortem. */
export function reportCommand(): Command {
  return (
    withFormats(
      withCaptures(
        new Command('report').description(
          'write what goes into the postmortem: one HTML page that opens from disk, or Markdown',
        ),
      ),
      { conflicts: ['markdown'] },
    )
      .option('-o, --output <file>', 'where to write it; - (and Markdown without this option) for standard output')
      .option('--markdown', 'Markdown instead of HTML (also where the file ends in .md)')
      // For the page that draws the document: of JSON all else is in UTC.
      .addOption(new Option('--as-shown', 'JSON with times in the zone of --time').hideHelp())
      .addOption(new Option('--rule <name>', 'only findings of these rules').argParser(names))
      .addOption(new Option('--ignore <name>', 'no findings of these rules').argParser(names))
      .addOption(new Option('--severity <severity>', 'only findings of this severity and above').choices(SEVERITIES))
      .addOption(new Option('--set <rule.option=value>', 'set an option of a rule (repeatable)').argParser(setting))
      .action(async (captures: string[], options: ReportOptions) => {
        await report(captures, options);
      })
  );
}

const TO_STANDARD_OUTPUT = '-';

/** The file to write, null for standard output. */
function target({ output, markdown }: ReportOptions, format: Format | null): string | null {
  if (output === undefined) {
    if (markdown !== true && format === null && process.stdout.isTTY)
      throw new UsageError(
        'an HTML page is nothing for a terminal: name a file with -o report.html, or use --markdown',
      );
    return null;
  }
  if (output === TO_STANDARD_OUTPUT) return null;
  return output;
}

/** The report in the form that was asked for. */
async function written(
  data: ReportData,
  hosts: Clock['hosts'],
  { markdown }: ReportOptions,
  format: Format | null,
  file: string | null,
): Promise<string> {
  if (format !== null) {
    const { reportDocument } = await import('../../report/postmortem/document.js');
    return format.document(hostFrames(reportDocument(data), hosts, false));
  }
  const shown = shortNames(hostFrames(data, hosts, true));
  if (markdown === true || file?.endsWith('.md') === true)
    return (await import('../../report/postmortem/markdown.js')).markdownReport(shown);
  return (await import('../../report/postmortem/html/page.js')).htmlPage(shown);
}

async function report(captures: string[], options: ReportOptions): Promise<void> {
  const format = chosenFormat(options);
  const file = target(options, format);
  const { print } = await import('../terminal/output.js');
  const { isInput, writeWhole } = await import('../terminal/writeWhole.js');
  if (file !== null && isInput(file, captures))
    throw new UsageError(`${file} is one of the captures: it will not be written over`);
  const { data, interrupted, hosts } = await gather(captures, options);
  const text = await written(data, hosts, options, format, file);
  if (file === null) await print(text);
  else {
    await writeWhole(file, text);
    say([`${printable(file)}: ${data.verdict.headline}`]);
  }
  exitInterrupted(interrupted);
}

/** Reads the captures, twice where it can: for what happened, and for what the frames of the findings carry. */
export async function gatherReport(captures: readonly string[], options: ReportOptions = {}): Promise<ReportData> {
  return (await gather(captures, options)).data;
}

/** etcd's requests and answers on the same timeline; what comes without an end (streams) is no answer. */
function timelineOfEtcd(timeline: Timeline, message: Message, { server }: ConnectionFacts): void {
  if (message.kind !== 'request' && message.kind !== 'response') return;
  const { kind, time } = message;
  const record = message.toRecord({ data: false });
  const status = Number(record['status'] ?? 200);
  const grpc = record['grpcStatus'];
  const latency = typeof record['latency'] === 'number' ? record['latency'] * 1e9 : null;
  const failed = kind === 'response' && (status >= 400 || (typeof grpc === 'string' && grpc !== 'OK'));
  timeline.other({ kind, time, latency, failed, asked: isAnswered(message.op ?? '') }, server.text);
}

/** Each such request gets one answer: streams of etcd do not. */
const isAnswered = (op: string): boolean => answersInTurn(op) && !op.startsWith('GET /raft/stream');

interface Gathered {
  readonly data: ReportData;
  readonly interrupted: EndingSignal | null;
  readonly hosts: Clock['hosts'];
}

async function gather(captures: readonly string[], options: ReportOptions): Promise<Gathered> {
  const [
    { FilteredAnalysis },
    { SessionLanes, Timeline: History },
    { readInto },
    { EvidenceReader },
    { focuses, reportData },
    { Replay },
    { analyzeDocument },
  ] = await Promise.all([
    import('../options/filteredAnalysis.js'),
    import('../../model/index.js'),
    import('../reading/run.js'),
    import('../../report/postmortem/evidence/evidenceReader.js'),
    import('../../report/postmortem/build.js'),
    import('../reading/replay.js'),
    import('../../report/analyze/build.js'),
  ]);
  const clock = clockOf(options);
  if (options.asShown === true && clock.zone !== null) clock.zoneShown = 'wall';
  const filtered = new FilteredAnalysis(options, clock);
  const { analysis } = filtered;
  const timeline = new History();
  const lanes = new SessionLanes();
  analysis.model.addListener(timeline);
  analysis.model.addListener(lanes);
  const begin = (): void => {
    if (timeline.from === null && clock.firstTime !== undefined) timeline.begin(clock.firstTime);
  };
  const others = (message: Message, connection: ConnectionFacts): void => {
    if (message.protocol === 'etcd') timelineOfEtcd(timeline, message, connection);
  };
  const replay = new Replay(captures);
  const { ports, keys, hostsBy } = readOptions(options);
  const { sink } = filtered;
  const reading = await readInto(
    replay.inputs,
    together([
      sinkOf({
        opened: begin,
        message: (message, connection) => {
          begin();
          others(message, connection);
        },
      }),
      sink,
    ]),
    {
      ports,
      keys,
      hostsBy,
      clock,
    },
  );
  filtered.end(reading.last.time);
  const { findings, model } = analysis;
  const ladders = focuses({ findings, model }, clock.hosts.several);
  let readAgain = false;
  if (findings.length > 0 && reading.interrupted === null) {
    const again = replay.again();
    if (again !== null) {
      // What is gone or another by now is refused: frames of another capture are no evidence, and findings without theirs no report.
      await new EvidenceReader(ladders, clock, ports, keys).read(again);
      replay.check();
      readAgain = true;
    }
  }
  const data = reportData(
    {
      document: analyzeDocument(analysis, reading.captures, clock, version()),
      findings,
      model,
      timeline,
      lanes,
      captures: reading.captures,
      clock,
      losses: reading.losses(model.forgotten()),
      hidden: filtered.hidden,
      readAgain,
    },
    ladders,
  );
  return { data, interrupted: reading.interrupted, hosts: clock.hosts };
}
