import { Chalk } from 'chalk';
import { Command, Option } from 'commander';
import { Clock } from '../../capture/clock.js';
import { isFiltering, MessageFilter } from '../../observations/filter.js';
import { type SessionColumn, sessionColumns, sessionsDocument } from '../../report/sessions/document.js';
import { filterOptions, withCaptures, type CaptureOptions } from '../options/captureOptions.js';
import { colourLevel, terminalWidth } from '../terminal/colour.js';
import { rowCount } from '../options/numbers.js';
import { version } from '../version.js';

interface SessionsOptions extends CaptureOptions {
  readonly sort: SessionColumn;
  readonly top?: number;
  readonly json?: boolean;
}

/** Rows on a terminal unless told otherwise. */
const TOP = 50;

/** `zkscope sessions`: one line a session. */
export function sessionsCommand(): Command {
  return withCaptures(
    new Command('sessions').description('list the sessions: who, where, how long, how they ended, what they held'),
  )
    .addOption(
      new Option('--sort <column>', 'times and names ascending, numbers largest first')
        .choices(sessionColumns)
        .default('from'),
    )
    .addOption(
      new Option('--top <n>', `sessions to show, 0 for all (default: ${TOP} as text, else all)`).argParser(rowCount),
    )
    .option('--json', 'one JSON document (zkscope schema sessions describes it)')
    .action(async (captures: string[], options: SessionsOptions) => {
      await sessions(captures, options);
    });
}

async function sessions(captures: string[], options: SessionsOptions): Promise<void> {
  const [{ Model }, { SessionTable }, { Output }, { lossParts, reportLosses, runCaptures }] = await Promise.all([
    import('../../model/index.js'),
    import('../../model/journals/sessionTable.js'),
    import('../terminal/output.js'),
    import('../run.js'),
  ]);
  const clock = new Clock();
  const output = new Output();
  const wanted = filterOptions(options);
  const filter = isFiltering(wanted) ? new MessageFilter(wanted, clock) : null;
  const model = new Model();
  const table = new SessionTable(model, filter === null ? null : (message) => filter.message(message));
  const run = await runCaptures(captures, model, { ports: options.port ?? [], clock, output });
  model.end(run.reader.last.time);
  const forPeople = options.json !== true;
  const top = options.top ?? (forPeople ? TOP : Infinity);
  const { captures: read } = run.reader;
  const document = sessionsDocument({ table, captures: read, clock, version: version(), sort: options.sort, top });
  if (!forPeople) output.write(`${JSON.stringify(document, null, 2)}\n`);
  else if (document.count > 0) {
    const { sessionsText } = await import('../../report/sessions/text.js');
    const colour = new Chalk({ level: colourLevel() });
    output.write(
      sessionsText(document, { colour, width: terminalWidth(), losses: lossParts(run), sort: options.sort }),
    );
  }
  await output.drain();
  if (output.closed) return;
  if (!forPeople || run.losses.messages === 0) reportLosses(run);
  else if (document.count === 0) {
    const why = filter === null ? 'no session in the capture' : 'no session has a message that passes the filters';
    process.stderr.write(`zkscope: ${[why, ...lossParts(run)].join('; ')}\n`);
  }
}
