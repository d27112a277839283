import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../cli/main.js';
import type { TopDocument } from '../report/top/document.js';
import { topScreen } from '../report/top/text.js';
import { readCapture } from './captureFile.js';
import { checkSchema } from './fuzzSchemas.js';
import { readCaptures, streamInput } from './readFrames.js';
import { screenOf } from './topScreen.js';

/** What a command is run on. */
export interface About {
  readonly capture: Buffer;
  /** Decoded lines of it; null where there are none to read in its place. */
  readonly journal: string | null;
  /** Payload as somebody might paste it. */
  readonly hex: string;
  readonly path: string;
  readonly connection: number;
  /** Some of it is TLS. */
  readonly secured: boolean;
}

type Printed = 'text' | 'lines' | 'document' | 'capture' | 'screens';

/** One way to ask something: `{name}` stands for a file or a word. */
export interface CommandLine {
  readonly argv: readonly string[];
  /** What it prints; `capture`: what it writes into `{out}`. */
  readonly prints: Printed;
  /** Name of its schema, where that is not the command's. */
  readonly schema?: string;
}

const text = (...argv: readonly string[]): CommandLine => ({ argv, prints: 'text' });
const json = (...argv: readonly string[]): CommandLine => ({ argv: [...argv, '--json'], prints: 'document' });
const lines = (schema: string, ...argv: readonly string[]): CommandLine => ({ argv, prints: 'lines', schema });
const capture = (...argv: readonly string[]): CommandLine => ({ argv: [...argv, '-o', '{out}'], prints: 'capture' });

/** All commands that read captures, in all forms of output, by command. */
export const COMMAND_LINES: Readonly<Record<string, readonly CommandLine[]>> = {
  analyze: [
    text('analyze', '{file}'),
    text('analyze', '{file}', '--time', '+08:00', '--not-op', 'ping'),
    text('analyze', '{file}', '--from', '+1s', '--path', '{path}'),
    json('analyze', '{file}'),
    json('analyze', '{journal}'),
    json('analyze', 'one={file}', 'other={other}'),
    text('analyze', 'one={file}', 'other={other}'),
  ],
  decode: [
    text('decode', '{file}'),
    text('decode', '{file}', '--csv'),
    text('decode', '{file}', '--fields', 'frame,time,client,op,path,error,children,stat.czxid,answer', '--header'),
    lines('decode', 'decode', '{file}', '--data', '--json'),
    lines('decode', 'decode', '{file}', '--path', '{path}', '--json'),
    lines('journal', 'decode', '{file}', '--connections', '--host', 'here', '--json'),
    lines('journal', 'decode', 'one={file}', 'other={other}', '--connections', '--json'),
  ],
  follow: [
    text('follow', '{connection}', '{file}'),
    text('follow', '{connection}', '{file}', '--pings', '--unfold', '--limit', '0'),
    text('follow', '{connection}', '{journal}'),
    json('follow', '{connection}', '{file}', '--silence', '0.1'),
  ],
  hex: [
    text('hex', '{hex}'),
    text('hex', '{hex}', '--response', '--op', 'getChildren2', '--data'),
    json('hex', '{hex}', '--request'),
    json('hex', '{hex}', '--data'),
  ],
  stats: [
    text('stats', '{file}'),
    text('stats', '{file}', '--by', 'path,client,error', '--interval', '100ms'),
    text('stats', '{file}', '--prometheus', '--by', 'op,path'),
    json('stats', '{file}', '--by', 'session,connection,server', '--depth', '1'),
  ],
  top: [
    { argv: ['top', '{file}', '--json'], prints: 'screens' },
    { argv: ['top', '{file}', '--json', '--interval', '50ms', '--depth', '2', '--by', 'path'], prints: 'screens' },
  ],
  sessions: [
    text('sessions', '{file}'),
    text('sessions', '{file}', '--wide', '--sort', 'requests'),
    json('sessions', '{file}'),
  ],
  diff: [
    text('diff', '{file}', '{other}'),
    text('diff', '{file}', '--at', '+0.2s'),
    json('diff', '{other}', '{file}'),
    json('diff', '{file}', '--at', '+2s'),
  ],
  leases: [text('leases', '{file}'), json('leases', '{file}')],
  path: [
    text('path', '{path}', '{file}'),
    text('path', '/', '{file}', '--all'),
    text('path', '{path}', '{file}', '--all', '--at', '+1s'),
    json('path', '{path}', '{file}', '--at', '+1s'),
  ],
  tree: [text('tree', '{file}'), text('tree', '{file}', '--at', '+1s', '--limit', '0'), json('tree', '{file}')],
  report: [text('report', '{file}'), text('report', '{file}', '--markdown'), json('report', '{file}')],
  slice: [
    capture('slice', '{file}', '--path', '{path}'),
    capture('slice', '{file}', '--only', '--kind', 'request'),
    capture('slice', '{file}', '--finding', '1'),
    capture('slice', '{file}', '{other}', '--incident', '1', '--only'),
  ],
  annotate: [capture('annotate', '{file}')],
  anonymize: [capture('anonymize', '{file}', '--key', 'k')],
  record: [{ argv: ['record', '{file}', '-o', '{out}', '--host', 'here'], prints: 'lines', schema: 'journal' }],
};

