import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { Clock } from '../../observations/inputs.js';
import type { ClientConnection } from '../../model/index.js';
import { boundTime, type FilterOptions, isFiltering, type TimeBound } from '../../observations/filter.js';
import { FilterTerms, passes, passesOrNone } from '../../observations/filterTerms.js';
import { together } from '../../observations/forward.js';
import type { FindingDifference, Sides } from '../../report/diff/changes.js';
import type { Side } from '../../report/diff/side.js';
import { hostFrames } from '../../report/text/hostFrames.js';
import { shortNames } from '../../report/text/shortNames.js';
import { printable } from '../../report/text/escape.js';
import { readOptions } from '../options/readOptions.js';
import { filterOptions, parseTime, withCaptures, type CaptureOptions } from '../options/captureOptions.js';
import { chosenFormat, withFormats } from '../options/formatOptions.js';
import { countingSink } from '../reading/counting.js';
import { rowCount, wholeNumber } from '../options/numbers.js';
import { Output } from '../terminal/output.js';
import { readInto, type Reading } from '../reading/run.js';
import { present } from '../present.js';
import { clockOf } from '../show.js';
import { InterruptedError, UsageError } from '../usage.js';
import { version } from '../version.js';

interface DiffOptions extends CaptureOptions {
  readonly at?: TimeBound;
  readonly before?: TimeBound;
  readonly after?: TimeBound;
  readonly depth?: number;
  readonly top: number;
}

/** Changes that are told unless told otherwise. */
const TOP = 20;

/** `zkscope diff`: what changed between two captures, or two stretches of time of the same. */
export function diffCommand(): Command {
  const time = (flag: string, text: string): Option => new Option(`${flag} <time>`, text).argParser(parseTime);
  return withFormats(
    withCaptures(
      new Command('diff').description('say what changed between two captures, or between two times of the same'),
    ),
  )
    .addOption(time('--at', 'compare what came before this moment with what came after').conflicts(['before', 'after']))
    .addOption(time('--before', 'compare what came before this moment … (with --after)'))
    .addOption(time('--after', '… with what came after this one'))
    .addOption(new Option('--depth <n>', 'cut paths behind their first n parts').argParser(wholeNumber))
    .addOption(new Option('--top <n>', 'changes to tell, 0 for all').argParser(rowCount).default(TOP))
    .addHelpText(
      'after',
      `
Two captures:  zkscope diff good.pcap bad.pcap
Several each:  zkscope diff a1.pcap,a2.pcap b1.pcap,b2.pcap
Two times:     zkscope diff --at 19:56 a.pcap
Rates are compared, not counts; zkscope help diff tells how.`,
    )
    .action(async (captures: string[], options: DiffOptions) => {
      await diff(captures, options);
    });
}

/** Captures of one side: names with commas between, unless a file is called just so. */
function captureSet(argument: string): string[] {
  if (existsSync(argument)) return [argument];
  const names = argument.split(',').filter((name) => name !== '');
  return names.length === 0 ? [argument] : names;
}

const nameOf = (files: readonly string[]): string =>
  files.length <= 2 ? files.join(' and ') : `${files[0]!} and ${files.length - 1} more`;

interface Outcome {
  readonly sides: Sides;
  readonly findings: FindingDifference;
  readonly losses: readonly string[];
}

async function diff(captures: string[], options: DiffOptions): Promise<void> {
  const { at, before, after } = options;
  if ((before === undefined) !== (after === undefined)) throw new UsageError('--before and --after go together');
  const byTime = at !== undefined || before !== undefined;
  if (!byTime && captures.length !== 2)
    throw new UsageError(
      'diff compares two captures (or lists with commas between), or two times of the same: --at TIME',
    );
  const output = new Output();
  const outcome = byTime
    ? await twoTimes(captures, at ?? before!, at ?? after!, options, output)
    : await twoCaptures(captureSet(captures[0]!), captureSet(captures[1]!), options, output);
  const { sides, findings, losses } = outcome;
  const { diffDocument } = await import('../../report/diff/document.js');
  const document = diffDocument(sides, findings, version());
  const silent = sides.filter(({ statistics }) => statistics.first === null);
  const nothing = silent.length === 0 ? null : silent.map((side) => nothingIn(side, side === sides[0])).join('; ');
  await present(document, {
    options,
    output,
    text: async (style) =>
      (await import('../../report/diff/text.js')).diffText(shortNames(document), { ...style, top: options.top }),
    empty: nothing,
    losses,
    zone: clockOf(options).zoneName,
  });
}

