import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  cpSync,
  linkSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** How the program ends where something outside ends it: signals, full disks, readers that go away. */

const root = fileURLToPath(new URL('../../', import.meta.url));
const capture = join(root, 'fixtures/incidents/sidecar-drop.pcap');
let folder = '';
const place = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
  const bundle = await rolldown({
    input: join(root, 'src/cli/main.ts'),
    platform: 'node',
    external: /^[^./]/,
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  });
  await bundle.write({ dir: place('dist/program'), format: 'esm' });
  await bundle.close();
  cpSync(join(root, 'bin'), place('bin'), { recursive: true });
  cpSync(join(root, 'package.json'), place('package.json'));
  cpSync(join(root, 'docs/schemas'), place('docs/schemas'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), place('node_modules'));
}, 120_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface End {
  readonly status: number | null;
  readonly stderr: string;
}

/** Runs the program with the output in a file. */
function into(file: string, ...argv: string[]): End {
  const output = openSync(file, 'w');
  try {
    const { status, stderr } = spawnSync(process.execPath, [place('bin/zkscope.js'), ...argv], {
      stdio: ['ignore', output, 'pipe'],
      encoding: 'utf8',
    });
    return { status, stderr };
  } finally {
    closeSync(output);
  }
}

const start = (...argv: string[]): ChildProcess =>
  spawn(process.execPath, [place('bin/zkscope.js'), ...argv], { stdio: ['pipe', 'pipe', 'pipe'] });

async function ended(child: ChildProcess): Promise<{ code: number | null; signal: string | null; stderr: string }> {
  const stderr: string[] = [];
  child.stderr!.on('data', (chunk: Buffer) => stderr.push(chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stderr: stderr.join('') };
}

const commands: readonly string[][] = [
  ...['analyze', 'decode', 'stats', 'sessions', 'tree'].flatMap((name) => [
    [name, capture],
    [name, '--json', capture],
  ]),
  ['decode', '--fields', 'frame', capture],
  ['stats', '--prometheus', capture],
  ['leases', '--json', capture],
  ['path', '/', '--json', capture],
  ['follow', '0', '--json', capture],
  ['report', '--markdown', capture],
  ['report', '--json', capture],
  ['diff', '--json', capture, capture],
  ['hex', '00000008fffffffe0000000b'],
  ['rules'],
  ['rules', 'herd', '--json'],
  ['schema', 'analyze'],
  ['completion', 'bash'],
  ['help', 'json'],
  ['help', '--man'],
  ['help', 'decode'],
  ['--help'],
  ['decode', '--help'],
  ['--version'],
];

describe.skipIf(process.platform !== 'linux')('a full disk', () => {
  it.each(commands.map((argv) => [argv.join(' ').replaceAll(root, ''), argv] as const))(
    'is one line and exit status 2: %s',
    (_, argv) => {
      expect(into('/dev/full', ...argv)).toEqual({
        status: 2,
        stderr: expect.stringMatching(
          /^(zkscope: not decoded.*\n)?zkscope: standard output cannot be written: no space left on the device\n$/,
        ) as string,
      });
    },
    60_000,
  );

  it('leaves the report as it was', () => {
    const { status, stderr } = into('/dev/null', 'report', '--markdown', capture, '-o', '/dev/full');
    expect([status, stderr]).toEqual([2, 'zkscope: cannot write /dev/full: no space left on the device\n']);
  }, 60_000);
});

describe('a reader that goes away', () => {
  it.each([[['--help']], [['help', '--man']], [['schema', 'analyze']], [['decode', '--json', capture]], [[capture]]])(
    'is no failure: %s',
    async (argv) => {
      const child = start(...argv);
      child.stdout!.destroy();
      expect(await ended(child)).toEqual({ code: 0, signal: null, stderr: '' });
    },
    60_000,
  );
});

describe('a signal', () => {
  const whole = readFileSync(capture);

  it.each([
    ['SIGINT', 130, ['decode', '-']],
    ['SIGTERM', 143, ['decode', '--json', '-']],
  ] as const)(
    '%s in the middle of a capture: what was read is shown, and that it is not the whole',
    async (signal, status, argv) => {
      const child = start(...argv);
      child.stdin!.write(whole.subarray(0, whole.length / 2));
      child.stdout!.once('data', () => {
        child.kill(signal);
        child.stdout!.resume();
      });
      const { code, stderr } = await ended(child);
      expect(code).toBe(status);
      expect(stderr).toMatch(
        /^zkscope: not decoded: -: reading was interrupted behind frame \d+, at byte \d+: the rest /,
      );
    },
    60_000,
  );

  it('ends the program at once the second time', async () => {
    const child = start('decode', '--json', join(root, 'fixtures/quorum/zab-load.pcap.gz'));
    const end = ended(child);
    child.stdout!.once('data', () => {
      child.stdout!.pause();
      child.kill('SIGINT');
      // It now waits for its reader, who does not read on.
      setTimeout(() => child.kill('SIGINT'), 500);
    });
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    child.stdout!.resume();
    await end;
    expect(signal).toBe('SIGINT');
  }, 60_000);
});

describe('SIGKILL while a report is written', () => {
  it('leaves the one of before, or a whole new one', async () => {
    const report = place('killed.html');
    for (let delay = 0; delay < 700; delay += 100) {
      writeFileSync(report, 'the report of before');
      const child = start('report', capture, '-o', report);
      const end = ended(child);
      setTimeout(() => child.kill('SIGKILL'), delay);
      await end;
      const found = readFileSync(report, 'utf8');
      if (found !== 'the report of before') expect(found.trimEnd().endsWith('</html>')).toBe(true);
    }
  }, 60_000);

  it('keeps what stood there until all is written', async () => {
    const report = place('slow.html');
    writeFileSync(report, 'the report of before');
    const child = start('report', '-', '-o', report);
    const end = ended(child);
    child.stdin!.write(readFileSync(capture).subarray(0, 1000));
    await once(child, 'spawn');
    child.kill('SIGKILL');
    expect((await end).signal).toBe('SIGKILL');
    expect(readFileSync(report, 'utf8')).toBe('the report of before');
  }, 60_000);
});

describe('what can be read only once', () => {
  it('is not read twice', () => {
    for (const argv of [
      ['-', '-'],
      ['-', '/dev/stdin'],
      ['decode', '-', '-'],
      ['report', '--markdown', '-', '-'],
    ]) {
      const { status, stderr } = spawnSync(process.execPath, [place('bin/zkscope.js'), ...argv], {
        input: readFileSync(capture),
        encoding: 'utf8',
      });
      expect([argv, status, stderr]).toEqual([
        argv,
        2,
        expect.stringMatching(/^zkscope: \S+: it is named twice, and can be read only once\n$/),
      ]);
    }
  }, 60_000);

  it('is not written over: hard links, standard input', () => {
    writeFileSync(place('capture.pcap'), readFileSync(capture));
    linkSync(place('capture.pcap'), place('report.md'));
    for (const argv of [
      ['report', place('capture.pcap'), '-o', place('report.md')],
      ['report', '-', '-o', place('report.md')],
    ]) {
      const input = openSync(place('capture.pcap'), 'r');
      const { status, stderr } = spawnSync(process.execPath, [place('bin/zkscope.js'), ...argv], {
        stdio: [input, 'pipe', 'pipe'],
        encoding: 'utf8',
      });
      closeSync(input);
      expect([status, stderr]).toEqual([
        2,
        `zkscope: ${place('report.md')} is one of the captures: it will not be written over\n`,
      ]);
    }
    expect(readFileSync(place('capture.pcap'))).toEqual(readFileSync(capture));
  }, 60_000);
});
