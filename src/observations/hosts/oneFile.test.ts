import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { AnalyzeDocument } from '../../report/analyze/document.js';
import { type Packet, readCapture, writePcap } from '../../testing/captureFile.js';
import { byServer, later } from '../../testing/capturePoints.js';
import { PcapngWriter } from '../../testing/pcapngFile.js';
import { runCli } from '../../testing/runCli.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const INCIDENTS = fileURLToPath(new URL('../../../fixtures/incidents/', import.meta.url));
/** Nanoseconds that the clocks of the servers are ahead. */
const AHEAD = [0, -200e6, 200e6];
const ETHERNET = 1;
const IF_NAME = 2;

const place = temporaryFolder();

interface Captured {
  readonly packet: Packet;
  readonly host: number;
  /** Number among the packets of its host. */
  readonly frame: number;
}

const when = ({ packet: { seconds, nanos } }: Captured): number => seconds + nanos / 1e9;

/** What each server captured, in order of time by their clocks: as mergecap puts it together. */
function captured(name: string): Captured[] {
  const packets = readCapture(readFileSync(INCIDENTS + name));
  return byServer(packets)
    .flatMap((part, host) => part.map((packet, i) => ({ packet: later(packet, AHEAD[host]!), host, frame: i + 1 })))
    .sort((a, b) => when(a) - when(b));
}

/** `zk1=FILE` …, one file a server. */
function apart(packets: readonly Captured[]): string[] {
  return [...new Set(packets.map(({ host }) => host))].sort().map((host) => {
    const path = place(`part${host + 1}.pcap`);
    writeFileSync(path, writePcap(packets.filter((one) => one.host === host).map(({ packet }) => packet)));
    return `zk${host + 1}=${path}`;
  });
}

/** One pcapng with an interface for each server. */
function merged(packets: readonly Captured[], names: readonly string[]): string {
  const writer = new PcapngWriter().section();
  for (const value of names) writer.interface({ linkType: ETHERNET, options: [{ code: IF_NAME, value }] });
  for (const { packet, host } of packets) writer.packet(packet, host);
  const path = place('all.pcapng');
  writeFileSync(path, writer.bytes());
  return path;
}

async function analyze(...argv: string[]): Promise<AnalyzeDocument> {
  const { stdout, stderr } = await runCli('analyze', '--json', ...argv);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as AnalyzeDocument;
}

/** Findings, with frames as `name` calls them. */
const said = ({ findings }: AnalyzeDocument, name: (host: string | undefined, frame: number) => unknown): unknown[] =>
  findings.map(({ rule, confidence, evidence, from, to }) => [
    ...[rule, confidence, from, to],
    ...evidence.map(({ host, frame, time }) => [name(host, frame), time]),
  ]);

const clocks = ({ captures }: AnalyzeDocument): unknown[] => captures.map(({ host, clock }) => [host, clock]);
const asIs = (host: string | undefined, frame: number): string => `${host ?? ''}:${frame}`;

