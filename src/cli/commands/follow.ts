import { Command, InvalidArgumentError, Option } from 'commander';
import type { LadderRecorder } from '../../model/journals/conversation/recorder.js';
import { ladderTarget, type LadderTarget } from '../../model/journals/conversation/target.js';
import { TO_SERVER } from '../../observations/connectionFacts.js';
import { MessageFilter, NO_FILTER } from '../../observations/filter.js';
import type { LadderDocument } from '../../report/follow/document.js';
import { withCaptures, type CaptureOptions } from '../options/captureOptions.js';
import { withFormats } from '../options/formatOptions.js';
import { version } from '../version.js';
import { show, type Setting, type DocumentView } from '../view.js';

interface FollowOptions extends CaptureOptions {
  readonly pings?: boolean;
  readonly unfold?: boolean;
  readonly silence?: number;
  readonly limit?: number;
}

const ROWS = 400;
/** Events that are kept where no limit is given: some 20 MB. */
const EVENTS = 20_000;
/**
 * What `zkscope follow` tells.
 * @bound events
 */
const MOST_EVENTS = 1_000_000;

function target(value: string): LadderTarget {
  const found = ladderTarget(value);
  if (found === null)
    throw new InvalidArgumentError(
      "the first argument is a session id (0x…), the number of a connection, or a client's ip:port; then come the captures.",
    );
  return found;
}

function positive(value: string): number {
  const number = Number(value);
  if (!(number > 0) || !Number.isFinite(number)) throw new InvalidArgumentError('a number of seconds above 0.');
  return number;
}

function lines(value: string): number {
  if (!/^[0-9]{1,9}$/.test(value)) throw new InvalidArgumentError('a number of lines, 0 for all.');
  const number = Number(value);
  return number === 0 ? Infinity : number;
}

const EXAMPLES = `
Examples:
  zkscope follow 0x1000024810f009b outage.pcap               a session, over all its connections
  zkscope follow 10.0.0.9:45603 outage.pcap --from +90s      a client's connection, from 90 s on
  zkscope follow 12 outage.pcap --pings                      connection 12 (tcp.stream in Wireshark)
`;

/** `zkscope follow`: one conversation as a ladder. */
export function followCommand(): Command {
  return withFormats(
    withCaptures(
      new Command('follow')
        .description('one conversation as a ladder: requests and answers paired, notifications, gaps, and what TCP did')
        .argument('<whom>', 'session id (0x…), number of a connection, or ip:port of a client', target),
    ),
  )
    .option('--pings', 'every ping on a line of its own')
    .option('--unfold', 'every read on a line of its own, also where many children are read one after the other')
    .addOption(
      new Option('--silence <seconds>', 'a pause longer than this is marked (2/3 of the session timeout)').argParser(
        positive,
      ),
    )
    .addOption(
      new Option(
        '--limit <n>',
        `lines to show, half from the beginning and half from the end (${ROWS}); 0 for all`,
      ).argParser(lines),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (whom: LadderTarget, captures: string[], options: FollowOptions) => {
      await show(captures, options, (setting) => view(whom, options, setting));
    });
}

async function view(
  whom: LadderTarget,
  options: FollowOptions,
  { clock, wanted, filter }: Setting,
): Promise<DocumentView<LadderDocument>> {
  const [{ LadderRecorder: Recorder }, { ladderDocument }] = await Promise.all([
    import('../../model/journals/conversation/recorder.js'),
    import('../../report/follow/document.js'),
  ]);
  const { clients, servers, from, to, frames, not } = wanted;
  const notAt = { ...NO_FILTER.not, clients: not.clients, servers: not.servers };
  const placing = new MessageFilter({ ...NO_FILTER, clients, servers, from, to, frames, not: notAt }, clock);
  const aboutMessages = [wanted, not].some(({ ops, kinds, errors, paths }) =>
    [ops, kinds, errors, paths].some((list) => list.length > 0),
  );
  const { limit } = options;
  const recorder = new Recorder(whom, {
    clock,
    pings: options.pings === true,
    limit: limit === undefined ? EVENTS : Math.min(MOST_EVENTS, Math.max(EVENTS, limit * 4)),
    silence: options.silence === undefined ? null : options.silence * 1e9,
    filter,
    place:
      filter === null
        ? null
        : (connection, frame, time) =>
            !aboutMessages &&
            placing.gap({ frame, time, direction: TO_SERVER, bytes: 0, reason: 'missing' }, connection),
  });
  return {
    sink: recorder,
    document: ({ captures }) => {
      recorder.end();
      return ladderDocument(recorder, { clock, captures, version: version() });
    },
    text: async (document, style) => {
      const { ladderText } = await import('../../report/follow/text.js');
      return ladderText(document, { ...style, rows: limit ?? ROWS, fold: options.unfold !== true });
    },
    empty: ({ found }) => (found ? null : notFound(whom, recorder)),
  };
}

/** What there is instead of what was asked for. */
function notFound(whom: LadderTarget, { seen, servers }: LadderRecorder): string {
  const all = [...seen.values()];
  if (all.length === 0) return 'no ZooKeeper connection in the capture';
  const named = (list: typeof all): string =>
    list
      .slice(0, 5)
      .map(
        ({ connection, client, server, session }) =>
          `${session ?? 'session unknown'} = connection ${connection} (${client} to ${server})`,
      )
      .join('; ') + (list.length > 5 ? `; and ${list.length - 5} more` : '');
  if (whom.kind === 'client') {
    const { address } = whom;
    const ip = address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
    const same = all.filter(({ client }) => client.startsWith(`${ip}:`) || client.startsWith(`[${ip}]:`));
    if (servers.has(address))
      return `${address} is a server; name a client's ip:port, a session or a connection: ${named(all)}`;
    return same.length > 0
      ? `no connection of ${address} in the capture; those of that host: ${named(same)}`
      : `no connection of ${address} in the capture; there are: ${named(all)}`;
  }
  const name =
    whom.kind === 'session'
      ? `session ${whom.id} is not in the capture`
      : `connection ${whom.number} carries no ZooKeeper, or is not in the capture`;
  return `${name}; there are: ${named(all)}`;
}
