import { Chalk } from 'chalk';
import { Command, Option } from 'commander';
import type { Clock } from '../../observations/inputs.js';
import { sinkOf, together, type Sink } from '../../observations/forward.js';
import { LiveCounts } from '../../model/measures/liveCounts.js';
import { liveTables, type LiveTable } from '../../model/measures/liveTables.js';
import { topColumns, TopDocuments, type TopColumn, type TopDocument } from '../../report/top/document.js';
import { json } from '../../report/formats/json.js';
import { hostFrames } from '../../report/text/hostFrames.js';
import type { Finding } from '../../rules/finding.js';
import type { Analysis } from '../../rules/analysis.js';
import { filterOptions, withCaptures, type CaptureOptions } from '../options/captureOptions.js';
import { span, wholeNumber } from '../options/numbers.js';
import { FilterNotes } from '../options/filterNotes.js';
import { chosenFormat, withFormats } from '../options/formatOptions.js';
import { readOptions } from '../options/readOptions.js';
import { say, sayLosses } from '../present.js';
import { colourLevel } from '../terminal/colour.js';
import { listenAddress, serveMetrics, type ListenAddress, type MetricsServer } from '../terminal/metricsServer.js';
import { Output } from '../terminal/output.js';
import { clockOf, recordWriter } from '../show.js';
import { exitInterrupted } from '../usage.js';
import type { WatchCounts } from '../../model/measures/watchCounts.js';
import { TopControls } from '../terminal/topControls.js';

interface TopOptions extends CaptureOptions {
  readonly interval: number;
  readonly by: LiveTable;
  readonly sort: TopColumn;
  readonly depth?: number;
  readonly rows: number;
  readonly prometheusListen?: ListenAddress;
}

const ROWS = 20;
/** Looking at the findings may take this share of the time. */
const LOOKING = 0.01;
/** Rows of a table that a screen gets to filter and to show. */
const SCREEN_ROWS = 500;

const EXAMPLES = `
Examples:
  tcpdump -i any -U -w - port 2181 | zkscope top -
  tcpdump -i any -U -w - port 2181 | zkscope top - --prometheus-listen 127.0.0.1:9142 > /dev/null
  zkscope top --interval 10s --json outage.pcap
`;

/** `zkscope top`: what is happening now. */
export function topCommand(): Command {
  return withFormats(
    withCaptures(
      new Command('top').description(
        'what is happening now: requests, latency, errors, sessions and findings, drawn again each second; one JSON line an interval where the output is no terminal',
      ),
    ),
    { records: true },
  )
    .addOption(
      new Option('--interval <span>', 'from one screen, or line, to the next').argParser(span).default(1e9, '1s'),
    )
    .addOption(new Option('--by <table>', 'the table to begin with').choices(liveTables).default('op'))
    .addOption(new Option('--sort <column>', 'the largest first').choices(topColumns).default('requests'))
    .addOption(new Option('--depth <n>', 'cut paths behind their first n parts').argParser(wholeNumber))
    .addOption(new Option('--rows <n>', 'rows of each table of a JSON line').argParser(wholeNumber).default(ROWS))
    .addOption(
      new Option(
        '--prometheus-listen <address>',
        'serve the running totals to Prometheus under /metrics: 127.0.0.1:9142',
      ).argParser(listenAddress),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (captures: string[], options: TopOptions) => {
      await top(captures, options);
    });
}

async function top(captures: string[], options: TopOptions): Promise<void> {
  const { readInto } = await import('../reading/run.js');
  const chosen = chosenFormat(options);
  const onTerminal = process.stdout.isTTY && chosen === null;
  const format = onTerminal ? null : (chosen ?? json);
  const output = new Output();
  const clock = clockOf(format === null ? options : { ...options, [format.name]: true });
  const live = await Live.make(options, clock, onTerminal);
  const controls = onTerminal ? await TopControls.make(live, options, new Chalk({ level: colourLevel() })) : null;
  const server = await serving(options, live);
  const write = recordWriter(format, output, String);
  live.onDocument = (document) => {
    if (controls === null) write(hostFrames(document, clock.hosts, false));
    else controls.show(hostFrames(document, clock.hosts, true), server?.url ?? null);
  };
  if (server !== null && controls === null) say([`metrics on ${server.url}`]);
  const notes = FilterNotes.of(filterOptions(options), clock);
  controls?.enter();
  try {
    const reading = await readInto(captures, notes === null ? live.sink : together([notes.sink, live.sink]), {
      ...readOptions(options),
      clock,
      output,
      quiet: onTerminal,
      ...(controls === null ? {} : { stop: controls.ended }),
    });
    live.finish();
    const last = controls?.leave() ?? [];
    if (last.length > 0) output.write(`${last.join('\n')}\n`);
    await output.finish();
    if (!output.closed)
      sayLosses(
        reading.losses(),
        reading.messages > 0 ? null : reading.nothingFound(),
        notes?.notes(reading.last.time) ?? [],
      );
    exitInterrupted(reading.interrupted);
  } finally {
    controls?.leave();
    server?.close();
  }
}

