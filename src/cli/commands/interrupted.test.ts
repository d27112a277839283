import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runCli, type CliRun } from '../../testing/runCli.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const capture = fileURLToPath(new URL('../../../fixtures/incidents/sidecar-drop.pcap', import.meta.url));
const place = temporaryFolder();

/** Runs a command on the first half of a capture, in a pipe that stays open, and interrupts it. */
async function interrupted(name: string, ...argv: string[]): Promise<CliRun> {
  const pipe = place(name);
  execFileSync('mkfifo', [pipe]);
  const run = runCli(...argv, pipe);
  const bytes = readFileSync(capture);
  // For reading and writing: it opens at once, whether or not the program has.
  const end = openSync(pipe, 'r+');
  writeSync(end, bytes.subarray(0, Math.min(bytes.length / 2, 40_000)));
  await new Promise((resolve) => setTimeout(resolve, 100));
  while (process.listenerCount('SIGINT') === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 300));
  process.emit('SIGINT', 'SIGINT');
  const done = await run;
  closeSync(end);
  return done;
}

describe.skipIf(process.platform === 'win32')('an interrupted command', () => {
  it.each([['analyze'], ['stats'], ['sessions'], ['tree']])('%s says so as text', async (command) => {
    const { status, stdout, stderr } = await interrupted(`${command}.text`, command);
    expect(status).toBe(130);
    expect((stdout + stderr).replace(/\s+/g, ' ')).toMatch(/reading was interrupted .* the rest was not read/);
    expect(stdout).not.toContain('Nothing was lost');
    expect(stdout).not.toMatch(/Nothing wrong found[. ]/);
  });

  it.each([['analyze'], ['stats'], ['sessions'], ['tree'], ['path', '/'], ['follow', '0']])(
    '%s says so in JSON',
    async (...argv) => {
      const { status, stdout } = await interrupted(`${argv[0]}.json`, ...argv, '--json');
      expect(status).toBe(130);
      const { captures } = JSON.parse(stdout) as { captures: { interrupted?: true; problems: string[] }[] };
      expect(captures).toMatchObject([{ interrupted: true, problems: [expect.stringContaining('interrupted')] }]);
    },
  );

  it('leases says so in JSON', async () => {
    const { status, stdout } = await interrupted('leases.json', 'leases', '--json');
    expect([status, JSON.parse(stdout)]).toMatchObject([130, { interrupted: true }]);
  });

  it('report says so, in every form', async () => {
    const markdown = await interrupted('report.text', 'report', '--markdown');
    expect(markdown.status).toBe(130);
    expect(markdown.stdout).toContain('reading was interrupted');
    const json = await interrupted('report.json', 'report', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ captures: [{ interrupted: true }] });
  });

  it('diff compares nothing', async () => {
    const { status, stdout, stderr } = await interrupted('diff', 'diff', '--at', '+1s');
    expect([status, stdout, stderr]).toEqual([130, '', 'zkscope: interrupted: nothing was compared\n']);
  });

  it('fails as a signal does, whatever --fail-on finds', async () => {
    expect((await interrupted('fail-on', 'analyze', '--fail-on', 'info')).status).toBe(130);
  });
});
