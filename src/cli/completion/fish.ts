import { type CommandSpecification, DEFAULT_COMMAND, type OptionSpecification } from './specification.js';

const quoted = (text: string): string => `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;

function optionLine(command: string, option: OptionSpecification): string {
  const { short, long, description, value, optional, values } = option;
  const parts = [`complete -c zkscope -n ${quoted(`__zkscope_command ${command}`)}`];
  if (short !== null) parts.push(`-s ${short.slice(1)}`);
  parts.push(`-l ${long.slice(2)}`);
  if (value !== null && !optional) parts.push(values.files ? '-r -F' : '-x');
  if (values.words.length > 0) {
    const words = values.words.join(' ');
    parts.push(`-a ${quoted(values.list ? `(__zkscope_list ${words})` : words)}`);
  }
  parts.push(`-d ${quoted(description)}`);
  return parts.join(' ');
}

function commandLines(command: CommandSpecification): string[] {
  const { name, options, arguments: values } = command;
  const lines = options.map((option) => optionLine(name, option));
  const condition = `-n ${quoted(`__zkscope_command ${name}`)}`;
  if (!values.files) lines.push(`complete -c zkscope ${condition} -f`);
  if (values.words.length > 0) lines.push(`complete -c zkscope ${condition} -a ${quoted(values.words.join(' '))}`);
  return lines;
}

/** Completion for fish 3. */
export function fishCompletion(commands: readonly CommandSpecification[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const first = commands.map(
    ({ name, description }) => `complete -c zkscope -n __zkscope_first -a ${name} -d ${quoted(description)}`,
  );
  return `# fish completion for zkscope
# Load it with: zkscope completion fish | source

# Whether the command line is one of the command that is given; ${DEFAULT_COMMAND} where none is named.
function __zkscope_command
  set -l words (commandline -opc)
  set -e words[1]
  if set -q words[1]; and contains -- $words[1] ${names}
    test $words[1] = $argv[1]
  else
    test $argv[1] = ${DEFAULT_COMMAND}
  end
end

# Several words with commas between.
function __zkscope_list
  set -l done (string match -r '^(?:--[a-z-]+=)?(.*,)' -- (commandline -ct))[2]
  for word in $argv
    echo "$done$word"
  end
end

function __zkscope_first
  test (count (commandline -opc)) -eq 1
end

${first.join('\n')}
${commands.flatMap(commandLines).join('\n')}
`;
}
