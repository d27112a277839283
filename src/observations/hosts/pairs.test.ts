import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnalyzeDocument } from '../../report/analyze/document.js';
import type { FollowDocument } from '../../report/follow/document.js';
import type { StatsDocument } from '../../report/stats/document.js';
import { CaptureBuilder } from '../../testing/captureBuilder.js';
import { type Packet, readCapture, writePcap } from '../../testing/captureFile.js';
import { asAtServer } from '../../testing/capturePoints.js';
import { connectRequest, connectResponse, emptyResponse, existsRequest } from '../../testing/zookeeperBytes.js';
import { runCli } from '../../testing/runCli.js';

const PAIRS = fileURLToPath(new URL('../../../fixtures/pairs/', import.meta.url));
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

const dropped = (logged: readonly Relayed[]): { segments: number; bytes: number; notCaptured: number } => ({
  segments: logged.reduce((sum, { dropped }) => sum + dropped, 0),
  bytes: logged.reduce((sum, { dropped, bytes }) => sum + dropped * bytes, 0),
  notCaptured: 0,
});

async function analyze(...argv: string[]): Promise<AnalyzeDocument> {
  const { stdout } = await runCli('analyze', '--json', ...argv);
  return JSON.parse(stdout) as AnalyzeDocument;
}

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Two captures as arguments: `client=FILE server=FILE`. */
function pair(atClient: readonly Packet[], atServer: readonly Packet[]): [string, string] {
  const [client, server] = [join(folder, 'client.pcap'), join(folder, 'server.pcap')];
  writeFileSync(client, writePcap(atClient));
  writeFileSync(server, writePcap(atServer));
  return [`client=${client}`, `server=${server}`];
}

