import type { Command, Help, Option } from 'commander';
import { type Block, topics } from './topics.js';

/** Text as roff takes it: nothing in it is an instruction. */
function roff(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}

const bold = (text: string): string => `\\fB${roff(text)}\\fR`;

function blockLines(block: Block): string[] {
  if (typeof block === 'string') return ['.PP', roff(block)];
  if ('commands' in block) return ['.PP', '.RS 4', '.nf', ...block.commands.map(roff), '.fi', '.RE'];
  return block.terms.flatMap(([term, text]) => ['.TP', bold(term), roff(text)]);
}

function optionLines(option: Option, help: Help): string[] {
  return ['.TP', bold(option.flags), roff(help.optionDescription(option) || option.flags)];
}

function commandLines(command: Command, help: Help, common: ReadonlySet<string>): string[] {
  const usage = command.usage().replace(/^\[options\] ?/, '');
  const lines = ['.SS', bold(`${command.name()}${usage === '' ? '' : ` ${usage}`}`), roff(`${command.description()}.`)];
  const options = help.visibleOptions(command).filter(({ flags }) => !common.has(flags));
  return [...lines, ...options.flatMap((option) => optionLines(option, help))];
}

/** Options that at least half of the commands over captures share: told once. */
function commonOptions(commands: readonly Command[], help: Help): Option[] {
  const counts = new Map<string, { option: Option; count: number }>();
  for (const command of commands) {
    for (const option of help.visibleOptions(command)) {
      const entry = counts.get(option.flags);
      if (entry === undefined) counts.set(option.flags, { option, count: 1 });
      else entry.count++;
    }
  }
  return [...counts.values()]
    .filter(({ option, count }) => count >= commands.length / 2 && option.long !== '--json')
    .map(({ option }) => option);
}

/**
 * The man page zkscope(1) in roff (man macros): the commands as the program knows them, and the help topics.
 * @param version of the program, for the footer
 */
export function manPage(root: Command, version: string): string {
  const help = root.createHelp();
  const commands = help.visibleCommands(root);
  const common = commonOptions(commands, help);
  const flags = new Set(common.map((option) => option.flags));
  const lines = [
    '.\\" Made by npm run man from the program itself.',
    `.TH ZKSCOPE 1 "" "zkscope ${version}" "User Commands"`,
    '.SH NAME',
    `zkscope \\- ${roff('what happened in captured ZooKeeper traffic')}`,
    '.SH SYNOPSIS',
    `${bold('zkscope')} [\\fIcommand\\fR] [\\fIoptions\\fR] \\fIcapture\\fR...`,
    '.SH DESCRIPTION',
    roff(root.description()),
    roff('Without a command it is analyze.'),
    '.SH COMMANDS',
    ...commands.flatMap((command) => commandLines(command, help, flags)),
    '.SH COMMON OPTIONS',
    roff('Of the commands over captures:'),
    ...common.flatMap((option) => optionLines(option, help)),
    ...topics.flatMap((topic) => [
      `.SH ${roff(topic.name.toUpperCase())}`,
      ...topic.blocks.flatMap((block) => blockLines(block)),
    ]),
    '.SH SEE ALSO',
    `${bold('tcpdump')}(8), ${bold('tshark')}(1), ${bold('jq')}(1)`,
  ];
  return `${lines.join('\n')}\n`;
}
