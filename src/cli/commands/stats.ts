import { plural } from '../../observations/words.js';
import { Command, Option } from 'commander';
import { type Dimension, dimensions, Grouping } from '../../model/measures/grouping.js';
import { type SortColumn, sortColumns, type StatsDocument } from '../../report/stats/document.js';
import { withCaptures, type CaptureOptions } from '../options/captureOptions.js';
import { oneOf } from '../options/choices.js';
import { withFormats } from '../options/formatOptions.js';
import { rowCount, span, wholeNumber } from '../options/numbers.js';
import { UsageError } from '../usage.js';
import { version } from '../version.js';
import { show, type Setting, type DocumentView } from '../view.js';

interface StatsOptions extends CaptureOptions {
  readonly by?: Dimension[];
  readonly depth?: number;
  readonly interval?: number;
  readonly sort?: SortColumn | Dimension;
  readonly top?: number;
  readonly prometheus?: boolean;
}

/** Rows on a terminal unless told otherwise. */
const TOP = 50;

function dimensionList(value: string, before: Dimension[] | undefined): Dimension[] {
  const names = [...(before ?? [])];
  for (const name of value.split(',').map((part) => part.trim())) {
    const known = oneOf(name, dimensions);
    if (!names.includes(known)) names.push(known);
  }
  return names;
}

/** `zkscope stats`: counts, bytes, errors and latency by whatever is asked for. */
export function statsCommand(): Command {
  return withFormats(
    withCaptures(
      new Command('stats').description(
        'count requests, bytes, errors and latency by operation, path, client … and time',
      ),
    ),
    { conflicts: ['prometheus'] },
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
    .addOption(new Option('--prometheus', "Prometheus' text format").conflicts('interval'))
    .action(async (captures: string[], options: StatsOptions) => {
      await show(captures, options, (setting) => view(options, setting));
    });
}

/** Throws UsageError where the options do not go together. */
function grouped(options: StatsOptions): {
  readonly by: Dimension[];
  readonly sort: NonNullable<StatsOptions['sort']> | null;
} {
  const by = options.by ?? (options.interval === undefined ? ['op'] : []);
  const sort = options.sort ?? null;
  if (sort !== null && dimensions.includes(sort as Dimension) && !by.includes(sort as Dimension))
    throw new UsageError(`--sort ${sort} needs --by ${[...by, sort].join(',')}`);
  return { by, sort };
}

async function view(
  options: StatsOptions,
  { clock, wanted, filter, forPeople }: Setting,
): Promise<DocumentView<StatsDocument>> {
  const { by, sort } = grouped(options);
  const [{ Statistics }, { statsDocument }, { countingSink }] = await Promise.all([
    import('../../model/measures/statistics.js'),
    import('../../report/stats/document.js'),
    import('../reading/counting.js'),
  ]);
  const { interval = null, depth = null } = options;
  const asTable = forPeople && options.prometheus !== true;
  const grouping = new Grouping({ by, depth, interval, baseSeconds: () => clock.baseSeconds ?? 0 });
  const statistics = new Statistics([grouping]);
  return {
    sink: countingSink(statistics, wanted, clock),
    lossesApart: !asTable,
    forPrograms: !asTable,
    document: ({ captures }) => {
      statistics.end();
      const top = options.top ?? (asTable && (interval === null || by.length > 0) ? TOP : Infinity);
      return statsDocument({ statistics, grouping, captures, clock, version: version(), depth, interval, sort, top });
    },
    text: async (document, style) => {
      if (options.prometheus === true)
        return (await import('../../report/stats/prometheus.js')).statsPrometheus(document);
      return (await import('../../report/stats/text.js')).statsText(document, { ...style, sort });
    },
    empty: ({ from }, { messages }) => {
      if (from !== null || !asTable) return null;
      const what = filter === null ? 'no ZooKeeper message' : 'no ZooKeeper message passes the filters';
      return `${what} (${plural(messages, 'message')} in all)`;
    },
  };
}
