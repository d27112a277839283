import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it, vi } from 'vitest';
import { schemaText } from '../../report/schemas.js';
import type { SessionRow, SessionsDocument } from '../../report/sessions/document.js';
import { runCli } from '../../testing/runCli.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const folder = fileURLToPath(new URL('../../../fixtures/protocol/', import.meta.url));
const reconnect = join(folder, 'reconnect-setwatches.pcap');
const everyOpcode = join(folder, 'every-opcode.pcap');
const validate = new Ajv2020({ strict: false }).compile(JSON.parse(schemaText('sessions')) as object);
const place = temporaryFolder();

async function sessionsOf(...argv: string[]): Promise<SessionsDocument> {
  const { stdout, status } = await runCli('sessions', '--json', ...argv);
  expect(status).toBe(0);
  const document: unknown = JSON.parse(stdout);
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  return document as SessionsDocument;
}

interface Line {
  kind: string;
  op: string;
  session?: string;
  client: string;
  server: string;
  time: string;
  timeout?: number;
  xid?: number;
}

function lines(capture: string): Line[] {
  const text = readFileSync(capture.replace('.pcap', '.expected.ndjson'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const seconds = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

describe('zkscope sessions', () => {
  for (const capture of [reconnect, everyOpcode]) {
    it(`lists the sessions of ${capture.slice(folder.length)} with what an independent decoder counts`, async () => {
      const { sessions, count } = await sessionsOf(capture);
      const all = lines(capture);
      const ids = new Set(all.flatMap(({ session }) => session ?? []));
      expect(count).toBe(ids.size);
      expect(new Set(sessions.map(({ session }) => session))).toEqual(ids);
      for (const row of sessions) {
        const own = all.filter(({ session, op }) => session === row.session && op !== 'connect');
        const of = (kind: string): Line[] => own.filter((line) => line.kind === kind);
        const pings = of('request').filter(({ op }) => op === 'ping');
        expect([row.requests, row.responses, row.notifications, row.pings]).toEqual([
          of('request').length,
          of('response').length,
          of('notification').length,
          pings.length,
        ]);
        expect(new Set(row.clients)).toEqual(new Set(own.map(({ client }) => client)));
        expect(row.servers).toEqual([...new Set(own.map(({ server }) => server))]);
        expect(row.end).toBe(
          own.some(({ op, kind }) => op === 'closeSession' && kind === 'response') ? 'closed' : row.end,
        );
        const connects = all.filter(({ op, client }) => op === 'connect' && row.clients.includes(client));
        const timeoutOf = (kind: string): number | undefined =>
          connects.filter((line) => line.kind === kind).at(-1)?.timeout;
        expect([row.timeoutAsked, row.timeout]).toEqual([timeoutOf('request'), timeoutOf('response')]);
        const times = of('request').map(({ time }) => time);
        const silences = times.slice(1).map((time, i) => seconds(times[i]!, time));
        // One that is open, or was lost, is silent to the end of the capture.
        const least = Math.max(0, ...silences);
        if (row.end === 'closed') expect(row.longestSilence).toBeCloseTo(least, 2);
        else expect(row.longestSilence).toBeGreaterThan(least - 0.01);
        const rhythm = of('request').flatMap((line, i, list) => {
          const before = list[i - 1];
          return line.op === 'ping' && before?.op === 'ping' && before.client === line.client
            ? [seconds(before.time, line.time)]
            : [];
        });
        if (rhythm.length === 0) expect(row.pingInterval).toBeNull();
        else {
          rhythm.sort((a, b) => a - b);
          const median = (rhythm[Math.floor((rhythm.length - 1) / 2)]! + rhythm[Math.floor(rhythm.length / 2)]!) / 2;
          expect(row.pingInterval).toBeCloseTo(median, 2);
        }
      }
    });
  }

  it('counts ephemerals of a session before it closed', async () => {
    const { sessions } = await sessionsOf('--session', '0x100003986b70000', everyOpcode);
    expect(sessions).toHaveLength(1);
    // getEphemerals of this session lists four of them.
    expect(sessions[0]).toMatchObject({ end: 'closed', ephemerals: 4, pingExpected: 3.333333 });
  });

  it('chooses sessions by their messages, and tells all of those that it chose', async () => {
    const all = (await sessionsOf(reconnect)).sessions;
    const some = await sessionsOf('--op', 'setWatches', reconnect);
    expect(some.count).toBeGreaterThan(0);
    expect(some.count).toBeLessThan(all.length);
    for (const row of some.sessions) expect(all).toContainEqual(row);
    const later = await sessionsOf('--from', '+10s', reconnect);
    expect(later.sessions.map(({ session }) => session)).not.toContain('0x300003987020007');
  });

  it('sorts and shows the top', async () => {
    const byRequests = (await sessionsOf('--sort', 'requests', reconnect)).sessions.map((row) => row.requests);
    expect(byRequests).toEqual([...byRequests].sort((a, b) => b - a));
    for (const column of ['silence', 'ping', 'client', 'session', 'to', 'duration', 'timeout', 'watches']) {
      const { sessions, sessionsNotShown } = await sessionsOf('--sort', column, '--top', '2', reconnect);
      expect([sessions.length, sessionsNotShown]).toEqual([2, 3]);
    }
    const silent = (await sessionsOf('--sort', 'silence', reconnect)).sessions.map(
      (row: SessionRow) => row.longestSilence,
    );
    expect(silent).toEqual([...silent].sort((a, b) => b - a));
  });

  it('prints one line a session that fits 80 columns', async () => {
    vi.stubEnv('COLUMNS', '80');
    const { stdout, status } = await runCli('sessions', reconnect);
    vi.unstubAllEnvs();
    expect(status).toBe(0);
    expect(stdout).toMatch(/5\ssessions:\s5\sclosed\./);
    expect(stdout).toMatch(/^Session +client +servers .*end +timeout .*silence$/m);
    expect(stdout.split('\n').filter((line) => line.startsWith('0x'))).toHaveLength(5);
    // But for a capture's path, which may be longer than a line.
    const lines = stdout.split('\n').filter((line) => !/^\/\S+$/.test(line));
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('has all columns in a pipe and with --wide, and says whose time it is', async () => {
    const captures = ['sidecar-drop', 'watch-lost-after-reconnect'].map((name) =>
      join(folder, `../incidents/${name}.pcap`),
    );
    const { stdout } = await runCli('sessions', ...captures);
    expect(stdout).toMatch(/^2 captures, 2026-11-21 00:17:27 to 00:22:07 UTC: 16 sessions: /);
    for (const title of ['ephemerals', 'pings every', 'silence', 'watches']) expect(stdout).toContain(title);
  });

  it('counts the silence that ended a session', async () => {
    const { sessions } = await sessionsOf('--sort', 'silence', join(folder, '../incidents/sidecar-drop.pcap'));
    expect(sessions.slice(0, 2).map(({ end }) => end)).toEqual(['expired', 'expired']);
    // What analyze says: after 16 s of silence, of a timeout of 6 s.
    for (const { longestSilence } of sessions.slice(0, 2)) expect(longestSilence).toBeCloseTo(16, 0);
  });

  it('says something sensible where there is nothing to list', async () => {
    const none = await runCli('sessions', '--client', '192.0.2.1', reconnect);
    expect(none).toMatchObject({ status: 0, stdout: '' });
    expect(none.stderr).toMatch(
      /^zkscope: no session has a message that passes the filters; --client 192\.0\.2\.1: nothing in the capture is of it \(there are 10\.77\.[^\n]*\)\n$/,
    );
    const empty = place('empty.pcap');
    writeFileSync(empty, readFileSync(reconnect).subarray(0, 24));
    expect((await runCli('sessions', empty)).stderr).toBe('zkscope: the capture has no packets\n');
    const cut = place('cut.pcap');
    writeFileSync(cut, readFileSync(reconnect).subarray(0, 9000));
    const part = await runCli('sessions', cut);
    expect(part.status).toBe(0);
    expect(part.stdout).toContain('Not seen:');
    const text = place('text');
    writeFileSync(text, 'no capture');
    expect((await runCli('sessions', text)).status).toBe(2);
  });

  it('always shows the column that it sorts by', async () => {
    for (const [sort, title] of [
      ['silence', 'silence'],
      ['ping', 'pings every'],
      ['duration', 'for'],
      ['to', 'to'],
    ]) {
      const { stdout } = await runCli('sessions', '--sort', sort!, reconnect);
      expect(stdout.split('\n').find((line) => line.startsWith('Session'))).toMatch(new RegExp(` ${title!}( |$)`));
    }
  });
});
