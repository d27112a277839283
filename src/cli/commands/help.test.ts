import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../testing/runCli.js';
import { topics } from '../help/topics.js';
import { program } from '../program.js';

const { commands } = await program();

describe('zkscope help', () => {
  it('lists commands and topics', async () => {
    const { stdout, status } = await runCli('help');
    expect(status).toBe(0);
    for (const { name, summary } of topics) expect(stdout).toMatch(new RegExp(`^ {2}${name} +${summary}$`, 'm'));
    for (const command of commands) expect(stdout).toContain(`  ${command.name()} `);
  });

  it('explains every topic in 80 columns', async () => {
    for (const { name, summary } of topics) {
      const { stdout, status } = await runCli('help', name);
      expect(status).toBe(0);
      expect(stdout).toContain(`${name}: ${summary}`);
      for (const line of stdout.split('\n'))
        if (!line.startsWith('    ')) expect(line.length, line).toBeLessThanOrEqual(80);
    }
  });

  it('explains commands, and says what it does not know', async () => {
    expect((await runCli('help', 'decode')).stdout).toContain('Usage: zkscope decode [options] <capture...>');
    const both = (await runCli('help', 'stats')).stdout;
    expect(both).toContain('Usage: zkscope stats');
    expect(both).toContain('A multi counts as one request');
    const unknown = await runCli('help', 'nonsense');
    expect(unknown).toMatchObject({ status: 2, stdout: '' });
    expect(unknown.stderr).toContain('no command or topic is called nonsense; the topics are capturing,');
  });

  it('shows only commands that the program understands', () => {
    const byName = new Map(commands.map((command) => [command.name(), command]));
    for (const { blocks } of topics) {
      for (const block of blocks) {
        if (typeof block === 'string' || !('commands' in block)) continue;
        for (const text of block.commands) {
          const [, name, rest] = /\bzkscope (\S+)(.*)/.exec(text) ?? [];
          if (name === undefined || name === '-') continue;
          const command = byName.get(name);
          expect(command, text).toBeDefined();
          for (const [flag] of (rest ?? '').replace(/\|.*/, '').matchAll(/--[a-z]+(?:-[a-z]+)*/g))
            expect(
              command!.options.map(({ long }) => long),
              text,
            ).toContain(flag);
        }
      }
    }
  });
});

describe('the man page', () => {
  it('is the one that is checked in: npm run man makes it anew', async () => {
    const { stdout, status } = await runCli('help', '--man');
    expect(status).toBe(0);
    expect(readFileSync(new URL('../../../docs/zkscope.1', import.meta.url), 'utf8')).toBe(stdout);
  });

  it('is roff without a warning, with all commands and topics', ({ skip }) => {
    const page = fileURLToPath(new URL('../../../docs/zkscope.1', import.meta.url));
    if (spawnSync('groff', ['--version']).status !== 0) skip('groff is not installed');
    const { stdout, stderr } = spawnSync('groff', ['-man', '-ww', '-Tutf8', '-Kutf8', '-P-cbou', page], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    for (const { name } of topics)
      expect(stdout).toContain(`\n${name.replace(/-/g, '‐').toUpperCase().replace(/‐/g, '-')}`);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ {3}${command.name()}( |$)`, 'm'));
    expect(stdout).toContain("tcpdump -i any -s 0 -w zk.pcap 'tcp port 2181'");
  });
});
