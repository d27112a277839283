import { Command } from 'commander';
import { analyzeCommand } from './analyze.js';
import { completionCommand } from './completion.js';
import { decodeCommand } from './decode.js';
import { followCommand } from './follow.js';
import { diffCommand } from './diff.js';
import { helpCommand } from './help.js';
import { hexCommand } from './hex.js';
import { leasesCommand } from './leases.js';
import { pathCommand } from './path.js';
import { reportCommand } from './report.js';
import { rulesCommand } from './rules.js';
import { schemaCommand } from './schema.js';
import { sessionsCommand } from './sessions.js';
import { statsCommand } from './stats.js';
import { treeCommand } from './tree.js';
import { version } from './version.js';

/** The whole command line. Errors are thrown as CommanderError: nothing here ends the process. */
export function program(): Command {
  const root = new Command('zkscope')
    .description('Reads packet captures of ZooKeeper traffic and says what happened, with the frames that prove it.')
    .version(version(), '-V, --version')
    .showHelpAfterError('(zkscope --help, or zkscope help COMMAND, tells more)')
    .addCommand(analyzeCommand(), { isDefault: true })
    .addCommand(decodeCommand())
    .addCommand(followCommand())
    .addCommand(hexCommand())
    .addCommand(statsCommand())
    .addCommand(sessionsCommand())
    .addCommand(diffCommand())
    .addCommand(leasesCommand())
    .addCommand(pathCommand())
    .addCommand(treeCommand())
    .addCommand(reportCommand())
    .addCommand(rulesCommand())
    .addCommand(schemaCommand());
  root.addCommand(completionCommand(root)).addCommand(helpCommand(root));
  for (const command of [root, ...root.commands]) command.exitOverride();
  return root;
}
