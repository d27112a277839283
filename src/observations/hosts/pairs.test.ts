import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../testing/runCli.js';

const PAIRS = new URL('../../../fixtures/pairs/', import.meta.url).pathname;
const [CLIENT, SERVER] = [`${PAIRS}relay-client.pcap.gz`, `${PAIRS}relay-server.pcap.gz`];

interface Relayed {
  readonly bytes: number;
  readonly seconds: number;
  readonly dropped: number;
}
type Line = Readonly<Record<string, unknown>> & { readonly kind: string; readonly length: number };

const truth = JSON.parse(readFileSync(`${PAIRS}relay.truth.json`, 'utf8')) as Record<
  'toServer' | 'toClient',
  Relayed[]
>;

async function decode(...inputs: string[]): Promise<Line[]> {
  const { stdout } = await runCli('decode', '--json', ...inputs);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** What the relay did to each request and answer, by xid. */
async function relayed(kind: string, logged: readonly Relayed[]): Promise<Map<unknown, Relayed>> {
  const messages = (await decode(CLIENT)).filter((message) => message.kind === kind);
  expect(messages.map(({ length }) => length + 4)).toEqual(logged.map(({ bytes }) => bytes));
  return new Map(messages.map(({ xid }, i) => [xid, logged[i]!]));
}

describe('a connection that was captured at both ends', () => {
  it('is one, each of its messages counts once, and each answer says where its time went', async () => {
    const alone = await decode(CLIENT);
    const both = await decode(`client=${CLIENT}`, `server=${SERVER}`);
    expect(both.map(({ kind, xid, latency }) => [kind, xid, latency])).toEqual(
      alone.map(({ kind, xid, latency }) => [kind, xid, latency]),
    );
    const [there, back] = [await relayed('request', truth.toServer), await relayed('response', truth.toClient)];
    const apart: number[] = [];
    let late = 0;
    for (const { kind, xid, wayThere, inServer, wayBack, latency } of both) {
      if (kind !== 'response' || (xid as number) <= 0 || xid === undefined) continue;
      expect((wayThere as number) + (inServer as number) + (wayBack as number)).toBeCloseTo(latency as number, 5);
      apart.push(
        Math.abs((wayThere as number) - there.get(xid)!.seconds),
        Math.abs((wayBack as number) - back.get(xid)!.seconds),
      );
      if ((wayBack as number) > 0.2) late++;
    }
    // The relay was not alone on its machine: it handed some on a little later than it meant to.
    apart.sort((a, b) => a - b);
    expect(apart[apart.length >> 1]).toBeLessThan(0.001);
    expect(apart.at(-1)).toBeLessThan(0.1);
    expect(late).toBe(truth.toClient.filter(({ seconds }) => seconds > 0.2).length);
  });

  it('slow requests say it: the server was quick, the answer was long on its way', async () => {
    const argv = ['--set', 'slow-request.latency=0.25', '--set', 'slow-request.factor=5'];
    const { stdout } = await runCli('analyze', '--json', ...argv, `client=${CLIENT}`, `server=${SERVER}`);
    const { findings } = JSON.parse(stdout) as { findings: { rule: string; message: string; data: Line }[] };
    const [slow] = findings.filter(({ rule }) => rule === 'slow-request');
    expect(slow?.message).toMatch(
      /ms it was \d[\d.]* (ms|µs) in the server; the request was on its way for [\d.]+ ms, the answer for \d{3} ms\.$/,
    );
    expect(slow?.data['slowestParts']).toMatchObject({ inServer: expect.any(Number) as number });
    // Seen from the server there is nothing slow.
    const atServer = await runCli('analyze', '--json', ...argv, SERVER);
    const seenThere = (JSON.parse(atServer.stdout) as { findings: { rule: string }[] }).findings;
    expect(seenThere.filter(({ rule }) => rule === 'slow-request')).toEqual([]);
  });

  it('is known however far the clocks are apart, and from journals', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
    for (const [host, capture] of [
      ['client', CLIENT],
      ['server', SERVER],
    ] as const)
      await runCli('record', '-o', join(folder, `${host}.ndjson.gz`), '--host', host, capture);
    const both = await decode(join(folder, 'client.ndjson.gz'), join(folder, 'server.ndjson.gz'));
    rmSync(folder, { recursive: true });
    const plain = await decode(`client=${CLIENT}`, `server=${SERVER}`);
    const parts = (lines: readonly Line[]): unknown[] =>
      lines.filter(({ inServer }) => inServer !== undefined).map(({ xid, inServer }) => [xid, inServer]);
    expect(parts(both)).toEqual(parts(plain));
    expect(parts(plain).length).toBeGreaterThan(100);
  });
});