function nothingIn({ label }: Side, before: boolean): string {
  return `nothing to compare: no ZooKeeper message ${before ? 'before' : 'after'}, in ${printable(label)}`;
}

/** Whether a connection is one that the filters ask for. */
function connectionWanted(wanted: FilterOptions): (connection: ClientConnection) => boolean {
  const { clients, servers, sessions } = new FilterTerms(wanted, wanted.not);
  return ({ tcp, session }) =>
    passes(clients, tcp.client) && passes(servers, tcp.server) && passesOrNone(sessions, session?.id ?? null);
}

async function load(): Promise<{
  Analysis: typeof import('../../rules/analysis.js').Analysis;
  Side: typeof Side;
  SessionEvents: typeof import('../../model/journals/sessionEvents.js').SessionEvents;
  findingPasses: typeof import('../../report/analyze/filter.js').findingPasses;
  analyzeDocument: typeof import('../../report/analyze/build.js').analyzeDocument;
}> {
  const [{ Analysis }, side, { SessionEvents }, { findingPasses }, { analyzeDocument }] = await Promise.all([
    import('../../rules/analysis.js'),
    import('../../report/diff/side.js'),
    import('../../model/journals/sessionEvents.js'),
    import('../../report/analyze/filter.js'),
    import('../../report/analyze/build.js'),
  ]);
  return { Analysis, Side: side.Side, SessionEvents, findingPasses, analyzeDocument };
}

function stopIfInterrupted(run: Reading): void {
  if (run.interrupted !== null) throw new InterruptedError(run.interrupted, 'interrupted: nothing was compared');
}

const bound = (time: TimeBound | null, clock: Clock, begins = false): number | null =>
  time === null ? null : boundTime(time, clock, begins);

/** First and last time of what was read, within the bounds that were asked for. */
function extent(run: Reading, wanted: FilterOptions, clock: Clock): { from: number; to: number } | null {
  let [from, to] = [Infinity, -Infinity];
  for (const capture of run.captures) {
    if (capture.from !== null) from = Math.min(from, capture.from);
    if (capture.to !== null) to = Math.max(to, capture.to);
  }
  if (from > to) return null;
  return {
    from: Math.max(from, bound(wanted.from, clock, true) ?? -Infinity),
    to: Math.min(to, bound(wanted.to, clock) ?? Infinity),
  };
}

async function twoCaptures(a: string[], b: string[], options: DiffOptions, output: Output): Promise<Outcome> {
  if (a.includes('-') && b.includes('-')) throw new UsageError('standard input can be read only once');
  const losses: string[] = [];
  const sides: Side[] = [];
  for (const [place, files] of [a, b].entries()) {
    const { side, run } = await oneSide(files, options, output);
    sides.push(side);
    losses.push(...run.losses().map((part) => `${place === 0 ? 'before' : 'after'}: ${part}`));
  }
  const { matchFindings } = await import('../../report/diff/findings.js');
  const [before, after] = [sides[0]!, sides[1]!];
  return { sides: [before, after], findings: matchFindings(before.findings, after.findings), losses };
}

