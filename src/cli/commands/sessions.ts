import { Command, Option } from 'commander';
import {
  type SessionColumn,
  sessionColumns,
  type SessionsDocument,
  sessionsDocument,
} from '../../report/sessions/document.js';
import { withCaptures, type CaptureOptions } from '../options/captureOptions.js';
import { withFormats } from '../options/formatOptions.js';
import { rowCount } from '../options/numbers.js';
import { tableWidth } from '../terminal/colour.js';
import { version } from '../version.js';
import { show, type Setting, type DocumentView } from '../view.js';

interface SessionsOptions extends CaptureOptions {
  readonly sort: SessionColumn;
  readonly top?: number;
  readonly wide?: boolean;
}

/** Rows on a terminal unless told otherwise. */
const TOP = 50;

/** `zkscope sessions`: one line a session. */
export function sessionsCommand(): Command {
  return withFormats(
    withCaptures(
      new Command('sessions').description('list the sessions: who, where, how long, how they ended, what they held'),
    ),
  )
    .addOption(
      new Option('--sort <column>', 'times and names ascending, numbers largest first')
        .choices(sessionColumns)
        .default('from'),
    )
    .addOption(
      new Option('--top <n>', `sessions to show, 0 for all (default: ${TOP} as text, else all)`).argParser(rowCount),
    )
    .option('--wide', 'all columns, however wide the terminal is; so it is in a pipe')
    .action(async (captures: string[], options: SessionsOptions) => {
      await show(captures, options, (setting) => view(options, setting));
    });
}

async function view(
  options: SessionsOptions,
  { clock, filter, forPeople }: Setting,
): Promise<DocumentView<SessionsDocument>> {
  const [{ Model }, { SessionTable }] = await Promise.all([
    import('../../model/index.js'),
    import('../../model/journals/sessionTable.js'),
  ]);
  const { sort } = options;
  const model = new Model();
  const table = new SessionTable(model, filter);
  return {
    sink: model,
    document: ({ captures, last }) => {
      model.end(last.time);
      const top = options.top ?? (forPeople ? TOP : Infinity);
      return sessionsDocument({ table, captures, clock, version: version(), sort, top });
    },
    text: async (document, style) =>
      (await import('../../report/sessions/text.js')).sessionsText(document, {
        ...style,
        sort,
        tableWidth: tableWidth(options.wide === true),
      }),
    empty: ({ count }) => {
      if (count > 0 || !forPeople) return null;
      return filter === null ? 'no session in the capture' : 'no session has a message that passes the filters';
    },
  };
}
