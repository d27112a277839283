import { Chalk } from 'chalk';
import { Command } from 'commander';
import { colourLevel, terminalWidth } from '../terminal/colour.js';
import { print } from '../terminal/output.js';
import { topicList, topicText } from '../help/topicText.js';
import { topicNames, topics } from '../help/topics.js';
import { didYouMean } from '../../observations/nearest.js';
import { UsageError } from '../usage.js';
import { version } from '../version.js';

interface HelpOptions {
  readonly man?: boolean;
}

/**
 * `zkscope help`: the commands, one command, or a topic.
 * @param root the program
 */
export function helpCommand(root: Command): Command {
  root.helpCommand(false).addHelpText('after', topicList());
  return new Command('help')
    .description('explain a command or a topic')
    .argument('[topic]', 'a command, or one of the topics that zkscope help lists')
    .option('--man', 'the man page: zkscope help --man | man -l -')
    .action(async (name: string | undefined, options: HelpOptions) => {
      if (options.man === true) {
        const { manPage } = await import('../help/manPage.js');
        await print(manPage(root, version()));
        return;
      }
      if (name === undefined) {
        root.outputHelp();
        return;
      }
      const topic = topics.find((candidate) => candidate.name === name);
      const command = root.commands.find((candidate) => candidate.name() === name);
      if (command === undefined && topic === undefined) {
        const names = [...root.commands.map((each) => each.name()), ...topicNames];
        const hint = didYouMean(name, names) || `; the topics are ${topicNames.join(', ')}`;
        throw new UsageError(`no command or topic is called ${name}${hint}`);
      }
      command?.outputHelp();
      if (topic === undefined) return;
      const text = topicText(topic, { colour: new Chalk({ level: colourLevel() }), width: terminalWidth() });
      root.configureOutput().writeOut?.(`${command === undefined ? '' : '\n'}${text}`);
    });
}