describe('captures of several hosts in one file', () => {
  it.each(['sidecar-drop.pcap', 'rewatch-missing.pcap', 'session-moved.pcap'])(
    '%s: interfaces are hosts where that is asked for, and their clocks are compared and set right',
    async (name) => {
      const packets = captured(name);
      const together = await analyze(...apart(packets));
      const file = merged(packets, ['zk1', 'zk2', 'zk3']);
      const found = await analyze('--hosts-by', 'interface', file);
      expect(clocks(found)).toEqual(clocks(together));
      // Frames have the numbers that they have in the file.
      const inFile = new Map(packets.map(({ host, frame }, i) => [`zk${host + 1}:${frame}`, `zk${host + 1}:${i + 1}`]));
      expect(said(found, asIs)).toEqual(said(together, (host, frame) => inFile.get(asIs(host, frame))));
      expect(found.captures.map(({ file: of, packets: count }) => [of, count])).toEqual(
        together.captures.map(({ host, packets: count }) => [`${host!}=${file}`, count]),
      );
      // Otherwise they are of one host: a host has several interfaces.
      const plain = await analyze(file);
      expect(plain.captures.map(({ host, clock }) => [host, clock])).toEqual([[undefined, undefined]]);
    },
  );

  it('interfaces of one name are hosts of their own, and a report reads them a second time', async () => {
    const packets = captured('sidecar-drop.pcap');
    const file = merged(packets, ['eth0', 'eth0', 'Ethernet 2\u001b[31m']);
    const { captures, findings } = await analyze('--hosts-by', 'interface', file);
    expect(captures.map(({ host }) => host)).toEqual(['eth0', 'eth0-2', 'Ethernet-2-31m']);
    expect(findings.length).toBeGreaterThan(0);
    const report = await runCli('report', '--markdown', '--hosts-by', 'interface', file);
    expect([report.status, report.stdout]).toEqual([0, expect.stringMatching(/`eth0:\d+`/) as string]);
    expect(report.stdout).toMatch(/^\| \*\*eth0:\d+\*\* \|.*connect session/m);
  });

  it('files are hosts by their names where that is asked for', async () => {
    const named = apart(captured('sidecar-drop.pcap'));
    const together = await analyze(...named);
    const found = await analyze('--hosts-by', 'file', ...named.map((input) => input.slice(4)));
    expect(found.captures.map(({ host }) => host)).toEqual(['part1', 'part2', 'part3']);
    expect(said(found, asIs)).toEqual(said(together, (host, frame) => `part${host!.slice(2)}:${frame}`));
  });

  it('commands that write one capture take no --hosts-by', async () => {
    const [one] = apart(captured('sidecar-drop.pcap'));
    for (const command of ['slice', 'annotate', 'record']) {
      const argv = ['--hosts-by', 'file', '-o', place('out'), one!];
      const { status, stderr } = await runCli(command, ...argv);
      expect([status, stderr]).toEqual([2, expect.stringMatching(/takes the captures of one host .* no --hosts-by/)]);
    }
  });

  it('hosts without number are read no oftener than others', async () => {
    const [packet] = captured('sidecar-drop.pcap');
    const names = Array.from({ length: 70 }, (_, i) => `eth${i}`);
    const file = merged(
      names.map((_, host) => ({ ...packet!, host })),
      names,
    );
    const { status, stderr } = await runCli('analyze', '--hosts-by', 'interface', file);
    const why = 'packets of more than 64 interfaces are in it; name its host: zk1=FILE';
    expect([status, stderr]).toEqual([2, `zkscope: ${file}: ${why}\n`]);
    const time = '2026-11-21T00:17:27.000000Z';
    const lines = names.map((host, frame) => JSON.stringify({ kind: 'journal', time, host, frame, version: 1 }));
    const journal = place('many.ndjson');
    writeFileSync(journal, `${lines.join('\n')}\n`);
    expect((await analyze(journal)).captures).toHaveLength(1);
  });

  it('a stream is refused, whose hosts would have to be looked for first', async () => {
    const pipe = place('refused');
    execFileSync('mkfifo', [pipe]);
    const why = 'it is read once, and hosts are looked for before (--hosts-by); write it to a file first';
    for (const [by, input] of [
      ['file', '-'],
      ['interface', '-'],
      ['interface', pipe],
    ] as const) {
      const { status, stdout, stderr } = await runCli('analyze', '--hosts-by', by, input);
      expect([status, stdout, stderr]).toEqual([2, '', `zkscope: ${input}: ${why}\n`]);
    }
  });

  /** Lines of each host, in order of time by their clocks, as a query of all hosts gives them. */
  async function selected(packets: readonly Captured[]): Promise<string> {
    const lines: { readonly ts: number; readonly told?: number }[] = [];
    for (const part of apart(packets)) {
      const host = ['--flat', '--host', part.slice(0, 3)];
      const { stdout } = await runCli('decode', '--json', '--connections', ...host, part.slice(4));
      for (const line of stdout.trimEnd().split('\n')) lines.push(JSON.parse(line) as (typeof lines)[number]);
    }
    lines.sort((a, b) => (a.told ?? a.ts) - (b.told ?? b.ts));
    return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
  }

  it.each(['sidecar-drop.pcap', 'rewatch-missing.pcap', 'session-moved.pcap'])(
    '%s: lines of several hosts in one file are as good as a file for each',
    async (name) => {
      const packets = captured(name);
      const together = await analyze(...apart(packets));
      const file = place('selected.ndjson');
      writeFileSync(file, await selected(packets));
      const found = await analyze(file);
      expect(clocks(found)).toEqual(clocks(together));
      expect(said(found, asIs)).toEqual(said(together, asIs));
    },
  );

  it('lines of several hosts in a stream are not set right, and it is said by how much they should be', async () => {
    const packets = captured('rewatch-missing.pcap');
    const [file, pipe] = [place('selected.ndjson'), place('pipe')];
    writeFileSync(file, await selected(packets));
    execFileSync('mkfifo', [pipe]);
    const writer = spawn('sh', ['-c', `cat '${file}' > '${pipe}'`]);
    const { stdout, stderr } = await runCli('analyze', '--json', pipe);
    await once(writer, 'close');
    const { captures, findings } = JSON.parse(stdout) as AnalyzeDocument;
    expect(captures).toHaveLength(1);
    // The clock of the host that comes first is that by which the others are told.
    const order = captures[0]!.hosts!.map(({ host }) => host);
    const together = await analyze(...order.map((host) => apart(packets).find((input) => input.startsWith(host))!));
    expect(captures[0]?.hosts).toEqual(
      together.captures.map(({ host, clock }) => ({
        host,
        clock: { ...clock, corrected: 0, ...(clock!.corrected === 0 ? {} : { estimated: clock!.corrected }) },
      })),
    );
    expect(together.captures.map(({ clock }) => Math.round(clock!.corrected * 5))).toEqual([0, -1, -2]);
    expect(stderr).toMatch(
      /^zkscope: clocks of zk2, zk1, zk3 in one stream: zk1 207 ms ahead \(± 9\.7 ms\); zk3 \d+ ms ahead .*; none corrected/,
    );
    for (const { evidence, confidence } of findings)
      if (new Set(evidence.map(({ host }) => host)).size > 1 && confidence === 'proven')
        for (const [i, { host, time }] of evidence.entries()) {
          const before = evidence[i - 1];
          if (before === undefined || before.host === host) continue;
          expect(Date.parse(time) - Date.parse(before.time)).toBeGreaterThan(200);
        }
  });
});