async function oneSide(files: string[], options: DiffOptions, output: Output): Promise<{ side: Side; run: Reading }> {
  const { Analysis, Side, SessionEvents, findingPasses, analyzeDocument } = await load();
  const clock = clockOf(options);
  const wanted = filterOptions(options);
  const side = new Side(nameOf(files), options.depth ?? null);
  const analysis = new Analysis();
  new SessionEvents(analysis.model, () => side.sessions, connectionWanted(wanted));
  const sink = together([analysis.sink, countingSink(side.statistics, wanted, clock)]);
  const run = await readInto(files, sink, { ...readOptions(options), clock, output });
  stopIfInterrupted(run);
  analysis.end(run.last.time);
  side.statistics.end();
  side.clock = clock;
  side.captures = run.captures;
  const span = extent(run, wanted, clock);
  side.from = span?.from ?? null;
  side.to = span?.to ?? null;
  const all = analysis.findings;
  if (isFiltering(wanted)) {
    const [from, to] = [bound(wanted.from, clock, true), bound(wanted.to, clock)];
    analysis.findings = all.filter((finding) => findingPasses(finding, wanted, from, to, null));
  }
  const { findings } = analyzeDocument(analysis, run.captures, clock, version(), false);
  side.findings = hostFrames(findings, clock.hosts, chosenFormat(options) === null);
  return { side, run };
}

async function twoTimes(
  files: string[],
  beforeEnd: TimeBound,
  afterStart: TimeBound,
  options: DiffOptions,
  output: Output,
): Promise<Outcome> {
  const { Analysis, Side, SessionEvents, findingPasses, analyzeDocument } = await load();
  const clock = clockOf(options);
  const wanted = filterOptions(options);
  const before = new Side(nameOf(files), options.depth ?? null);
  const after = new Side(nameOf(files), options.depth ?? null);
  // Bounds that count from the start of the capture need its first frame.
  let times: readonly [number, number] | null = null;
  const bounds = (): readonly [number, number] =>
    (times ??= [boundTime(beforeEnd, clock), boundTime(afterStart, clock)]);
  const sideOf = (time: number): Side | null => (time < bounds()[0] ? before : time >= bounds()[1] ? after : null);
  const analysis = new Analysis();
  const timed = { ...wanted, from: null, to: null };
  const inTime = (time: number): boolean =>
    time >= (bound(wanted.from, clock, true) ?? -Infinity) && time <= (bound(wanted.to, clock) ?? Infinity);
  new SessionEvents(
    analysis.model,
    (time) => (inTime(time) ? (sideOf(time)?.sessions ?? null) : null),
    connectionWanted(wanted),
  );
  const counting = [before, after].map((side) =>
    countingSink(side.statistics, timed, clock, (time) => sideOf(time) === side && inTime(time)),
  );
  const run = await readInto(files, together([analysis.sink, ...counting]), {
    ...readOptions(options),
    clock,
    output,
  });
  stopIfInterrupted(run);
  const [end, start] = bounds();
  if (start < end) throw new UsageError('--after is earlier than --before');
  analysis.end(run.last.time);
  const span = extent(run, wanted, clock);
  for (const side of [before, after]) {
    side.statistics.end();
    side.clock = clock;
    side.captures = run.captures;
  }
  if (span !== null) {
    if (end <= span.from || start > span.to)
      throw new UsageError(
        `the capture is from ${clock.format(span.from)} to ${clock.format(span.to)}: one side has no time`,
      );
    [before.from, before.to, after.from, after.to] = [span.from, Math.min(end, span.to), start, span.to];
  }
  const [from, to] = [bound(wanted.from, clock, true), bound(wanted.to, clock)];
  if (isFiltering(wanted))
    analysis.findings = analysis.findings.filter((finding) => findingPasses(finding, wanted, from, to, null));
  const { splitFindings } = await import('../../report/diff/findings.js');
  const { findings } = analyzeDocument(analysis, run.captures, clock, version(), false);
  const entries = hostFrames(findings, clock.hosts, chosenFormat(options) === null);
  return {
    sides: [before, after],
    findings: splitFindings(analysis.findings, entries, end, start),
    losses: run.losses(),
  };
}
