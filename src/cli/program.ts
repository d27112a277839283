import { Command } from 'commander';
import { version } from './version.js';

/** How each command is made, in the order in which help lists them. Loaded when wanted: starting up should cost little. */
const makers: Readonly<Record<string, () => Promise<() => Command>>> = {
  analyze: async () => (await import('./analyze.js')).analyzeCommand,
  decode: async () => (await import('./decode.js')).decodeCommand,
  follow: async () => (await import('./follow.js')).followCommand,
  hex: async () => (await import('./hex.js')).hexCommand,
  stats: async () => (await import('./stats.js')).statsCommand,
  sessions: async () => (await import('./sessions.js')).sessionsCommand,
  diff: async () => (await import('./diff.js')).diffCommand,
  leases: async () => (await import('./leases.js')).leasesCommand,
  path: async () => (await import('./path.js')).pathCommand,
  tree: async () => (await import('./tree.js')).treeCommand,
  report: async () => (await import('./report.js')).reportCommand,
  rules: async () => (await import('./rules.js')).rulesCommand,
  schema: async () => (await import('./schema.js')).schemaCommand,
};
const DEFAULT = 'analyze';
/** First words for which the whole command line must be known. */
const NEEDS_ALL: readonly (string | undefined)[] = [undefined, '-h', '--help', 'help', 'completion'];

/**
 * The command line for these arguments, without the commands that they do not name; all of it without arguments. Errors
 * are thrown as CommanderError: nothing here ends the process.
 */
export async function program(argv: readonly string[] = []): Promise<Command> {
  const root = new Command('zkscope')
    .description('Reads packet captures of ZooKeeper traffic and says what happened, with the frames that prove it.')
    .version(version(), '-V, --version')
    .showHelpAfterError('(zkscope --help, or zkscope help COMMAND, tells more)');
  const [first] = argv;
  const all = NEEDS_ALL.includes(first);
  for (const name of all
    ? Object.keys(makers)
    : [first !== undefined && Object.hasOwn(makers, first) ? first : DEFAULT]) {
    const make = await makers[name]!();
    root.addCommand(make(), { isDefault: name === DEFAULT });
  }
  if (all) {
    const [{ completionCommand }, { helpCommand }] = await Promise.all([
      import('./completion.js'),
      import('./help.js'),
    ]);
    root.addCommand(completionCommand(root)).addCommand(helpCommand(root));
  }
  for (const command of [root, ...root.commands]) command.exitOverride();
  return root;
}
