import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { suggestChoices } from './options/choices.js';
import { applyConfiguration, readConfiguration } from './options/configFile.js';
import { setColour, type ColourWhen } from './terminal/colour.js';
import { printable } from '../report/text/escape.js';
import { UsageError } from './usage.js';
import { version } from './version.js';

/** How each command is made, in the order in which help lists them. Loaded when wanted: starting up should cost little. */
const makers: Readonly<Record<string, () => Promise<() => Command>>> = {
  analyze: async () => (await import('./commands/analyze.js')).analyzeCommand,
  decode: async () => (await import('./commands/decode.js')).decodeCommand,
  follow: async () => (await import('./commands/follow.js')).followCommand,
  hex: async () => (await import('./commands/hex.js')).hexCommand,
  stats: async () => (await import('./commands/stats.js')).statsCommand,
  top: async () => (await import('./commands/top.js')).topCommand,
  sessions: async () => (await import('./commands/sessions.js')).sessionsCommand,
  diff: async () => (await import('./commands/diff.js')).diffCommand,
  leases: async () => (await import('./commands/leases.js')).leasesCommand,
  path: async () => (await import('./commands/path.js')).pathCommand,
  tree: async () => (await import('./commands/tree.js')).treeCommand,
  report: async () => (await import('./commands/report.js')).reportCommand,
  slice: async () => (await import('./commands/slice.js')).sliceCommand,
  record: async () => (await import('./commands/record.js')).recordCommand,
  anonymize: async () => (await import('./commands/anonymize.js')).anonymizeCommand,
  annotate: async () => (await import('./commands/annotate.js')).annotateCommand,
  query: async () => (await import('./commands/query.js')).queryCommand,
  rules: async () => (await import('./commands/rules.js')).rulesCommand,
  schema: async () => (await import('./commands/schema.js')).schemaCommand,
  wireshark: async () => (await import('./commands/wireshark.js')).wiresharkCommand,
};
const DEFAULT = 'analyze';
/** First words for which the whole command line must be known. */
const NEEDS_ALL: readonly (string | undefined)[] = [undefined, '-h', '--help', 'help', 'completion'];

/**
 * The command line for these arguments, without the commands that they do not name; all of it without arguments. Errors
 * are thrown as CommanderError: nothing here ends the process.
 * @param writeOut takes what help and --version say
 */
export async function program(
  argv: readonly string[] = [],
  writeOut: (text: string) => void = () => undefined,
): Promise<Command> {
  const root = new Command('zkscope')
    .description('Reads packet captures of ZooKeeper traffic and says what happened, with the frames that prove it.')
    .version(version(), '-V, --version')
    .showHelpAfterError('(zkscope --help, or zkscope help COMMAND, tells more)');
  const [first] = argv;
  await checkName(first);
  const all = NEEDS_ALL.includes(first);
  for (const name of all
    ? Object.keys(makers)
    : [first !== undefined && Object.hasOwn(makers, first) ? first : DEFAULT]) {
    const make = await makers[name]!();
    root.addCommand(make(), { isDefault: name === DEFAULT });
  }
  if (all) {
    const [{ completionCommand }, { helpCommand }] = await Promise.all([
      import('./commands/completion.js'),
      import('./commands/help.js'),
    ]);
    root.addCommand(completionCommand(root)).addCommand(helpCommand(root));
  }
  for (const command of root.commands) command.addOption(colourOption());
  for (const command of root.commands) suggestChoices(command);
  for (const command of [root, ...root.commands])
    command.exitOverride().configureOutput({
      writeOut,
      outputError: (text, write) => {
        outputError(withUsage(text, command), write);
      },
    });
  root.hook('preAction', (_, command) => {
    const configuration = readConfiguration();
    if (configuration !== null) applyConfiguration(command, configuration);
    setColour(command.opts<{ color?: ColourWhen }>().color);
  });
  return root;
}

const colourOption = (): Option =>
  new Option('--color <when>', 'auto (on a terminal), always, never').choices(['auto', 'always', 'never']);

/** What is missing is seen best beside what is asked for. */
function withUsage(text: string, command: Command): string {
  if (!text.startsWith('error: missing required argument')) return text;
  return `${text.trimEnd()}: zkscope ${command.name()} ${command.usage()}`;
}

/** Errors of usage begin as all others do, and what they repeat of the command line does nothing to a terminal. */
function outputError(text: string, write: (text: string) => void): void {
  const lines = text
    .replace(/^error: /, 'zkscope: ')
    .trimEnd()
    .split('\n');
  write(lines.map((line) => `${printable(line)}\n`).join(''));
}

/** Throws UsageError where the first word is no capture, but nearly the name of a command. */
async function checkName(first: string | undefined): Promise<void> {
  if (first === undefined || !/^[a-z]+$/i.test(first)) return;
  const names = [...Object.keys(makers), 'help', 'completion'];
  if (names.includes(first) || existsSync(first)) return;
  const { nearest } = await import('../observations/nearest.js');
  const near = nearest(first, names);
  if (near !== null)
    throw new UsageError(`no command is called ${first}, and no capture either; did you mean zkscope ${near}?`);
}
