import { type CommandSpecification, DEFAULT_COMMAND, type OptionSpecification, type Values } from './specification.js';

const quoted = (text: string): string => `'${text.replace(/'/g, `'\\''`)}'`;

function way({ list, open }: Values): string {
  return list ? 'list' : open ? 'open' : 'words';
}

function names({ short, long }: OptionSpecification): string[] {
  return short === null ? [long] : [short, long];
}

function valueCases({ name, options }: CommandSpecification): string[] {
  return options
    .filter(({ value }) => value !== null)
    .map((option) => {
      const patterns = names(option).map((flag) => quoted(`${name} ${flag}`));
      const { values } = option;
      const reply = values.files
        ? '_zkscope_files'
        : values.words.length > 0
          ? `_zkscope_${way(values)} ${quoted(values.words.join(' '))}`
          : ':';
      // Behind an option whose value may be left out anything else may follow too.
      return `    ${patterns.join('|')}) ${reply};${option.optional ? '' : ' return;'};`;
    });
}

function commandCase({ name, options, arguments: values }: CommandSpecification): string {
  const flags = options.flatMap(names);
  return `    ${name}) flags=${quoted(flags.join(' '))} words=${quoted(values.words.join(' '))} files=${values.files ? 1 : 0};;`;
}

/** Completion for bash 3.2 and later; needs nothing else installed. */
export function bashCompletion(commands: readonly CommandSpecification[]): string {
  const commandNames = commands.map(({ name }) => name).join(' ');
  return `# bash completion for zkscope
# Load it with: source <(zkscope completion bash)

_zkscope_words() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$1" -- "$cur")
}

# Several words with commas between.
_zkscope_list() {
  local word prefix=
  [[ $cur == *,* ]] && prefix="\${cur%,*},"
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$1" -P "$prefix" -- "\${cur##*,}")
  compopt -o nospace 2>/dev/null
}

# Words that go on behind what is completed.
_zkscope_open() {
  _zkscope_words "$1"
  compopt -o nospace 2>/dev/null
}

_zkscope_files() {
  local file
  while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$cur")
  compopt -o filenames 2>/dev/null
}

_zkscope() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=${DEFAULT_COMMAND} flags= words= files=0
  COMPREPLY=()
  # bash takes --flag=value apart.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  if [[ $COMP_CWORD -gt 1 && " ${commandNames} " == *" \${COMP_WORDS[1]} "* ]]; then
    command=\${COMP_WORDS[1]}
  fi
  case "$command $prev" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case $command in
${commands.map(commandCase).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    _zkscope_words "$flags"
    return
  fi
  [[ $COMP_CWORD -eq 1 ]] && words="${commandNames}"
  _zkscope_words "$words"
  [[ $files -eq 1 ]] && _zkscope_files
}

complete -F _zkscope zkscope
`;
}
