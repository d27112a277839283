import { Command, InvalidArgumentError, Option } from 'commander';
import {
  boundTime,
  isFiltering,
  MessageFilter,
  type FilterOptions,
  type TimeBound,
} from '../../observations/filter.js';
import { FilterTerms, passesOrNone } from '../../observations/filterTerms.js';
import { sinkOf, together } from '../../observations/forward.js';
import type { PathDocument } from '../../report/path/document.js';
import { printable } from '../../report/text/escape.js';
import { parseTime, withCaptures, type CaptureOptions } from '../options/captureOptions.js';
import { withFormats } from '../options/formatOptions.js';
import { UsageError } from '../usage.js';
import { version } from '../version.js';
import { show, type Setting, type DocumentView } from '../view.js';

interface PathOptions extends CaptureOptions {
  readonly at?: TimeBound;
  readonly all?: boolean;
}

const LIMIT = 40;

function znodePath(value: string): string {
  if (!value.startsWith('/'))
    throw new InvalidArgumentError(
      "the first argument is a znode's path, such as /services/web; then come the captures.",
    );
  return value.length > 1 && value.endsWith('/') ? value.slice(0, -1) : value;
}

const EXAMPLES = `
Examples:
  zkscope path /services/web outage.pcap                     who is out of date, since when, and what proves it
  zkscope path /services/web outage.pcap --at 19:56          the list then: the server's, and each session's
  zkscope path /services/web outage.pcap --client 10.0.0.9   with all that this client was told and read
`;

/** `zkscope path`: one znode's history, and who knows what of it. */
export function pathCommand(): Command {
  return withFormats(
    withCaptures(
      new Command('path')
        .description(
          'the history of a znode and its children: who changed it, who was told, who is out of date since when',
        )
        .argument('<path>', 'znode, such as /services/web', znodePath),
    ),
  )
    .addOption(
      new Option('--at <time>', 'the list at this time as the server had it and as each session believed it').argParser(
        parseTime,
      ),
    )
    .option('--all', 'every change, session and child, however many, and what each session was told and read')
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, captures: string[], options: PathOptions) => {
      await show(captures, options, (setting) => view(path, options, setting));
    });
}

async function view(
  path: string,
  options: PathOptions,
  { clock, wanted }: Setting,
): Promise<DocumentView<PathDocument>> {
  if (options.path !== undefined)
    throw new UsageError('zkscope path takes one path, as its first argument: --path does not go with it');
  const [{ Model }, { PathHistory, PathKnowledge, PathNames }, { pathDocument }, { FrameSet }] = await Promise.all([
    import('../../model/index.js'),
    import('../../model/journals/path/index.js'),
    import('../../report/path/build.js'),
    import('../../report/analyze/filter.js'),
  ]);
  const model = new Model();
  const history = new PathHistory(model, path);
  const names = new PathNames();
  model.addListener(history);
  model.addListener(names);
  const nobody = { clients: [], servers: [], sessions: [] };
  const about = { ...wanted, ...nobody, not: { ...wanted.not, ...nobody } };
  const filter = isFiltering(wanted) ? new MessageFilter(about, clock) : null;
  const passed = new FrameSet();
  return {
    sink: together([
      sinkOf({
        message: (message, connection) => {
          if (filter?.message(message, connection) === true) passed.add(message.frame);
        },
      }),
      model,
    ]),
    document: ({ captures, last }) => {
      model.end(last.time);
      const knowledge = new PathKnowledge(history, last.time);
      return pathDocument(knowledge, {
        clock,
        captures,
        version: version(),
        shows: shown(wanted, filter === null ? null : passed),
        at: options.at === undefined ? null : knowledge.at(boundTime(options.at, clock)),
        near: history.seen ? [] : names.near(path),
      });
    },
    text: async (document, style) => {
      const all = options.all === true;
      const log = all || wanted.clients.length + wanted.sessions.length > 0;
      const { pathText } = await import('../../report/path/text.js');
      return pathText(document, { ...style, limit: all ? Infinity : LIMIT, log });
    },
    empty: ({ seen, near = [] }) => {
      if (seen) return null;
      if (model.totals.messages === 0) return 'no ZooKeeper message in the capture';
      const hint = near.length === 0 ? '' : `; near it: ${near.map(printable).join(', ')}`;
      return `no message of the capture is about ${printable(path)}${hint}`;
    },
  };
}

/** What the common filters let through, over changes and sessions. */
function shown(
  filter: FilterOptions,
  passed: { has(frame: number): boolean } | null,
): Parameters<typeof import('../../report/path/build.js').pathDocument>[1]['shows'] {
  const { clients, servers, sessions } = new FilterTerms(filter, filter.not);
  const address = ({ wanted, unwanted }: typeof clients, text: string | null): boolean =>
    text === null ? wanted === null : wanted?.fitsText(text) !== false && unwanted?.fitsText(text) !== true;
  const frames = (list: readonly number[]): boolean => passed === null || list.some((frame) => passed.has(frame));
  return {
    frames,
    change: ({ by, frame }) =>
      frames([frame]) && address(clients, by?.client ?? null) && passesOrNone(sessions, by?.session ?? null),
    session: (session) =>
      (!clients.asks || session.attachments.some(({ client }) => address(clients, client))) &&
      (!servers.asks || session.servers.some((server) => address(servers, server))) &&
      passesOrNone(sessions, session.id),
  };
}
