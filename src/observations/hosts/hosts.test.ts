import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import type { AnalyzeDocument } from '../../report/analyze/document.js';
import { readCapture, writePcap } from '../../testing/captureFile.js';
import { byServer, later } from '../../testing/capturePoints.js';
import { runCli } from '../../testing/runCli.js';
import { schemaText } from '../../report/schemas.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const INCIDENTS = fileURLToPath(new URL('../../../fixtures/incidents/', import.meta.url));
const captures = readdirSync(INCIDENTS).filter((name) => /\.pcap(\.gz)?$/.test(name));

const place = temporaryFolder('each');

/**
 * Splits a capture by server, each part with a clock that is so many nanoseconds ahead; gives `zk1=FILE` …
 * @param numbers takes the number in the whole of each `zk1:frame`
 */
function split(name: string, ahead: readonly number[], numbers?: Map<string, number>): string[] {
  const file = readFileSync(INCIDENTS + name);
  const all = readCapture(name.endsWith('.gz') ? gunzipSync(file) : file);
  const places = new Map(all.map((packet, i) => [packet, i + 1]));
  return byServer(all).map((packets, i) => {
    const path = place(`${i + 1}.pcap`);
    for (const [at, packet] of packets.entries()) numbers?.set(`zk${i + 1}:${at + 1}`, places.get(packet)!);
    writeFileSync(path, writePcap(packets.map((packet) => later(packet, ahead[i % ahead.length]!))));
    return `zk${i + 1}=${path}`;
  });
}

async function analyze(...argv: string[]): Promise<AnalyzeDocument> {
  const { stdout } = await runCli('analyze', '--json', ...argv);
  return JSON.parse(stdout) as AnalyzeDocument;
}

const rules = ({ findings }: AnalyzeDocument): string[] => findings.map(({ rule, title }) => `${rule} ${title}`).sort();
const proven = ({ findings }: AnalyzeDocument): string[] =>
  findings.filter(({ confidence }) => confidence === 'proven').map(({ rule }) => rule);

/** A value in which frames are those of the whole, and no hosts are named. */
function asInWhole(value: unknown, numbers: ReadonlyMap<string, number>): unknown {
  if (typeof value === 'string')
    return value.replace(/\bzk\d:\d+/g, (frame) => String(numbers.get(frame) ?? `${frame} is none`));
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => asInWhole(item, numbers));
  const entry = value as Record<string, unknown>;
  const copy: Record<string, unknown> = {};
  const beside = new Set<string>();
  for (const [name, item] of Object.entries(entry)) {
    const ofHost = name
      .replace('frame', 'host')
      .replace(/Frame$/, 'Host')
      .replace('firstEnd', 'firstEndHost');
    const number = (host: unknown, frame: unknown): unknown =>
      numbers.get(`${String(host)}:${String(frame)}`) ?? `${String(host)}:${String(frame)} is none`;
    if (ofHost === name || item === null || beside.has(name)) {
      if (!beside.has(name)) copy[name] = asInWhole(item, numbers);
      continue;
    }
    beside.add(ofHost);
    const host = entry[ofHost] ?? entry['host'];
    copy[name] = Array.isArray(item)
      ? item.map((frame, i) => number((host as unknown[])[i], frame))
      : number(host, item);
  }
  return copy;
}