/** A connection whose answers are late, each time since a segment had to be sent again; and what of it came to the server. */
function lossy(): { atClient: Packet[]; atServer: Packet[] } {
  const builder = new CaptureBuilder();
  const lost = new Set<Packet>();
  const c = builder
    .connection({ client: '10.77.0.21:40000', server: '10.77.0.13:2181', clientSequence: 0xffffff80 })
    .handshake()
    .client(connectRequest(0n, 20_000))
    .server(connectResponse(0x300003223ca0065n, 20_000))
    .ack('client');
  for (let xid = 1; xid <= 6; xid++) {
    c.client(existsRequest(xid, '/app/config'), { dropped: true });
    lost.add(builder.packets.at(-1)!);
    c.wait(0.2)
      .retransmit('client')
      .server(emptyResponse(xid, 5n, -101))
      .ack('client');
    builder.wait(1);
  }
  c.client(existsRequest(7, '/app/config'))
    .server(emptyResponse(7, 5n, -101))
    .ack('client');
  const { packets } = builder;
  const arrived = packets.filter((packet) => !lost.has(packet));
  return { atClient: packets, atServer: asAtServer(arrived, 100_000) };
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
    for (const [host, capture] of [
      ['client', CLIENT],
      ['server', SERVER],
    ] as const)
      await runCli('record', '-o', join(folder, `${host}.ndjson.gz`), '--host', host, capture);
    const both = await decode(join(folder, 'client.ndjson.gz'), join(folder, 'server.ndjson.gz'));
    const plain = await decode(`client=${CLIENT}`, `server=${SERVER}`);
    const parts = (lines: readonly Line[]): unknown[] =>
      lines.filter(({ inServer }) => inServer !== undefined).map(({ xid, inServer }) => [xid, inServer]);
    expect(parts(both)).toEqual(parts(plain));
    expect(parts(plain).length).toBeGreaterThan(100);
    // What was lost they do not say, and that is said.
    const journals = [join(folder, 'client.ndjson.gz'), join(folder, 'server.ndjson.gz')];
    const unknown = { near: 'client', far: 'server', connections: 1, unknown: 1 };
    expect((await analyze(...journals)).summary.pairs).toEqual([unknown]);
    const why =
      'what was lost between client and server is unknown (decoded lines do not say which bytes a segment held)';
    const text = await runCli('analyze', ...journals);
    expect(text.stdout.replace(/\s+/g, ' ')).toContain(`1 connection captured at both ends: ${why}.`);
    const follow = await runCli('follow', '0', ...journals);
    expect(follow.stdout.replace(/\s+/g, ' ')).toContain(`captured at both ends: ${why}`);
  });

  it('what was lost between the two points is counted, in each direction', async () => {
    const both = [`client=${CLIENT}`, `server=${SERVER}`];
    const lost = { toServer: dropped(truth.toServer), toClient: dropped(truth.toClient) };
    const points = { near: 'client', far: 'server', ...lost };
    expect((await analyze(...both)).summary.pairs).toEqual([{ connections: 1, ...points }]);
    const text = await runCli('analyze', ...both);
    expect(text.stdout.replace(/\s+/g, ' ')).toContain(
      '1 connection captured at both ends: 5 segments (137 bytes) lost from client to server, 4 segments (382 bytes) lost from server to client.',
    );
    const follow = JSON.parse((await runCli('follow', '0', '--json', ...both)).stdout) as FollowDocument;
    expect(follow.connections[0]?.bothEnds).toEqual(points);
    // The journal of both says it, too, to those who have it in place of the captures.
    const journal = join(folder, 'both.ndjson');
    writeFileSync(journal, (await runCli('decode', '--json', '--connections', ...both)).stdout);
    expect((await analyze(journal)).summary.pairs).toEqual([{ connections: 1, ...points }]);
  });

  it('stats and follow say where the time went', async () => {
    const both = [`client=${CLIENT}`, `server=${SERVER}`];
    const { total, groups } = JSON.parse((await runCli('stats', '--json', ...both)).stdout) as StatsDocument;
    const late = truth.toClient.map(({ seconds }) => seconds);
    expect(total.parts?.inServer.count).toBe(122);
    expect(total.parts!.wayBack.max).toBeCloseTo(Math.max(...late), 1);
    for (const { latency, parts } of groups) {
      if (parts === undefined) continue;
      expect(parts.wayThere.sum + parts.inServer.sum + parts.wayBack.sum).toBeCloseTo(latency!.sum, 4);
    }
    const stats = await runCli('stats', ...both);
    expect(stats.stdout.replace(/\s+/g, ' ')).toMatch(
      /Of 122 answers both ends were captured: on the way there p50 5\.\d+ ms.*in the server p50.*on the way back p50 2\d/,
    );
    expect(stats.stdout).toMatch(/ there p99 +server p99 +back p99$/m);
    const follow = await runCli('follow', '0', ...both);
    expect(follow.stdout).toMatch(/ok \(53 ms: there 5\.\d+ ms, server 27 ms,/);
    const alone = await runCli('stats', '--json', CLIENT);
    expect(alone.stdout).not.toContain('parts');
  });

  it('network-loss says between which points', async () => {
    const { atClient, atServer } = lossy();
    const { findings, summary } = await analyze(...pair(atClient, atServer));
    const lost = { segments: 6, bytes: 6 * 28, notCaptured: 0 };
    expect(summary.pairs).toMatchObject([{ toServer: lost, toClient: { segments: 0, bytes: 0, notCaptured: 0 } }]);
    const found = findings.find(({ rule }) => rule === 'network-loss');
    expect(found?.message).toContain('; 6 were lost from client to server, 0 from server to client (seen at the one');
    expect(found?.data['lostBetween']).toMatchObject([{ near: 'client', far: 'server', toServer: lost }]);
    expect(found?.remedy).toContain('between client and server');
  });

  it('what was sent again, but had arrived, was not lost', async () => {
    const { atClient } = lossy();
    const { findings, summary } = await analyze(...pair(atClient, asAtServer(atClient, 100_000)));
    expect(summary.pairs).toMatchObject([{ toServer: { segments: 0 }, toClient: { segments: 0 } }]);
    expect(findings.map(({ rule }) => rule)).not.toContain('network-loss');
  });

  it('of a healthy pair nothing was lost, and nothing is found', async () => {
    const packets = readCapture(readFileSync(`${PAIRS}../incidents/rewatch-ok.pcap`));
    const way = 10_000;
    const { findings, summary } = await analyze(...pair(packets, asAtServer(packets, way)));
    const alone = await analyze(`${PAIRS}../incidents/rewatch-ok.pcap`);
    expect(findings.map(({ rule }) => rule)).toEqual(alone.findings.map(({ rule }) => rule));
    const nothing = { segments: 0, bytes: 0, notCaptured: 0 };
    expect(summary.pairs).toMatchObject([{ near: 'client', far: 'server', toServer: nothing, toClient: nothing }]);
  });

  it('what a capture missed, and the receiver acknowledged, is not lost', async () => {
    const { atClient, atServer } = lossy();
    // The first request in the server’s capture: it was answered.
    const missed = atServer.findIndex(({ data }) => data.length === 14 + 20 + 20 + 28);
    expect(missed).toBeGreaterThan(0);
    const { summary } = await analyze(...pair(atClient, atServer.toSpliced(missed, 1)));
    expect(summary.pairs).toMatchObject([{ toServer: { segments: 6, notCaptured: 28 } }]);
  });

  it('connections of two hosts to themselves are not one, whatever their ports', async () => {
    const local = (session: bigint, sequence: number): Packet[] => {
      const builder = new CaptureBuilder();
      const c = builder
        .connection({ client: '127.0.0.1:40000', server: '127.0.0.1:2181', clientSequence: sequence })
        .handshake()
        .client(connectRequest(0n, 20_000))
        .server(connectResponse(session, 20_000))
        .ack('client');
      for (let xid = 1; xid <= 3; xid++) c.client(existsRequest(xid, '/a')).server(emptyResponse(xid, 5n, -101));
      return builder.packets;
    };
    const two = pair(local(0x100000000000001n, 1000), local(0x200000000000001n, 0x70000000));
    const { summary } = await analyze(...two);
    expect([summary.pairs, summary.connections]).toEqual([undefined, 2]);
  });
});
