import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { journalSchema } from '../../report/decode/schema.js';
import type { AnalyzeDocument } from '../../report/analyze/document.js';
import { readCapture, writePcap } from '../../testing/captureFile.js';
import { runCli } from '../../testing/runCli.js';

const INCIDENTS = fileURLToPath(new URL('../../../fixtures/incidents/', import.meta.url));
const captures = readdirSync(INCIDENTS).filter((name) => /\.pcap(\.gz)?$/.test(name));

let folder = '';
let captureFolder = '';
beforeEach(() => {
  captureFolder = mkdtempSync(join(tmpdir(), 'zkscope-'));
  folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
});
afterEach(() => {
  for (const path of [folder, captureFolder]) rmSync(path, { recursive: true });
});

/** A capture in so many, each but the last without its last ten frames. */
function split(capture: Buffer, count: number): Buffer[] {
  const packets = readCapture(capture);
  const each = Math.ceil(packets.length / count);
  return Array.from({ length: count }, (_, i) => {
    const part = packets.slice(i * each, (i + 1) * each);
    return writePcap(i < count - 1 ? part.slice(0, -10) : part);
  });
}

const names = (): string => join(folder, 'zk1-%Y%m%d-%H%M%S.ndjson.gz');
const files = (): string[] =>
  readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));

async function record(...argv: string[]): Promise<void> {
  const { status, stdout } = await runCli('record', '-o', names(), '--host', 'zk1', ...argv);
  expect([status, stdout]).toEqual([0, '']);
}

async function analyze(...inputs: string[]): Promise<AnalyzeDocument> {
  const { stdout } = await runCli('analyze', '--json', ...inputs);
  return JSON.parse(stdout) as AnalyzeDocument;
}

const isLine = (() => {
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  return ajv.compile(journalSchema());
})();

/** Findings without what depends on how connections are numbered. */
function findings({ findings: found }: AnalyzeDocument): unknown[] {
  return found.map((finding) => ({ ...finding, connection: undefined }));
}

const rulesProven = ({ findings: found }: AnalyzeDocument): string[] => [
  ...new Set(found.filter(({ confidence }) => confidence === 'proven').map(({ rule }) => rule)),
];

describe('zkscope record', () => {
  it.each(captures)('%s: its files together say what the capture says', async (name) => {
    const whole = await analyze(INCIDENTS + name);
    await record('--every', '4s', INCIDENTS + name);
    if (name !== 'large-response.pcap.gz') expect(files().length).toBeGreaterThan(1);
    const together = await analyze(...files());
    expect(findings(together)).toEqual(findings(whole));
    expect(together.summary).toEqual(whole.summary);
    expect(together.sessions.length).toBe(whole.sessions.length);
  });

  it('each file can be read alone: its connections have their sessions, and nothing is proven that is not so', async () => {
    const [capture] = ['healthy-mixed.pcap.gz'];
    await record('--every', '40s', INCIDENTS + capture);
    const whole = await analyze(INCIDENTS + capture);
    const known = new Set(whole.sessions.map(({ session }) => session));
    for (const file of files()) {
      for (const line of gunzipSync(readFileSync(file)).toString().trimEnd().split('\n'))
        expect(isLine(JSON.parse(line)) || isLine.errors).toBe(true);
      const alone = await analyze(file);
      expect(alone.findings).toEqual([]);
      for (const { session, timeout } of alone.sessions) {
        expect(known.has(session)).toBe(true);
        expect(timeout).not.toBe(null);
      }
      expect(alone.captures.map(({ problems, truncated }) => ({ problems, truncated }))).toEqual([
        { problems: [], truncated: false },
      ]);
    }
  });

  it.each(['rewatch-ok.pcap', 'sidecar-drop.pcap', 'nodeexists-ok.pcap'])(
    '%s: of a recorder that was killed and started again, nothing is proven that is not so',
    async (name) => {
      const whole = rulesProven(await analyze(INCIDENTS + name));
      for (const [i, part] of split(readFileSync(INCIDENTS + name), 3).entries()) {
        const capture = join(captureFolder, `${i}.pcap`);
        writeFileSync(capture, part);
        await record('--every', '1h', capture);
        const [file] = files();
        if (i < 2) truncateSync(file!, statSync(file!).size - 40);
      }
      expect(whole).toEqual(expect.arrayContaining(rulesProven(await analyze(...files()))));
    },
  );

  it('writes into no capture that it reads', async () => {
    const copy = join(folder, 'x.pcap.gz');
    copyFileSync(`${INCIDENTS}herd.pcap.gz`, copy);
    for (const input of [copy, `zk1=${copy}`]) {
      const { status, stderr } = await runCli('record', '-o', copy, input);
      expect([status, stderr]).toEqual([2, `zkscope: cannot write ${copy}: it is one of the captures\n`]);
    }
    expect(readFileSync(copy)).toEqual(readFileSync(`${INCIDENTS}herd.pcap.gz`));
  });

  it('says what it cannot write', async () => {
    const missing = join(folder, 'no', 'x.ndjson');
    const { status, stderr } = await runCli('record', '-o', missing, `${INCIDENTS}herd.pcap.gz`);
    expect([status, stderr]).toEqual([2, `zkscope: cannot write ${missing}: no such directory\n`]);
    const template = await runCli('record', '-o', 'x-%q', `${INCIDENTS}herd.pcap.gz`);
    expect(template.status).toBe(2);
    expect(template.stderr).toContain('%q is not understood');
  });
});
