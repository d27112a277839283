import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { schemaText } from '../../report/schemas.js';
import type { AnalyzeDocument } from '../../report/analyze/document.js';
import { runCli } from '../../testing/runCli.js';

const incidents = fileURLToPath(new URL('../../../fixtures/incidents/', import.meta.url));
const captures = readdirSync(incidents).filter((name) => /\.pcap(\.gz)?$/.test(name));

function capture(name: string): string {
  const file = captures.find((candidate) => candidate.startsWith(`${name}.pcap`));
  if (file === undefined) throw new Error(`no capture ${name}`);
  return join(incidents, file);
}

async function documentOf(...argv: string[]): Promise<AnalyzeDocument> {
  const { stdout, status } = await runCli('analyze', '--json', ...argv);
  expect(status).toBe(0);
  return JSON.parse(stdout) as AnalyzeDocument;
}

describe('zkscope analyze --json', () => {
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(schemaText('analyze')) as object);

  it.each(captures)('keeps to its schema on %s', async (name) => {
    const document = await documentOf(join(incidents, name));
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    expect(document.captures[0]!.firstFrame).toBe(1);
  });
});

describe('what is shown', () => {
  it('is chosen by rule, severity and filters', async () => {
    const all = (await documentOf(capture('sidecar-drop'))).findings;
    const only = (await documentOf('--rule', 'session-expired', capture('sidecar-drop'))).findings;
    expect(only.map((f) => f.rule)).toEqual(['session-expired']);
    const without = (await documentOf('--ignore', 'session-expired', capture('sidecar-drop'))).findings;
    expect(without.length).toBe(all.length - 1);
    const errors = (await documentOf('--severity', 'error', capture('sidecar-drop'))).findings;
    expect(errors.every((f) => f.severity === 'error')).toBe(true);
    const host = (await documentOf('--client', '10.77.0.33', capture('sidecar-drop'))).findings;
    expect(host.length).toBeGreaterThan(0);
    expect(host.every((f) => JSON.stringify(f).includes('10.77.0.33'))).toBe(true);
    expect((await documentOf('--client', '192.0.2.1', capture('sidecar-drop'))).findings).toEqual([]);
    expect((await documentOf('--frame', '157', capture('sidecar-drop'))).findings.length).toBeLessThan(all.length);
  });

  it('is the worst first, and the last line counts', async () => {
    const apart = (await runCli(join(incidents, '../apps/mixed-b.pcap.gz'))).stdout;
    expect(apart.indexOf('ERROR')).toBeLessThan(apart.indexOf('WARNING'));
    const { stdout, status } = await runCli(capture('sidecar-drop'));
    expect(status).toBe(0);
    expect(stdout.trimEnd().split('\n\n').at(-1)).toMatch(/\d+ findings: 2 errors, 2 warnings/);
    // Only a path that is longer than a line may stick out, and a command, which has to be copied in one piece.
    const whole = /^\s*(\/\S+|(next|→)\s+zkscope .*)$/;
    const wide = stdout.split('\n').filter((line) => line.length > 80 && !whole.test(line));
    expect(wide).toEqual([]);
  });

  it('says in so many words that nothing is wrong, and what could not be seen', async () => {
    const { stdout } = await runCli('analyze', capture('rewatch-ok-midstream'));
    expect(stdout).toMatch(/Nothing wrong found/);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /sessions? began before the capture, so what they had watched and registered is unknown/,
    );
  });
});

describe('--fail-on', () => {
  it('gives 1 for a finding of that severity or above, 0 otherwise', async () => {
    expect((await runCli('analyze', '--fail-on', 'error', capture('sidecar-drop'))).status).toBe(1);
    expect((await runCli('analyze', '--fail-on', 'warning', capture('rewatch-ok'))).status).toBe(0);
  });
});

describe('the first line', () => {
  it('says of each capture when it was, and of many from when to when they are', async () => {
    const names = ['rewatch-ok', 'sidecar-drop', 'rolling-restart-ok', 'hot-loop'].map(capture);
    const { captures } = await documentOf(...names);
    const from = captures.map((each) => each.from!).sort()[0]!;
    const to = captures
      .map((each) => each.to!)
      .sort()
      .at(-1)!;
    const said = async (...files: string[]): Promise<string> =>
      (await runCli(...files)).stdout.replace(/\s+/g, ' ').slice(0, 400);
    const shown = (time: string): string => time.slice(0, 19).replace('T', ' ');
    const end = from.slice(0, 10) === to.slice(0, 10) ? shown(to).slice(11) : shown(to);
    expect(await said(names[0]!)).toMatch(/rewatch-ok\.pcap: 2026-11-21 \d\d:\d\d:\d\d to \d\d:\d\d:\d\d UTC, /);
    const many = await said(...names);
    expect(many).toMatch(/^4 captures \(.+ …\): /);
    expect(many).toContain(`: ${shown(from)} to ${end} UTC, `);
  });
});

describe('zkscope rules', () => {
  it('lists all rules, and explains each', async () => {
    const { stdout } = await runCli('rules');
    const names = stdout
      .split('\n')
      .map((line) => /^[a-z][a-z-]+/.exec(line)?.[0])
      .filter((name) => name !== undefined);
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) {
      const page = (await runCli('rules', name)).stdout;
      for (const part of ['What it means', 'What proves it', 'What looks like it and is not', 'What to do'])
        expect(page).toContain(part);
    }
  });
});
