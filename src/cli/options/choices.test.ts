import { fileURLToPath } from 'node:url';
import type { Argument, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../testing/runCli.js';
import { program } from '../program.js';

const capture = fileURLToPath(new URL('../../../fixtures/incidents/sidecar-drop.pcap', import.meta.url));

/** Every option, and argument, of every command that is one of some names. */
async function choosing(): Promise<[string, Option | Argument][]> {
  return (await program()).commands.flatMap((command) =>
    [...command.options, ...command.registeredArguments]
      .filter(({ argChoices }) => argChoices !== undefined)
      .map((each): [string, Option | Argument] => [`${command.name()} ${each.name()}`, each]),
  );
}

describe('options that are one of some names', () => {
  it('say which of them was meant, and take them whatever their case', async () => {
    const all = await choosing();
    expect(all.map(([name]) => name)).toEqual(
      expect.arrayContaining(['analyze severity', 'stats sort', 'top by', 'completion shell', 'schema output']),
    );
    for (const [name, each] of all)
      for (const choice of each.argChoices ?? []) {
        const parse = (value: string): unknown => each.parseArg?.<unknown>(value, undefined);
        expect([name, parse(choice.toUpperCase())]).toEqual([name, choice]);
        expect(() => parse(`${choice}x`)).toThrow(/; did you mean \w+\?$/);
        expect(() => parse('*')).toThrow('"*" is none of ');
      }
  });

  it.each([
    [['analyze', '--rule', 'stale-raed'], 'no rule is called "stale-raed"; did you mean stale-read?'],
    [['analyze', '--ignore', 'session-expird'], 'did you mean session-expired?'],
    [['report', '--rule', 'herb'], 'did you mean herd?'],
    [['annotate', '--ignore', 'zzzzzz'], 'no rule is called "zzzzzz"; see zkscope rules'],
    [['analyze', '--set', 'herd.watcher=3'], 'no rule has an option "herd.watcher"; did you mean herd.watchers?'],
    [['analyze', '--set', 'nothing.such=3'], 'no rule has an option "nothing.such"; see zkscope rules NAME'],
    [['stats', '--by', 'clinet'], '"clinet" is none of op, path, client,'],
    [['stats', '--by', 'op,clinet'], 'did you mean client?'],
  ])('%s', async (argv, text) => {
    const { status, stdout, stderr } = await runCli(...argv, capture);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(text);
    expect(stderr).toMatch(/^zkscope: /);
  });
});
