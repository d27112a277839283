import { type CommandSpecification, DEFAULT_COMMAND, type OptionSpecification, type Values } from './specification.js';

const quoted = (text: string): string => `'${text.replace(/'/g, `'\\''`)}'`;
/** Text within the brackets of an _arguments specification. */
const described = (text: string): string => text.replace(/[[\]:\\]/g, (character) => `\\${character}`);

function action(values: Values): string {
  if (values.files) return '_files';
  if (values.words.length === 0) return ' ';
  const words = values.words.join(' ');
  if (values.list) return `_sequence compadd - ${words}`;
  if (values.open) return `compadd -S "" - ${words}`;
  return `(${words})`;
}

function optionText(option: OptionSpecification): string {
  const { short, long, description, value, repeatable, optional, values } = option;
  const flags = short === null ? [long] : [short, long];
  return flags
    .map((flag) => {
      const excluded = repeatable ? '*' : flags.length > 1 ? `(${flags.join(' ')})` : '';
      const assigned = value === null ? flag : `${flag}${flag.startsWith('--') ? '=' : ''}`;
      const argument = value === null ? '' : `${optional ? '::' : ':'}${described(value)}:${action(values)}`;
      return quoted(`${excluded}${assigned}[${described(description)}]${argument}`);
    })
    .join(' ');
}

function argumentText({ arguments: { words, files } }: CommandSpecification): string {
  if (words.length === 0 && !files) return '';
  if (words.length === 0) return quoted('*:capture:_files');
  if (!files) return quoted(`*:name:(${words.join(' ')})`);
  return quoted(`*:argument:_alternative "words:name:(${words.join(' ')})" "files:capture:_files"`);
}

function commandCase(command: CommandSpecification): string {
  const parts = [...command.options.map(optionText), argumentText(command)].filter((part) => part !== '');
  return `    ${command.name})\n      _arguments -S ${parts.join(' \\\n        ')}\n      ;;`;
}

/** Completion for zsh: a function file `_zkscope`, or sourced. */
export function zshCompletion(commands: readonly CommandSpecification[]): string {
  const list = commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`).join('\n');
  return `#compdef zkscope
# zsh completion for zkscope
# Load it with: source <(zkscope completion zsh), or save it as _zkscope in a folder of $fpath

_zkscope() {
  local command=${DEFAULT_COMMAND}
  local -a commands
  commands=(
${list}
  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe -t commands command commands
    _files
    return
  fi
  if (( \${commands[(I)$words[2]:*]} )); then
    command=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}

if [[ $funcstack[1] == _zkscope ]]; then
  _zkscope "$@"
else
  compdef _zkscope zkscope
fi
`;
}
