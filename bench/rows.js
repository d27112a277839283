import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { keyLogOf } from './generate.js';

const NODE = process.execPath;
const PROGRAM = here('../bin/zkscope.js');

const SLOWEST =
  'SELECT frame, client, op, path, latency FROM messages WHERE latency IS NOT NULL ORDER BY latency DESC LIMIT 10';
/** In bounded memory, too: ten are kept. */
const SLOWEST_JQ =
  'reduce (inputs | select(.latency)) as $m ([]; if length < 10 or $m.latency > .[-1].latency then . + [$m] | sort_by(-.latency)[:10] else . end) | .[] | {frame, client, op, path, latency}';

/** All that is compared, in the order of the table; `floor` is the row that the others are a multiple of. */
export const ROWS = [
  {
    name: 'tcpdump',
    text: "tcpdump -r F -w /dev/null 'tcp port 2181'",
    floor: true,
    command: (file) => ['tcpdump', '-r', file, '-w', '/dev/null', 'tcp port 2181'],
    missing: () => absent('tcpdump'),
  },
  { name: 'cat', text: 'cat F', command: (file) => ['cat', file] },
  { name: 'node', text: 'node -e 0: the start of the others', command: () => [NODE, '-e', '0'] },
  {
    name: 'pcap-parser',
    text: 'pcap-parser, counting packets',
    command: (file) => [NODE, here('rows/pcapParser.js'), file],
  },
  {
    name: 'tshark',
    text: 'tshark -q -z conv,tcp -r F',
    command: (file) => ['tshark', '-q', '-z', 'conv,tcp', '-r', file],
    missing: () => absent('tshark'),
  },
  {
    name: 'tshark-zookeeper',
    text: "tshark -r F -Y zookeeper, with zkscope's dissector",
    command: (file) => ['tshark', '-X', `lua_script:${dissector()}`, '-r', file, '-Y', 'zookeeper'],
    missing: () => absent('tshark') ?? unknownCommand('wireshark'),
  },
  {
    name: 'tshark-fields',
    text: 'the same, -T fields: frame, operation, path, error, latency',
    command: (file) => [
      ...['tshark', '-X', `lua_script:${dissector()}`, '-r', file, '-Y', 'zookeeper', '-T', 'fields'],
      ...['frame.number', 'zookeeper.op', 'zookeeper.path', 'zookeeper.error', 'zookeeper.latency'].flatMap((field) => [
        '-e',
        field,
      ]),
    ],
    missing: () => absent('tshark') ?? unknownCommand('wireshark'),
  },
  {
    name: 'reader',
    text: 'our reader, counting frames',
    command: (file) => [NODE, here('rows/reader.js'), file],
    missing: () => unbuilt('capture/captureSet.js'),
  },
  {
    name: 'reassembly',
    text: 'our reader and reassembly, counting bytes',
    command: (file) => [NODE, here('rows/reassembly.js'), file],
    missing: () => unbuilt('network/tcp.js'),
  },
  behind('observations', 'the same and decoders: observations for nobody'),
  behind('model', 'the same and the model'),
  behind('rules', 'the same and all rules: what is left for analyze is its document'),
  {
    name: 'decode',
    text: 'zkscope decode --json F',
    command: (file) => [NODE, PROGRAM, 'decode', '--json', file],
    missing: () => unknownCommand('decode'),
  },
  {
    name: 'decode-text',
    text: 'zkscope decode F',
    command: (file) => [NODE, PROGRAM, 'decode', file],
    missing: () => unknownCommand('decode'),
  },
  {
    name: 'analyze',
    text: 'zkscope analyze --json F',
    command: (file) => [NODE, PROGRAM, 'analyze', '--json', file],
    missing: () => unknownCommand('analyze'),
  },
  {
    name: 'analyze-journal',
    text: 'zkscope analyze --json of F as a journal (decode --json --connections)',
    command: (file) => [NODE, PROGRAM, 'analyze', '--json', journal(file)],
    missing: () => unknownCommand('record'),
  },
  {
    name: 'query',
    text: 'zkscope query: the ten slowest answers of F',
    command: (file) => [NODE, PROGRAM, 'query', '--json', SLOWEST, file],
    missing: () => unknownCommand('query'),
  },
  {
    name: 'jq',
    text: 'the same: zkscope decode --json F | jq',
    command: (file) => [
      'sh',
      '-c',
      `"$1" "$2" decode --json "$3" | jq -c -n '${SLOWEST_JQ}'`,
      'sh',
      NODE,
      PROGRAM,
      file,
    ],
    missing: () => absent('jq') ?? unknownCommand('decode'),
  },
  {
    name: 'tshark-tls',
    text: 'tshark -o tls.keylog_file:F.keys -q -z conv,tcp -r F',
    command: (file) => ['tshark', '-o', `tls.keylog_file:${keyLogOf(file)}`, '-q', '-z', 'conv,tcp', '-r', file],
    missing: (file) => absent('tshark') ?? withoutKeys(file),
  },
  {
    name: 'analyze-tls',
    text: 'zkscope analyze --json --tls-keys F.keys F',
    command: (file) => [NODE, PROGRAM, 'analyze', '--json', '--tls-keys', keyLogOf(file), file],
    missing: (file) => unknownCommand('analyze') ?? withoutKeys(file),
  },
];

/** A row of as much of the program as is asked for: what each layer adds. */
function behind(name, text) {
  return {
    name,
    text,
    command: (file) => [NODE, here('rows/behind.js'), name, file],
    missing: () => unbuilt('observations/captureReader.js'),
  };
}

/** `analyze` with another Node.js. @param node its program */
export function nodeRow(node) {
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  const version = stdout?.trim() ?? node;
  return {
    name: `analyze, ${version}`,
    text: `Node.js ${version}: zkscope analyze --json F`,
    command: (file) => [node, PROGRAM, 'analyze', '--json', file],
    missing: () => (stdout === null ? `${node} does not run` : null),
  };
}

function here(path) {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** The dissector as this build prints it, in a file. */
function dissector() {
  const path = here('out/zookeeper.lua');
  writeFileSync(path, spawnSync(NODE, [PROGRAM, 'wireshark'], { encoding: 'utf8' }).stdout);
  return path;
}

/** What the capture says, as lines, in a file beside it: made anew by each run of the bench. */
const journals = new Map();
function journal(file) {
  if (!journals.has(file)) {
    const path = here(`out/${basename(file)}.ndjson`);
    const to = openSync(path, 'w');
    spawnSync(NODE, [PROGRAM, 'decode', '--json', '--connections', file], { stdio: ['ignore', to, 'inherit'] });
    closeSync(to);
    journals.set(file, path);
  }
  return journals.get(file);
}

function absent(program) {
  return spawnSync(program, ['--version']).error === undefined ? null : `${program} is not installed`;
}

function withoutKeys(file) {
  return existsSync(keyLogOf(file)) ? null : 'the capture has no key log';
}

function unbuilt(module) {
  return existsSync(here(`../dist/${module}`)) ? null : `dist/${module} is not there: npm run build`;
}

function unknownCommand(name) {
  const { status, stdout } = spawnSync(NODE, [PROGRAM, '--help'], { encoding: 'utf8' });
  if (status !== 0) return 'bin/zkscope.js does not run: npm run build';
  return new RegExp(`^\\s+${name}\\b`, 'm').test(stdout) ? null : `zkscope has no command ${name}`;
}