describe('captures of several hosts', () => {
  it.each(captures)('%s, split by server, whose clocks are apart, says what the whole says', async (name) => {
    const whole = await analyze(INCIDENTS + name);
    for (const ahead of [
      [0, 3e6, -3e6],
      [0, -200e6, 200e6],
    ]) {
      const parts = split(name, ahead);
      const clocks = ahead.slice(1, parts.length).flatMap((by, i) => ['--clock', `zk${i + 2}=${by / 1e6}ms`]);
      const corrected = await analyze(...clocks, ...parts);
      expect(rules(corrected)).toEqual(rules(whole));
      const estimated = await analyze(...parts);
      for (const [i, { clock }] of estimated.captures.entries()) {
        if (i === 0 || clock?.uncertainty === null || clock === undefined) continue;
        // Rounded to microseconds.
        expect(Math.abs(clock.corrected + ahead[i % 3]! / 1e9)).toBeLessThanOrEqual(clock.uncertainty + 2e-6);
      }
      expect(proven(whole)).toEqual(expect.arrayContaining(proven(estimated)));
    }
  });

  it('what two servers prove together is likely where nothing is known of their clocks', async () => {
    const name = 'session-moved.pcap';
    const parts = split(name, [0, 200e6, -200e6]);
    const found = await analyze(...parts);
    const whole = await analyze(INCIDENTS + name);
    expect(proven(whole)).toContain('session-moved');
    for (const { rule, confidence, evidence } of found.findings) {
      const hosts = new Set(evidence.map((entry) => (entry as { host?: string }).host));
      const known = found.captures.every(({ clock }) => clock?.uncertainty !== null);
      if (hosts.size > 1 && !known) expect([rule, confidence]).not.toEqual([rule, 'proven']);
    }
  });

  it('frames are named by their host, as they are numbered there', async () => {
    const [first, second] = split('rewatch-missing.pcap', [0]);
    const { stdout, stderr } = await runCli('decode', '--json', first!, second!);
    expect(stderr).toMatch(/^zkscope: clocks against that of zk1; zk2 /);
    const messages = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { host: string; frame: number; time: string; op: string });
    for (const host of ['zk1', 'zk2']) {
      const own = await runCli('decode', '--json', (host === 'zk1' ? first! : second!).slice(4));
      const alone = own.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { frame: number; time: string; op: string });
      const its = messages.filter((message) => message.host === host);
      expect(its.map(({ frame, time, op }) => ({ frame, time, op }))).toEqual(
        alone.map(({ frame, time, op }) => ({ frame, time, op })),
      );
    }
    const text = await runCli('analyze', first!, second!);
    expect(text.stdout).toMatch(/ {2}frame zk[12]:\d+ /);
    expect(text.stdout).not.toMatch(/frame \d/);
  });

  it('every command names frames so, in text and in documents that keep to their schemas', async () => {
    const parts = split('sidecar-drop.pcap', [0]);
    const session = '0x30000248185008a';
    const path = '/tasks/cluster.bj_default_deployment.htool/10.77.0.33';
    const commands: Readonly<Record<string, string[]>> = {
      ...{ analyze: [], report: ['--markdown'], sessions: ['--wide'], stats: [], tree: [] },
      ...{ follow: [session], path: [path], diff: [] },
    };
    for (const [command, argv] of Object.entries(commands)) {
      const inputs = command === 'diff' ? parts.slice(0, 2) : parts;
      const text = await runCli(command, ...argv, ...inputs);
      expect([command, text.status]).toEqual([command, 0]);
      expect(text.stdout).not.toMatch(/frames? \d|#\d|`\d{3,5}`|\b\d,\d{3}, \d,\d{3}\b/);
      const json = await runCli(command, '--json', ...argv.filter((word) => word !== '--markdown'), ...inputs);
      const validate = addFormats
        .default(new Ajv2020({ strict: false }))
        .compile(JSON.parse(schemaText(command)) as object);
      expect(validate(JSON.parse(json.stdout)), `${command}: ${JSON.stringify(validate.errors?.slice(0, 3))}`).toBe(
        true,
      );
    }
    const report = await runCli('report', '--markdown', ...parts);
    expect(report.stdout).toMatch(/^- Frames: (`zk\d:\d+`(, )?)+$/m);
    expect(report.stdout).toMatch(/^zk1: frame\.number in \{\d+(, \d+)*\}$/m);
    expect(report.stdout).toMatch(/^\| \*\*zk1:86\*\* \|.*connect session 0x30000248185008a/m);
    const page = await runCli('report', ...parts);
    expect(page.stdout).toContain('zk1:86');
    const rows = await runCli('query', '--json', 'SELECT evidence FROM findings', ...parts);
    const cited = (await analyze(...parts)).findings.map(({ evidence }) =>
      evidence.map(({ host, frame }) => [host, frame]),
    );
    const found = rows.stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { evidence: { host: string; frame: number }[] }).evidence);
    expect(found.map((evidence) => evidence.map(({ host, frame }) => [host, frame]))).toEqual(cited);
    expect(new Set(cited.flat().map(([host]) => host))).toEqual(new Set(['zk1', 'zk2']));
  });

  it('whatever frame is named in a document, its host is named beside it', async () => {
    for (const name of captures) {
      const numbers = new Map<string, number>();
      const whole = await analyze(INCIDENTS + name);
      const parts = split(name, [0], numbers);
      if (parts.length === 1) continue;
      const found = await analyze(...parts);
      const measured = ({ findings }: AnalyzeDocument, of: (data: unknown) => unknown): string[] =>
        findings.map(({ rule, data }) => JSON.stringify([rule, of(data)])).sort();
      expect(
        measured(found, (data) => asInWhole(data, numbers)),
        name,
      ).toEqual(measured(whole, (data) => data));
    }
  });

  it('commands that make one capture, or one journal, refuse captures of several', async () => {
    const [first, second] = split('rewatch-missing.pcap', [0]);
    for (const command of ['slice', 'anonymize', 'record']) {
      const { status, stdout, stderr } = await runCli(command, '-o', place('out.pcapng'), first!, second!);
      expect([status, stdout, stderr]).toEqual([
        2,
        '',
        `zkscope: ${command} takes the captures of one host at a time, whose frames it numbers and whose clock it keeps: not zk1, zk2 together\n`,
      ]);
    }
    const one = await runCli('slice', '--finding', '1', '-o', place('out.pcapng'), first!);
    expect([one.status, one.stderr]).toEqual([0, expect.stringContaining('out.pcapng: ') as string]);
  });

  it('journals of several hosts are told apart by what their lines say', async () => {
    const name = 'rewatch-missing.pcap';
    const parts = split(name, [0, 30e6, -30e6]);
    for (const [i, part] of parts.entries())
      await runCli('record', '-o', place(`host${i + 1}-%H%M.ndjson.gz`), '--host', `zk${i + 1}`, part.slice(4));
    const files = readdirSync(place())
      .filter((file) => file.endsWith('.gz'))
      .sort()
      .map((file) => place(file));
    const clocks = parts.slice(1).flatMap((_, i) => ['--clock', `zk${i + 2}=${i === 0 ? 30 : -30}ms`]);
    expect(rules(await analyze(...clocks, ...files))).toEqual(rules(await analyze(INCIDENTS + name)));
  });

  it('lines of several hosts in one stream are told apart, and their clocks are not trusted', async () => {
    const parts = split('sidecar-drop.pcap', [0]);
    const lines: { readonly ts: number; readonly told?: number }[] = [];
    for (const [i, part] of parts.entries()) {
      const host = ['--flat', '--host', `zk${i + 1}.prod`];
      const { stdout } = await runCli('decode', '--json', '--connections', ...host, part.slice(4));
      lines.push(
        ...stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as { ts: number; told?: number }),
      );
    }
    // As a query of all hosts has them: in order of time, those of each host as they were written.
    lines.sort((a, b) => (a.told ?? a.ts) - (b.told ?? b.ts));
    const stream = place('selected.ndjson');
    writeFileSync(stream, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
    const together = await analyze(...parts);
    const selected = await analyze(stream);
    const said = ({ findings }: AnalyzeDocument): unknown[] =>
      findings.map(({ rule, confidence, evidence }) => [
        rule,
        confidence,
        evidence.map(({ host, frame }) => `${host?.slice(0, 3) ?? ''}:${frame}`),
      ]);
    expect(said(selected)).toEqual(said(together));
    const text = await runCli('analyze', stream);
    expect(text.stdout).toMatch(/ {2}frame zk1\.prod:37 /);
    // Filters choose by frames, which hosts have of their own.
    expect(rules(await analyze('--client', '10.77.0.34', stream))).toEqual(
      rules(await analyze('--client', '10.77.0.34', ...parts)),
    );
  });

  it('a clock of a host that is not there is refused', async () => {
    const { status, stderr } = await runCli('analyze', '--clock', 'zk9=1s', `${INCIDENTS}rewatch-missing.pcap`);
    expect([status, stderr]).toEqual([2, 'zkscope: --clock zk9: no capture is of that host; name it: zk9=FILE\n']);
  });
});
