import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { analyse, fixture, fixturePackets } from '../../testing/analyseCapture.js';
import { readCapture } from '../../testing/captureFile.js';
import { packetComments } from '../../testing/packetComments.js';
import { writePcapng } from '../../testing/pcapngFile.js';
import { runCli } from '../../testing/runCli.js';
import { truths } from '../../testing/truth.js';
import { hasCapinfos, hasEditcap, hasTshark, run } from '../../testing/tshark.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
const NAME = 'incidents/sidecar-drop.pcap';
const place = temporaryFolder();

async function annotated(capture: string, ...options: string[]): Promise<Buffer> {
  const { status, stderr } = await runCli('annotate', capture, '-o', place('commented.pcapng'), ...options);
  expect(status, stderr).toBe(0);
  return readFileSync(place('commented.pcapng'));
}

const HEAD = /^zkscope: finding (\d+), (\w+) ([\w-]+) \((\w+)\), incident (\d+), evidence (\d+) of (\d+): (.*)/;

describe('zkscope annotate', () => {
  it.each(
    truths('incidents')
      .filter(({ capture }) => capture.endsWith('.pcap'))
      .map(({ capture }) => [capture]),
  )('%s: each piece of evidence is said at its frame, and nothing else is changed', async (capture) => {
    const { document } = await analyse([fixture(capture)]);
    const bytes = await annotated(FIXTURES + capture);
    expect(readCapture(bytes)).toEqual(fixturePackets(capture));
    const told = (await packetComments(bytes)).flatMap((comments, i) =>
      comments.map((text) => {
        const [, id, severity, rule, confidence, incident, piece, of, said] = HEAD.exec(text)!;
        return [Number(id), severity, rule, confidence, Number(incident), Number(piece), Number(of), i + 1, said];
      }),
    );
    const owed = document.findings.flatMap(({ id, severity, rule, confidence, incident, evidence }) =>
      evidence.map(({ frame, text }, i) => [
        id,
        severity,
        rule,
        confidence,
        incident,
        i + 1,
        evidence.length,
        frame,
        text,
      ]),
    );
    expect(new Set(told.map((one) => JSON.stringify(one)))).toEqual(new Set(owed.map((one) => JSON.stringify(one))));
    expect((await analyse([bytes])).document.findings).toEqual(document.findings);
  });

  it('what others said stays; options choose the findings', async () => {
    writeFileSync(
      place('said.pcapng'),
      writePcapng(fixturePackets(NAME), { extras: true, bigEndian: true, sections: 2 }),
    );
    const before = await packetComments(readFileSync(place('said.pcapng')));
    const bytes = await annotated(place('said.pcapng'), '--rule', 'session-expired');
    const after = await packetComments(bytes);
    expect(after.map((comments) => comments.filter((text) => !text.startsWith('zkscope')))).toEqual(before);
    const told = after.flat().filter((text) => text.startsWith('zkscope'));
    expect(told.length).toBeGreaterThan(0);
    expect(told.filter((text) => !text.includes(' session-expired '))).toEqual([]);
  });

  it('never writes over the capture, and not what it cannot read twice', async () => {
    writeFileSync(place('own.pcap'), fixture(NAME));
    const over = await runCli('annotate', place('own.pcap'), '-o', place('own.pcap'));
    expect([over.status, over.stderr]).toEqual([2, expect.stringContaining('will not be written over')]);
    expect(readFileSync(place('own.pcap')).equals(fixture(NAME))).toBe(true);
  });

  it.skipIf(!hasTshark || !hasCapinfos || !hasEditcap)(
    'tshark finds the comments, capinfos the verdict, editcap copies it (skipped where they are not installed)',
    async () => {
      for (const capture of [NAME, 'etcd/lease-storm.pcapng.gz']) {
        const { document } = await analyse([fixture(capture)]);
        await annotated(FIXTURES + capture);
        const file = place('commented.pcapng');
        const filter = 'frame.comment contains "zkscope"';
        const frames = run('tshark', ['-r', file, '-Y', filter, '-T', 'fields', '-e', 'frame.number']);
        const owed = new Set(document.findings.flatMap(({ evidence }) => evidence.map(({ frame }) => frame)));
        expect(frames.trim().split('\n').map(Number)).toEqual([...owed].sort((a, b) => a - b));
        const comments = run('tshark', ['-r', file, '-Y', 'frame.comment', '-T', 'fields', '-e', 'frame.comment']);
        expect(comments).toContain(document.findings[0]!.rule);
        expect(run('capinfos', [file])).toMatch(/Capture comment: +zkscope [\d.]+: /);
        run('editcap', [file, place('copy.pcapng')]);
        expect((await packetComments(readFileSync(place('copy.pcapng')))).flat().length).toBeGreaterThan(1);
      }
    },
  );
});
