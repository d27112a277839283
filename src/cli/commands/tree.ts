import { Chalk } from 'chalk';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Clock } from '../../capture/clock.js';
import { boundTime, isFiltering, MessageFilter, type TimeBound } from '../../observations/filter.js';
import { zookeeperPaths } from '../../protocols/zookeeper/paths.js';
import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import { filterOptions, parseTime, withCaptures, type CaptureOptions } from '../options/captureOptions.js';
import { colourLevel, terminalWidth } from '../terminal/colour.js';
import { version } from '../version.js';

interface TreeOptions extends CaptureOptions {
  readonly json?: boolean;
  readonly at?: TimeBound;
  readonly depth: number;
  readonly limit: number;
}

const LIMIT = 20;
const TOUCHED = 200_000;

function levels(value: string): number {
  if (!/^[0-9]{1,4}$/.test(value)) throw new InvalidArgumentError('a number of levels.');
  return Number(value);
}

function children(value: string): number {
  if (!/^[0-9]{1,9}$/.test(value)) throw new InvalidArgumentError('a number of children, 0 for all.');
  const number = Number(value);
  return number === 0 ? Infinity : number;
}

const EXAMPLES = `
Examples:
  zkscope tree outage.pcap --depth 2                         the upper levels, at the end of the capture
  zkscope tree outage.pcap --path /services --at 19:56       what was known of /services then
`;

/** `zkscope tree`: the znodes that the capture shows. */
export function treeCommand(): Command {
  return withCaptures(
    new Command('tree').description(
      'the part of the znode tree that the capture shows: owners, versions, watches, readers; --path chooses a subtree',
    ),
  )
    .option('--json', 'one JSON document (zkscope schema tree describes it)')
    .addOption(new Option('--at <time>', 'the tree at this time (at the end of the capture)').argParser(parseTime))
    .addOption(
      new Option('--depth <n>', 'levels below the root, or below --path').argParser(levels).default(Infinity, 'all'),
    )
    .addOption(
      new Option('--limit <n>', 'children shown of one znode; 0 for all, those that are gone among them')
        .argParser(children)
        .default(LIMIT),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (captures: string[], options: TreeOptions) => {
      await tree(captures, options);
    });
}

async function tree(captures: string[], options: TreeOptions): Promise<void> {
  const [
    { Model },
    { TreeRecorder },
    { PathNames },
    { Output },
    { runCaptures, reportLosses, lossParts },
    { treeDocument },
  ] = await Promise.all([
    import('../../model/index.js'),
    import('../../model/journals/tree/index.js'),
    import('../../model/journals/path/index.js'),
    import('../terminal/output.js'),
    import('../run.js'),
    import('../../report/tree/document.js'),
  ]);
  const clock = new Clock();
  const output = new Output();
  const model = new Model();
  const recorder = new TreeRecorder(model);
  const names = new PathNames();
  model.addListener(recorder);
  model.addListener(names);
  const wanted = { ...filterOptions(options), paths: [] };
  const filter = isFiltering(wanted) ? new MessageFilter(wanted, clock) : null;
  const touched = new Set<string>();
  let stop: number | null = null;
  /** What came later is not told to the model: it stays as it was. */
  const over = (time: number): boolean => {
    if (options.at === undefined) return false;
    stop ??= boundTime(options.at, clock);
    return time > stop;
  };
  const run = await runCaptures(
    captures,
    {
      message: (message) => {
        if (over(message.time)) return;
        if (filter?.message(message) === true && message.protocol === 'zookeeper' && touched.size < TOUCHED)
          for (const path of zookeeperPaths(message as ZooKeeperMessage)) touched.add(path);
        model.message(message);
      },
      gap: (gap) => {
        if (!over(gap.time)) model.gap(gap);
      },
      connectionOpened: (connection) => {
        if (!over(connection.start.time)) model.connectionOpened(connection);
      },
      connectionClosed: (connection) => {
        if (!over(connection.endMoment?.time ?? 0)) model.connectionClosed(connection);
      },
    },
    { ports: options.port ?? [], clock, output },
  );
  const last = run.reader.last.time;
  const end =
    options.at === undefined || clock.firstTime === undefined ? last : Math.min(last, boundTime(options.at, clock));
  model.end(end);
  recorder.countWatches();
  const roots = (options.path ?? []).map((path) => path.replace(/\/\*\*$/, '') || '/');
  const document = treeDocument(recorder, {
    clock,
    captures: run.reader.captures,
    version: version(),
    model,
    at: clock.firstTime === undefined ? null : end,
    roots,
    depth: options.depth,
    touched: filter === null ? null : touched,
  });
  const shown = document.roots.length > 0 && (recorder.size > 1 || recorder.root.reads > 0);
  if (options.json === true) output.write(`${JSON.stringify(document, null, 2)}\n`);
  else if (shown) {
    const { treeText } = await import('../../report/tree/text.js');
    const colour = new Chalk({ level: colourLevel() });
    output.write(treeText(document, { colour, width: terminalWidth(), limit: options.limit, losses: lossParts(run) }));
  }
  await output.drain();
  if (output.closed) return;
  if (run.losses.messages > 0 && !shown) {
    const { printable } = await import('../../report/text/escape.js');
    const near = roots.flatMap((root) => names.near(root)).map(printable);
    const what =
      model.totals.messages === 0 && options.at === undefined
        ? 'no ZooKeeper message in the capture'
        : roots.length > 0 && filter === null
          ? `no message ${options.at === undefined ? 'of the capture' : 'until then'} is about ${roots.map(printable).join(', ')}`
          : options.at === undefined && filter === null
            ? 'no message of the capture is about a znode'
            : 'no message that passes the filters is about a znode';
    process.stderr.write(`zkscope: ${what}${near.length > 0 ? `; near it: ${near.join(', ')}` : ''}\n`);
  }
  if (options.json === true || !shown) reportLosses(run);
}
