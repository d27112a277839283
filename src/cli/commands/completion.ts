import { Argument, Command } from 'commander';
import { print } from '../terminal/output.js';
import { topicNames } from '../help/topics.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/**
 * `zkscope completion`: a script that completes commands, options, their values, and files.
 * @param root the program that it describes
 */
export function completionCommand(root: Command): Command {
  return new Command('completion')
    .description('print a completion script: source <(zkscope completion bash)')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action(async (shell: (typeof SHELLS)[number]) => {
      await print(await completionScript(root, shell));
    });
}

/** The script for one shell. */
export async function completionScript(root: Command, shell: (typeof SHELLS)[number]): Promise<string> {
  const [{ rules }, { specification }] = await Promise.all([
    import('../../rules/registry.js'),
    import('../completion/specification.js'),
  ]);
  const vocabulary = {
    rules: rules.map(({ meta }) => ({ name: meta.name, options: Object.keys(meta.options) })),
    topics: topicNames,
  };
  const commands = specification(root, vocabulary);
  switch (shell) {
    case 'bash':
      return (await import('../completion/bash.js')).bashCompletion(commands);
    case 'zsh':
      return (await import('../completion/zsh.js')).zshCompletion(commands);
    case 'fish':
      return (await import('../completion/fish.js')).fishCompletion(commands);
  }
}
