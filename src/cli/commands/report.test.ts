import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { runCli } from '../../testing/runCli.js';
import { Replay } from '../reading/replay.js';

vi.mock('../../report/pageScript.js', async () => {
  const { pageScript } = await import('../../../scripts/pageScript.js');
  const script = await pageScript();
  return { pageScript: () => script };
});

const FIXTURES = fileURLToPath(new URL('../../../fixtures/incidents/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'zkscope-report-'));
const place = (name: string): string => join(folder, name);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('zkscope report', () => {
  it('writes one HTML file, and says on standard error what it found', async () => {
    const { status, stdout, stderr } = await runCli('report', `${FIXTURES}sidecar-drop.pcap`, '-o', place('a.html'));
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/^zkscope: .*a\.html: 2 clients gone, or cut off from 2 servers\n$/);
    expect(readFileSync(place('a.html'), 'utf8')).toMatch(/^<!doctype html>/);
  });

  it('writes Markdown to standard output, with frames and filters', async () => {
    const { status, stdout } = await runCli('report', '--markdown', `${FIXTURES}rpcx-blind-window.pcap.gz`);
    expect(status).toBe(0);
    expect(stdout).toContain('# Changes fall into a blind window');
    expect(stdout).toContain('frame.number in {415, 421, 568}');
    expect(stdout).toContain('| **568** | 00:17:09.566964 |');
    expect(stdout).toContain('out of date since 00:17:17.269273 UTC (frame 2652)');
  });

  it('shows the findings that were asked for, and says that others were kept out', async () => {
    const file = `${FIXTURES}sidecar-drop.pcap`;
    const some = (await runCli('report', '--markdown', file, '--rule', 'session-expired')).stdout;
    expect(some).toContain('# 2 sessions expired');
    expect(some).not.toContain('half-open-connection, proven');
    const none = (await runCli('report', '--markdown', file, '--client', '10.1.1.1')).stdout;
    expect(none).toContain('# Nothing wrong found');
    expect(none).toMatch(/5 findings kept out by the filters/);
  });

  it('never writes over a capture', async () => {
    writeFileSync(place('capture.pcap'), readFileSync(`${FIXTURES}sidecar-drop.pcap`));
    for (const input of [place('capture.pcap'), `zk1=${place('capture.pcap')}`]) {
      for (const command of ['report', 'slice', 'anonymize']) {
        const { status, stderr } = await runCli(command, input, '-o', place('capture.pcap'));
        expect([command, status, stderr]).toEqual([
          command,
          2,
          `zkscope: ${place('capture.pcap')} is one of the captures: it will not be written over\n`,
        ]);
      }
    }
    expect(readFileSync(place('capture.pcap'))).toEqual(readFileSync(`${FIXTURES}sidecar-drop.pcap`));
  });

  it('reads captures whose host is named a second time too, for what the evidence carries', async () => {
    const file = `${FIXTURES}sidecar-drop.pcap`;
    const plain = await runCli('report', '--markdown', file);
    const named = await runCli('report', '--markdown', `zk1=${file}`);
    expect(named.stdout.split('\n').length).toBe(plain.stdout.split('\n').length);
  });

  it('says in one line where it cannot write', async () => {
    const { status, stderr } = await runCli('report', `${FIXTURES}sidecar-drop.pcap`, '-o', place('none/a.html'));
    expect(status).toBe(2);
    expect(stderr).toMatch(/^zkscope: cannot write .*none\/a\.html: .*\n$/);
  });

  it('makes sense of a capture that is empty, cut short, or not of ZooKeeper', async () => {
    const whole = readFileSync(`${FIXTURES}sidecar-drop.pcap`);
    writeFileSync(place('empty.pcap'), whole.subarray(0, 24));
    writeFileSync(place('cut.pcap'), whole.subarray(0, 20_001));
    const empty = await runCli('report', '--markdown', place('empty.pcap'));
    expect([empty.status, empty.stdout]).toEqual([0, expect.stringContaining('Nothing to judge')]);
    const cut = await runCli('report', '--markdown', place('cut.pcap'));
    expect(cut.stdout).toContain('cut short');
    await runCli('report', place('empty.pcap'), '-o', place('empty.html'));
    expect(existsSync(place('empty.html'))).toBe(true);
    writeFileSync(place('text'), 'no capture at all, but long enough to be looked at');
    expect((await runCli('report', place('text'), '-o', place('b.html'))).status).toBe(2);
    expect(existsSync(place('b.html'))).toBe(false);
  });
});

describe('Replay', () => {
  const drain = async (stream: AsyncIterable<Buffer>): Promise<string> => {
    let text = '';
    for await (const chunk of stream) text += chunk.toString();
    return text;
  };
  const read = async (limit: number): Promise<Replay> => {
    const stdin = new PassThrough();
    const replay = new Replay(['-'], stdin, limit);
    const [input] = replay.inputs;
    stdin.end('some bytes');
    if (typeof input !== 'object') throw new Error('standard input is to be a stream');
    expect(await drain(input.stream)).toBe('some bytes');
    return replay;
  };

  it('reads standard input a second time while it is short enough', async () => {
    const [input] = (await read(100)).again()!;
    expect(typeof input === 'object' && (await drain(input.stream))).toBe('some bytes');
    expect((await read(5)).again()).toBeNull();
  });
});

describe('a capture that is another when it is read again', () => {
  const text = (bytes: Buffer, change: () => void): Promise<{ status: number; stdout: string; stderr: string }> => {
    writeFileSync(place('ring.pcap'), bytes);
    const { prototype } = Replay;
    const again = vi.spyOn(prototype, 'again').mockImplementationOnce(function (this: Replay) {
      again.mockRestore();
      change();
      return this.again();
    });
    writeFileSync(place('ring.md'), 'the report of before');
    return runCli('report', place('ring.pcap'), '-o', place('ring.md'));
  };
  const refused = { status: 2, stdout: '' };
  const whole = readFileSync(`${FIXTURES}sidecar-drop.pcap`);
  const other = readFileSync(`${FIXTURES}hot-loop-ok.pcap.gz`);

  it('is refused, and the report of before left as it was: another file of that name', async () => {
    const { stderr, ...rest } = await text(whole, () => {
      rmSync(place('ring.pcap'));
      writeFileSync(place('ring.pcap'), other);
    });
    expect(rest).toEqual(refused);
    expect(stderr).toMatch(/^zkscope: \S*ring.pcap: it is another file by now\b.*\n$/);
    expect(readFileSync(place('ring.md'), 'utf8')).toBe('the report of before');
  });

  it('so is one that is gone', async () => {
    const { stderr, ...rest } = await text(whole, () => {
      rmSync(place('ring.pcap'));
    });
    expect(rest).toEqual(refused);
    expect(stderr).toMatch(/^zkscope: \S*ring.pcap: it is another file by now\b.*\n$/);
  });

  it('and the same file with other frames, from the middle on', async () => {
    const { stderr, ...rest } = await text(whole, () => {
      const changed = Buffer.from(whole);
      // Seconds and microseconds of every frame behind the first 4 kB.
      for (let at = 24; at + 16 <= changed.length; at += 16 + changed.readUInt32LE(at + 8))
        if (at > 5000) changed.writeUInt32LE(changed.readUInt32LE(at) + 1, at);
      writeFileSync(place('ring.pcap'), changed);
    });
    expect(rest).toEqual(refused);
    expect(stderr).toMatch(/^zkscope: \S*ring.pcap: frame \d+ is another by now\b.*\n$/);
  });

  it('but one that has grown is read as far as it was', async () => {
    const { status } = await text(whole, () => {
      writeFileSync(place('ring.pcap'), Buffer.concat([whole, whole.subarray(24)]));
    });
    expect(status).toBe(0);
    expect(readFileSync(place('ring.md'), 'utf8')).not.toContain('could be read only once');
  });
});
