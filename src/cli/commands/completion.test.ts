import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../testing/runCli.js';
import { program } from '../program.js';

const { commands } = await program();

let folder = '';
const scripts: Record<string, string> = {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout, status } = await runCli('completion', shell);
    expect(status).toBe(0);
    scripts[shell] = join(folder, `zkscope.${shell}`);
    writeFileSync(scripts[shell], stdout);
  }
  writeFileSync(join(folder, 'good one.pcap'), '');
  writeFileSync(join(folder, 'bad.pcap'), '');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What bash offers for the last of the words; each word as the shell took them apart. */
function offered(...words: string[]): string[] {
  const script = `
    source "$1"; shift
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _zkscope
    [ \${#COMPREPLY[@]} -eq 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script, 'bash', scripts['bash']!, ...words], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.split('\n').filter((line) => line !== '');
}

function installed(shell: string): boolean {
  return spawnSync(shell, ['--version']).status === 0;
}

describe('zkscope completion bash', () => {
  it('completes commands and files, the default command being analyze', () => {
    expect(offered('zkscope', 'stat')).toEqual(['stats']);
    const first = offered('zkscope', '');
    for (const command of commands) expect(first).toContain(command.name());
    expect(first).toContain('bad.pcap');
    expect(offered('zkscope', 'bad.pcap', '--fail-on', 'w')).toEqual(['warning']);
    expect(offered('zkscope', 'decode', 'good')).toEqual(['good one.pcap']);
  });

  it('completes every option of every command', () => {
    for (const command of commands) {
      const flags = offered('zkscope', command.name(), '--');
      for (const option of command.options) if (!option.hidden) expect(flags).toContain(option.long);
    }
  });

  it('completes the values of options, several with commas between', () => {
    expect(offered('zkscope', 'stats', '--by', '')).toContain('connection');
    expect(offered('zkscope', 'stats', '--by', 'op,pa')).toEqual(['op,path']);
    expect(offered('zkscope', 'stats', '--sort', 'p9')).toEqual(['p90', 'p99']);
    expect(offered('zkscope', 'decode', '--op', '=', 'getE')).toEqual(['getEphemerals']);
    expect(offered('zkscope', 'decode', '--op', '=')).toContain('getData');
    expect(offered('zkscope', 'analyze', '--rule', 'blind')).toEqual(['blind-window']);
    expect(offered('zkscope', 'analyze', '--set', 'herd.wa')).toEqual(['herd.watchers=']);
    expect(offered('zkscope', 'decode', '--client', 'b')).toEqual([]);
    // The name of an error may be left out: then it is a file.
    expect(offered('zkscope', 'decode', '--error', 'NoN')).toEqual(['NoNode']);
    expect(offered('zkscope', 'decode', '--error', 'ba')).toEqual(['bad.pcap']);
  });

  it('completes arguments that are no files', () => {
    expect(offered('zkscope', 'rules', 'blind')).toEqual(['blind-window']);
    expect(offered('zkscope', 'help', 'exit')).toEqual(['exit-status']);
    expect(offered('zkscope', 'schema', 'sess')).toEqual(['sessions']);
    expect(offered('zkscope', 'completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });
});

describe('zkscope completion', () => {
  it('is a script that zsh can read', ({ skip }) => {
    if (!installed('zsh')) skip('zsh is not installed');
    const { status, stderr } = spawnSync('zsh', ['-n', scripts['zsh']!], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('completes in fish', ({ skip }) => {
    if (!installed('fish')) skip('fish is not installed');
    const complete = (line: string): string[] => {
      const { stdout, status, stderr } = spawnSync(
        'fish',
        ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', scripts['fish']!, line],
        { encoding: 'utf8', cwd: folder },
      );
      expect([status, stderr]).toEqual([0, '']);
      return stdout.split('\n').map((text) => text.split('\t')[0]!);
    };
    expect(complete('zkscope stat')).toContain('stats');
    expect(complete('zkscope stats --sort p9')).toEqual(expect.arrayContaining(['p90', 'p99']));
    expect(complete('zkscope stats --by op,pa')).toContain('op,path');
    expect(complete('zkscope bad.pcap --fail-on w')).toContain('warning');
    expect(complete('zkscope decode --fail')).not.toContain('--fail-on');
    expect(complete('zkscope decode ba')).toContain('bad.pcap');
  });

  it('names the shells that it knows', async () => {
    const { status, stderr } = await runCli('completion', 'tcsh');
    expect(status).toBe(2);
    expect(stderr).toContain('bash, zsh, fish');
  });
});