/** Commands that do not take --tls-keys. */
const NO_KEYS = ['hex', 'anonymize'];
const OTHER = 'fixtures/protocol/zkcli.pcap';
/** What does something to a terminal, or is not seen. */
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/u;
/** What the program itself puts into a page: as it is, without anything of a capture. */
const OWN_PARTS = /<script>[\s\S]*?<\/script>|<style>[\s\S]*?<\/style>/g;

/** Runs commands in this process, on files in memory where the system has such a place. Throws what must not be. */
export class CommandRunner {
  private readonly folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'zkscope-fuzz-'));
  private about: About | null = null;

  /** @param keys key logs, for TLS in captures */
  constructor(keys: Buffer) {
    for (const name of FILES) writeFileSync(this.at(name), name === 'keys' ? keys : '');
    // An error that nobody expected says where it was thrown, and no settings of whoever runs this are used.
    process.env['ZKSCOPE_DEBUG'] = '1';
    process.env['ZKSCOPE_CONFIG'] = '';
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }

  /** Throws an Error that says what is wrong with what the command did. */
  async run(line: CommandLine, about: About): Promise<'read' | 'refused'> {
    this.prepare(about);
    rmSync(this.at('out'), { force: true });
    const words: Readonly<Record<string, string>> = {
      ...{ file: this.at('capture'), journal: this.at('journal'), out: this.at('out'), other: OTHER },
      ...{ hex: about.hex, path: about.path, connection: String(about.connection) },
    };
    const argv = line.argv.map((word) => word.replace(/\{(\w+)\}/, (_, key: string) => words[key]!));
    if (about.secured && !NO_KEYS.includes(argv[0]!)) argv.push('--tls-keys', this.at('keys'));
    try {
      const said = await captured(() => main(argv));
      return await this.check(line, said);
    } catch (error) {
      const { message, stack } = error as Error;
      throw new Error(`zkscope ${line.argv.join(' ')}: ${stack ?? message}`, { cause: error });
    }
  }

  private at(name: string): string {
    return join(this.folder, name);
  }

  private prepare(about: About): void {
    if (this.about === about) return;
    this.about = about;
    writeFileSync(this.at('capture'), about.capture);
    writeFileSync(this.at('journal'), about.journal ?? about.capture);
  }

  private async check(line: CommandLine, { status, stdout, stderr }: Said): Promise<'read' | 'refused'> {
    if (stderr.includes('internal error')) throw new Error(stderr);
    checkText(stderr);
    if (!/^(zkscope: .*\n)*(\(zkscope --help.*\n)?$/.test(stderr))
      throw new Error(`standard error is not the program's: ${stderr}`);
    if (status !== 0 && status !== REFUSED) throw new Error(`exit status ${status}`);
    if (status === REFUSED && stdout !== '') throw new Error(`refused, and printed: ${stdout.slice(0, 400)}`);
    if (status === REFUSED && stderr === '') throw new Error('refused without a word');
    checkText(line.argv.includes('--csv') ? stdout.replaceAll('\r\n', '\n') : stdout.replace(OWN_PARTS, ''));
    if (stdout.startsWith('<!') && stdout.split('<script').length !== stdout.split('</script>').length)
      throw new Error('a script is not its own');
    for (const name of readdirSync(this.folder)) if (!FILES.includes(name)) throw new Error(`${name} is left behind`);
    if (status === REFUSED) return 'refused';
    await this.checkOutput(line, stdout);
    return 'read';
  }

  private async checkOutput({ argv, prints, schema = argv[0]! }: CommandLine, stdout: string): Promise<void> {
    switch (prints) {
      case 'text':
        return;
      case 'document':
        checkSchema(schema, JSON.parse(stdout));
        return;
      case 'capture':
        await this.checkCapture(argv[0]!);
        return;
      case 'lines': {
        // Where there is nothing to record no file is begun.
        const file = argv[0] === 'record' && existsSync(this.at('out')) ? readFileSync(this.at('out'), 'utf8') : '';
        for (const record of recordsOf(file + stdout)) checkSchema(schema, record);
        return;
      }
      case 'screens':
        for (const document of recordsOf(stdout)) {
          checkSchema(schema, document);
          checkText(topScreen(document as TopDocument, screenOf({ table: 'path' })).join('\n'));
        }
    }
  }

  /** What was written is a capture that can be read, to its end, by this program and by another reader. */
  private async checkCapture(command: string): Promise<void> {
    const written = readFileSync(this.at('out'));
    const { frames, captures } = await readCaptures(streamInput(written));
    const [info] = captures;
    const before = await readCaptures(streamInput(this.about!.capture));
    // `annotate` copies blocks as they are: also what is wrong with them, of which only this program's reader knows.
    const copied = command === 'annotate';
    if (info === undefined || (info.truncated && !(copied && before.captures[0]?.truncated === true)))
      throw new Error(`what was written is cut: ${JSON.stringify(info)}`);
    const packets = copied ? frames.length : readCapture(written).length;
    if (packets !== frames.length) throw new Error(`${packets} packets are written, and ${frames.length} read again`);
    if (command !== 'slice' && before.frames.length !== packets)
      throw new Error(`${packets} of ${before.frames.length} packets are written`);
  }
}