async function serving({ prometheusListen }: TopOptions, live: Live): Promise<MetricsServer | null> {
  if (prometheusListen === undefined) return null;
  const { liveMetrics } = await import('../../report/top/prometheus.js');
  return serveMetrics(prometheusListen, () => liveMetrics(live.metrics()));
}

interface Parts {
  readonly analysis: Analysis;
  readonly counts: LiveCounts;
  readonly watches: WatchCounts;
  readonly documents: TopDocuments;
  readonly counting: Sink;
}

/** Counts, model and rules of what is read, and the document of each interval. */
export class Live {
  readonly sink: Sink;
  onDocument: (document: TopDocument) => void = () => undefined;
  sort: TopColumn;
  private from: number | null = null;
  private start = 0;
  private findings: readonly Finding[] = [];
  private nextLook = 0;

  private constructor(
    private readonly parts: Parts,
    private readonly options: TopOptions,
    private readonly clock: Clock,
    /** Intervals are those of the clock on the wall, not of the capture. */
    private readonly byWall: boolean,
  ) {
    const { analysis, counting } = parts;
    this.sort = options.sort;
    const ticking = sinkOf({
      opened: (connection) => {
        this.passed(connection.start.time);
      },
      message: (message) => {
        this.passed(message.time);
      },
    });
    this.sink = together([ticking, analysis.sink, counting]);
  }

  static async make(options: TopOptions, clock: Clock, byWall: boolean): Promise<Live> {
    const [{ Analysis }, { WatchCounts: Watches }, { countingSink }] = await Promise.all([
      import('../../rules/analysis.js'),
      import('../../model/measures/watchCounts.js'),
      import('../reading/counting.js'),
    ]);
    const analysis = new Analysis();
    const counts = new LiveCounts({
      depth: options.depth ?? null,
      keepsRunning: options.prometheusListen !== undefined,
    });
    const counting = countingSink(counts.statistics, filterOptions(options), clock);
    const parts = { analysis, counts, watches: new Watches(analysis.model), documents: new TopDocuments(), counting };
    return new Live(parts, options, clock, byWall);
  }

  set depth(depth: number | null) {
    this.parts.counts.depth = depth;
  }

  /** What Prometheus is served. */
  metrics(): Parameters<typeof import('../../report/top/prometheus.js').liveMetrics>[0] {
    const { counts, watches, analysis } = this.parts;
    const { model } = analysis;
    return {
      counts,
      watches,
      findings: this.findings,
      sessions: model.sessions.connected,
      connections: model.connections.size,
      latest: this.from === null ? null : this.clock.epochSeconds(model.lastTime),
    };
  }

  private passed(time: number): void {
    if (this.from === null) {
      this.from = time;
      this.start = time;
      return;
    }
    const { interval } = this.options;
    if (this.byWall || time < this.from + interval) return;
    // An interval in which nothing came is not told.
    const whole = Math.floor((time - this.from) / interval);
    this.tick(this.from + interval);
    this.from += whole * interval;
  }

  /** The interval is over: by the clock of the capture at `to`, and by that on the wall now. */
  tick(to?: number): void {
    const { from } = this;
    if (from === null) return;
    const { counts, watches, analysis, documents } = this.parts;
    const { model } = analysis;
    const end = to ?? Math.max(from, model.lastTime);
    this.look();
    const document = documents.next({
      interval: counts.take(),
      counts,
      watches,
      model,
      findings: this.findings,
      clock: this.clock,
      start: this.start,
      from,
      to: this.byWall ? Math.max(end, from + this.options.interval) : end,
      sort: this.sort,
      rows: this.byWall ? SCREEN_ROWS : this.options.rows,
    });
    if (this.byWall) this.from = end;
    this.onDocument(document);
  }

  /** The findings so far, as often as it costs little. */
  private look(): void {
    const now = performance.now();
    if (now < this.nextLook) return;
    this.findings = this.parts.analysis.soFar();
    const took = performance.now() - now;
    this.nextLook = performance.now() + took / LOOKING;
  }

  /** The captures are read: the findings are complete, and the rest of the last interval is told. */
  finish(): void {
    const { analysis, counts } = this.parts;
    const { model } = analysis;
    counts.statistics.end();
    analysis.end(model.lastTime);
    this.findings = analysis.findings;
    this.nextLook = Infinity;
    if (this.from !== null) this.tick(Math.max(this.from, model.lastTime));
  }
}
