import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { LadderDocument, LadderEntry } from '../../report/follow/document.js';
import { ladderTarget } from '../../model/journals/conversation/target.js';
import { schemaText } from '../../report/schemas.js';
import { CaptureBuilder } from '../../testing/captureBuilder.js';
import { runCli } from '../../testing/runCli.js';
import * as bytes from '../../testing/zookeeperBytes.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const folder = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
const incident = (name: string): string => join(folder, 'incidents', name);
const validate = new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(schemaText('follow')) as object);
const place = temporaryFolder();

async function followed(...argv: string[]): Promise<LadderDocument> {
  const { stdout, status } = await runCli('follow', '--json', ...argv);
  expect(status).toBe(0);
  const document: unknown = JSON.parse(stdout);
  expect(validate(document), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
  return document as LadderDocument;
}

const messages = ({ events }: LadderDocument): LadderEntry[] =>
  events.filter(({ type }) => type === 'request' || type === 'response' || type === 'notification');

describe('zkscope follow', () => {
  for (const name of ['zkcli', 'go-client', 'c-client', 'kazoo-client', 'reconnect-setwatches']) {
    it(`has every message of each client in ${name}, as an independent decoder has them`, async () => {
      const expected = readFileSync(join(folder, `protocol/${name}.expected.ndjson`), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      for (const client of new Set(expected.map((line) => line['client'] as string))) {
        const document = await followed(client, join(folder, `protocol/${name}.pcap`), '--pings', '--limit', '0');
        const own = expected.filter((line) => line['client'] === client && line['kind'] !== 'gap');
        // That decoder gives a path only where the answer's record has one.
        const asked = new Map<unknown, unknown>();
        for (const line of own)
          if (line['kind'] === 'request') asked.set(line['xid'], line['path']);
          else if (line['kind'] === 'response') line['path'] ??= asked.get(line['xid']);
        const key = (line: Record<string, unknown>): string =>
          [line['frame'], line['kind'], line['op'], line['xid'], line['path']].join(' ');
        expect(messages(document).map(key).sort()).toEqual(own.map(key).sort());
      }
    });
  }

  it('tells the story of a session that was lost and of the FIN that nobody acknowledged', async () => {
    const document = await followed('0x1000024810f009b', incident('sidecar-drop.pcap'));
    expect(document.sessions).toEqual(['0x1000024810f009b']);
    expect(document.connections.map(({ connection, end }) => [connection, end])).toEqual([
      [1, 'rst'],
      [6, 'open'],
    ]);
    const { events } = document;
    expect(events.find(({ type }) => type === 'notification')).toMatchObject({
      eventType: 'NodeDeleted',
      acknowledged: false,
    });
    expect(events.filter(({ kind }) => kind === 'finRetransmission').map(({ count }) => count)).toEqual([6, 1]);
    expect(events.find(({ expired }) => expired === true)).toMatchObject({ type: 'response', connection: 6 });
    expect(events.some(({ type, duration }) => type === 'silence' && duration > 7)).toBe(true);
    const { stdout } = await runCli('follow', '0x1000024810f009b', incident('sidecar-drop.pcap'));
    expect(stdout).toMatch(/◀─+ SESSION EXPIRED \(1\.44 ms\) #174│/);
    expect(stdout).toContain('FIN again: not acknowledged, 6 times');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('keeps one session in order over its connections, and counts the attempts in between', async () => {
    const moved = await followed('0x300003b716b0000', incident('watch-lost-after-reconnect.pcap'));
    expect(moved.connections.map(({ connection }) => connection)).toEqual([6, 11]);
    expect(messages(moved).filter(({ op }) => op === 'setWatches')).toHaveLength(2);
    const restarted = await followed('0x3000033a86b0002', incident('ensemble-restart-nodeexists.pcap'));
    expect(
      restarted.events.filter(({ type }) => type === 'attempts').map(({ outcome, count }) => [outcome, count]),
    ).toEqual([
      ['refused', 55],
      ['noAnswer', 2],
    ]);
  });

  it('folds pings and reads of siblings, and unfolds them when asked', async () => {
    const capture = incident('rpcx-blind-window.pcap.gz');
    const folded = await runCli('follow', '10.77.0.90:45603', capture);
    expect(folded.stdout).toMatch(/33 × getData \/rpcx\/Arith\/\*/);
    expect(folded.stdout).toMatch(/4 pings, every 2 s/);
    const all = await runCli('follow', '10.77.0.90:45603', capture, '--unfold', '--pings', '--limit', '0');
    expect(all.stdout.match(/getData \/rpcx/g)!.length).toBeGreaterThan(300);
    expect(all.stdout.match(/\bping\b/g)!.length).toBeGreaterThanOrEqual(9);
  });

  it('shows the beginning and the end of what is too long', async () => {
    const { stdout } = await runCli('follow', '0', incident('rpcx-blind-window.pcap.gz'), '--limit', '10');
    expect(stdout).toMatch(/lines left out, from frame \d+ to \d+/);
    expect(stdout.split('\n').length).toBeLessThan(50);
  });

  it('applies the common filters', async () => {
    const capture = incident('rpcx-blind-window.pcap.gz');
    const lists = await followed('0', capture, '--op', 'getChildren2', '--from', '00:17:17');
    expect(messages(lists).map(({ frame }) => frame)).toEqual([2648, 2652, 2795, 2797]);
    const frames = await followed('0', capture, '--frame', '1-4');
    expect(frames.events.map(({ type, kind }) => [type, kind])).toEqual([
      ['tcp', 'syn'],
      ['tcp', 'synAck'],
      ['request', 'request'],
      ['response', 'response'],
    ]);
  });

  it('does not tell the path of an answer again whose request has a row of its own', async () => {
    const builder = new CaptureBuilder();
    builder
      .connection({ client: '10.0.0.1:40000', server: '10.0.0.2:2181' })
      .handshake()
      .client(bytes.connectRequest())
      .server(bytes.connectResponse(0x123n))
      .client(bytes.existsRequest(1, '/asked', true))
      .client(bytes.existsRequest(2, '/asked', true))
      .server(bytes.emptyResponse(1, 5n, 0))
      .server(bytes.emptyResponse(2, 5n, -101))
      .close();
    const file = place('pipelined.pcap');
    writeFileSync(file, builder.toPcap());
    const { stdout } = await runCli('follow', '0x123', file);
    expect(stdout.match(/\/asked/g)).toHaveLength(2);
    expect(stdout).toContain('exists to #6: ok');
  });

  it('escapes what the capture holds', async () => {
    const builder = new CaptureBuilder();
    const connection = builder.connection({ client: '10.0.0.1:40000', server: '10.0.0.2:2181' });
    const path = '/a\u001b[31mred\u202e\u0007';
    connection
      .handshake()
      .client(bytes.connectRequest())
      .server(bytes.connectResponse(0x123n))
      .client(bytes.existsRequest(1, path, true))
      .server(bytes.emptyResponse(1, 5n, -101))
      .server(bytes.notification(1, path))
      .retransmit('server')
      .close();
    const file = place('hostile.pcap');
    writeFileSync(file, builder.toPcap());
    for (const argv of [
      ['follow', '0x123', file],
      ['path', path, file],
      ['tree', file],
      ['path', `${path}x`, file],
    ]) {
      const { status, stdout, stderr } = await runCli(...argv);
      expect(status).toBe(0);
      expect(stdout + stderr).toContain('\\x1b[31mred');
      // eslint-disable-next-line no-control-regex -- that none of them is printed is the point
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    }
    const { events } = await followed('0x123', file);
    expect(events.find(({ type }) => type === 'notification')?.['path']).toBe(path);
  });

  it('says what there is instead of what was asked for', async () => {
    const capture = incident('watch-lost-after-reconnect.pcap');
    const none = await runCli('follow', '0x5', capture);
    expect([none.status, none.stdout]).toEqual([0, '']);
    expect(none.stderr).toContain('session 0x5 is not in the capture; there are: 0x100003b65980000 = connection 0');
    expect((await runCli('follow', '10.77.0.44:1', capture)).stderr).toContain('those of that host: 0x300003b716b0000');
    expect((await runCli('follow', '10.77.0.11:2181', capture)).stderr).toContain('is a server');
    expect((await runCli('follow', '999', capture)).stderr).toContain('connection 999 carries no ZooKeeper');
    expect((await runCli('follow', 'nonsense', capture)).status).toBe(2);
    const empty = place('empty.pcap');
    writeFileSync(empty, readFileSync(capture).subarray(0, 24));
    expect((await runCli('follow', '0', empty)).stderr).toBe('zkscope: the capture has no packets\n');
    expect((await followed('0', empty)).found).toBe(false);
    const other = await runCli('follow', '0', join(folder, 'etcd/conn-churn.pcap.gz'));
    expect(other.stderr).toContain('no ZooKeeper connection in the capture');
  });
});

describe('whom to follow', () => {
  it('is a session, a connection or a client', () => {
    expect(ladderTarget('0x00AB')).toEqual({ kind: 'session', id: '0xab' });
    expect(ladderTarget('12')).toEqual({ kind: 'connection', number: 12 });
    for (const address of ['10.0.0.1:40000', '10.0.0.1', '[fd77::1]:40000', 'fd77::1'])
      expect(ladderTarget(address)).toEqual({ kind: 'client', address });
    for (const text of ['', 'x', '/a', '0x', '0x12345678901234567', 'host:1']) expect(ladderTarget(text)).toBeNull();
  });
});