const FILES: readonly string[] = ['capture', 'journal', 'keys', 'out'];
const REFUSED = 2;

function* recordsOf(printed: string): Generator {
  for (const line of printed.split('\n')) if (line !== '') yield JSON.parse(line);
}

/** Throws where a terminal would act on a character, or nobody would see it. */
export function checkText(text: string): void {
  const found = UNSEEN.exec(text);
  if (found === null) return;
  const around = text.slice(Math.max(0, found.index - 60), found.index + 20);
  throw new Error(`U+${found[0].codePointAt(0)!.toString(16)} is in the text: ${JSON.stringify(around)}`);
}

interface Said {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program as if both outputs were pipes, and all that it does took no time: so it does the same each time. */
async function captured(run: () => Promise<number>): Promise<Said> {
  const { stdout, stderr } = process;
  const outputs = [stdout, stderr].map((stream) => {
    const parts: string[] = [];
    const { isTTY } = stream;
    const write = stream.write.bind(stream);
    const listeners = stream.listeners('error');
    stream.isTTY = false;
    stream.write = (chunk: string | Uint8Array, ...rest: readonly unknown[]) => {
      parts.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
      (rest.at(-1) as (() => void) | undefined)?.();
      return true;
    };
    const restore = (): void => {
      stream.write = write;
      stream.isTTY = isTTY;
      for (const listener of stream.listeners('error'))
        if (!listeners.includes(listener)) stream.off('error', listener as () => void);
    };
    return { parts, restore };
  });
  const { exitCode } = process;
  const now = performance.now.bind(performance);
  process.exitCode = undefined;
  performance.now = () => 0;
  try {
    const status = await run();
    const [out, err] = outputs.map(({ parts }) => parts.join(''));
    return { status, stdout: out!, stderr: err! };
  } finally {
    process.exitCode = exitCode;
    performance.now = now;
    for (const { restore } of outputs) restore();
  }
}
