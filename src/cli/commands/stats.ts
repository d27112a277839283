import { Chalk } from 'chalk';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Clock } from '../../capture/clock.js';
import { type Dimension, dimensions, Grouping } from '../../model/measures/grouping.js';
import { isFiltering } from '../../observations/filter.js';
import { plural } from '../../report/text/plural.js';
import { type SortColumn, sortColumns } from '../../report/stats/document.js';
import { filterOptions, withCaptures, type CaptureOptions } from '../options/captureOptions.js';
import { colourLevel, terminalWidth } from '../terminal/colour.js';
import { rowCount, span, wholeNumber } from '../options/numbers.js';
import { UsageError } from '../usage.js';
import { version } from '../version.js';

interface StatsOptions extends CaptureOptions {
  readonly by?: Dimension[];
  readonly depth?: number;
  readonly interval?: number;
  readonly sort?: SortColumn | Dimension;
  readonly top?: number;
  readonly json?: boolean;
  readonly prometheus?: boolean;
}

/** Rows on a terminal unless told otherwise. */
const TOP = 50;

function dimensionList(value: string, before: Dimension[] | undefined): Dimension[] {
  const names = [...(before ?? [])];
  for (const name of value.split(',').map((part) => part.trim())) {
    const known = dimensions.find((dimension) => dimension === name);
    if (known === undefined) throw new InvalidArgumentError(`group by ${dimensions.join(', ')}.`);
    if (!names.includes(known)) names.push(known);
  }
  return names;
}

/** `zkscope stats`: counts, bytes, errors and latency by whatever is asked for. */
export function statsCommand(): Command {
  return withCaptures(
    new Command('stats').description('count requests, bytes, errors and latency by operation, path, client … and time'),
  )
    .addOption(
      new Option('--by <dimensions>', `group by any of ${dimensions.join(', ')} (default: op)`).argParser(
        dimensionList,
      ),
    )
    .addOption(new Option('--depth <n>', 'cut paths behind their first n parts').argParser(wholeNumber))
    .addOption(new Option('--interval <span>', 'time buckets: 1s, 100ms, 5m').argParser(span))
    .addOption(
      new Option(
        '--sort <column>',
        'sort by a number (largest first) or by what is grouped by (default: requests)',
      ).choices([...sortColumns, ...dimensions]),
    )
    .addOption(
      new Option('--top <n>', `rows (of each time bucket), 0 for all (default: ${TOP} as text, else all)`).argParser(
        rowCount,
      ),
    )
    .option('--json', 'one JSON document (zkscope schema stats describes it)')
    .addOption(new Option('--prometheus', "Prometheus' text format").conflicts(['json', 'interval']))
    .action(async (captures: string[], options: StatsOptions) => {
      await stats(captures, options);
    });
}

async function stats(captures: string[], options: StatsOptions): Promise<void> {
  const by = options.by ?? (options.interval === undefined ? ['op'] : []);
  const sort = options.sort ?? null;
  if (sort !== null && dimensions.includes(sort as Dimension) && !by.includes(sort as Dimension))
    throw new UsageError(`--sort ${sort} needs --by ${[...by, sort].join(',')}`);
  const [{ Statistics }, { statsDocument }, { Output }, { lossParts, reportLosses, runCaptures }, { countingSink }] =
    await Promise.all([
      import('../../model/measures/statistics.js'),
      import('../../report/stats/document.js'),
      import('../terminal/output.js'),
      import('../run.js'),
      import('./counting.js'),
    ]);
  const clock = new Clock();
  const output = new Output();
  const wanted = filterOptions(options);
  const interval = options.interval ?? null;
  const depth = options.depth ?? null;
  const grouping = new Grouping({ by, depth, interval, baseSeconds: () => clock.baseSeconds ?? 0 });
  const statistics = new Statistics([grouping]);
  const run = await runCaptures(captures, countingSink(statistics, wanted, clock), {
    ports: options.port ?? [],
    clock,
    output,
  });
  statistics.end();
  const forPeople = options.json !== true && options.prometheus !== true;
  const document = statsDocument({
    statistics,
    grouping,
    captures: run.reader.captures,
    clock,
    version: version(),
    depth,
    interval,
    sort,
    top: options.top ?? (forPeople && (interval === null || by.length > 0) ? TOP : Infinity),
  });
  if (options.json === true) output.write(`${JSON.stringify(document, null, 2)}\n`);
  else if (options.prometheus === true) {
    const { statsPrometheus } = await import('../../report/stats/prometheus.js');
    output.write(statsPrometheus(document));
  } else if (document.from !== null) {
    const { statsText } = await import('../../report/stats/text.js');
    const colour = new Chalk({ level: colourLevel() });
    output.write(statsText(document, { colour, width: terminalWidth(), losses: lossParts(run), sort }));
  }
  await output.drain();
  if (output.closed) return;
  if (!forPeople || run.losses.messages === 0) reportLosses(run);
  else if (document.from === null) {
    const what = isFiltering(wanted) ? 'no ZooKeeper message passes the filters' : 'no ZooKeeper message';
    const parts = [`${what} (${plural(run.losses.messages, 'message')} in all)`, ...lossParts(run)];
    process.stderr.write(`zkscope: ${parts.join('; ')}\n`);
  }
}
