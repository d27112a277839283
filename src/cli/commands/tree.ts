import { Command, InvalidArgumentError, Option } from 'commander';
import { boundTime, isFiltering, MessageFilter, type TimeBound } from '../../observations/filter.js';
import { sinkOf, together, until } from '../../observations/forward.js';
import { zookeeperPaths } from '../../protocols/zookeeper/paths.js';
import { printable } from '../../report/text/escape.js';
import type { TreeDocument } from '../../report/tree/document.js';
import { parseTime, withCaptures, type CaptureOptions } from '../options/captureOptions.js';
import { withFormats } from '../options/formatOptions.js';
import { version } from '../version.js';
import { show, type Setting, type DocumentView } from '../view.js';

interface TreeOptions extends CaptureOptions {
  readonly at?: TimeBound;
  readonly depth: number;
  readonly limit: number;
}

const LIMIT = 20;
/**
 * Names of znodes that passed the filters.
 * @bound bytes
 */
const TOUCHED = 16 * 1024 * 1024;
const NAME_BYTES = 40;

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
  return withFormats(
    withCaptures(
      new Command('tree').description(
        'the part of the znode tree that the capture shows: owners, versions, watches, readers; --path chooses a subtree',
      ),
    ),
  )
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
      await show(captures, options, (setting) => view(options, setting));
    });
}

async function view(options: TreeOptions, { clock, wanted: given }: Setting): Promise<DocumentView<TreeDocument>> {
  const [{ Model, nameBytes, Room }, { TreeRecorder }, { PathNames }, { treeDocument }] = await Promise.all([
    import('../../model/index.js'),
    import('../../model/journals/tree/index.js'),
    import('../../model/journals/path/index.js'),
    import('../../report/tree/document.js'),
  ]);
  const model = new Model();
  const recorder = new TreeRecorder(model);
  const names = new PathNames();
  model.addListener(recorder);
  model.addListener(names);
  const wanted = { ...given, paths: [], not: { ...given.not, paths: [] } };
  const filter = isFiltering(wanted) ? new MessageFilter(wanted, clock) : null;
  const touched = new Set<string>();
  const room = new Room(TOUCHED);
  const { at } = options;
  const roots = (options.path ?? []).map((path) => path.replace(/\/\*\*$/, '') || '/');
  const something = ({ roots: shown }: TreeDocument): boolean =>
    shown.length > 0 && (recorder.size > 1 || recorder.root.reads > 0);
  const touching = sinkOf({
    message: (message, connection) => {
      if (filter?.message(message, connection) !== true || message.protocol !== 'zookeeper') return;
      for (const path of zookeeperPaths(message))
        if (!touched.has(path) && room.take(NAME_BYTES + nameBytes(path))) touched.add(path);
    },
  });
  const sink = together([touching, model]);
  let stop: number | null = null;
  return {
    sink: at === undefined ? sink : until((time) => time > (stop ??= boundTime(at, clock)), sink),
    document: ({ captures, last }) => {
      const whole = at === undefined || clock.firstTime === undefined;
      const end = whole ? last.time : Math.min(last.time, boundTime(at, clock));
      model.end(end);
      recorder.countWatches();
      return treeDocument(recorder, {
        clock,
        captures,
        version: version(),
        model,
        // Lines of a capture without packets have a time all the same.
        at: captures.every(({ from }) => from === null) ? null : end,
        roots,
        depth: options.depth,
        touched: filter === null ? null : touched,
        touchedForgotten: room.refused,
      });
    },
    text: async (document, style) =>
      (await import('../../report/tree/text.js')).treeText(document, { ...style, limit: options.limit }),
    empty: (document) => {
      if (something(document)) return null;
      const near = roots.flatMap((root) => names.near(root)).map(printable);
      const hint = near.length > 0 ? `; near it: ${near.join(', ')}` : '';
      if (model.totals.messages === 0 && at === undefined) return `no ZooKeeper message in the capture${hint}`;
      if (filter !== null) return `no message that passes the filters is about a znode${hint}`;
      const where = at === undefined ? 'of the capture' : 'until then';
      if (roots.length > 0) return `no message ${where} is about ${roots.map(printable).join(', ')}${hint}`;
      return `no message ${where} is about a znode`;
    },
  };
}
