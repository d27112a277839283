import { sinkOf } from '../../observations/forward.js';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CaptureReader } from '../../observations/captureReader.js';
import { CaptureBuilder } from '../../testing/captureBuilder.js';
import { runCli } from '../../testing/runCli.js';
import { streamInput } from '../../testing/readFrames.js';
import { Grouping, type GroupingOptions } from './grouping.js';
import { cutPath } from './pathDepth.js';
import { Statistics } from './statistics.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

function framed(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([int(body.length), body]);
}

function text(value: string): Buffer {
  return Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)]);
}

const PASSWORD = Buffer.concat([int(16), Buffer.alloc(16)]);
const connect = framed(int(0), long(0), int(10_000), long(0), PASSWORD, Buffer.alloc(1));
const connected = framed(int(0), int(10_000), long(0x1234), PASSWORD, Buffer.alloc(1));
const exists = (xid: number, path: string): Buffer => framed(int(xid), int(3), text(path), Buffer.alloc(1));
const noNode = (xid: number): Buffer => framed(int(xid), long(7), int(-101));

/** A session that is set up; what follows is the test's. */
function session(builder: CaptureBuilder, client = '10.0.0.1:40000'): ReturnType<CaptureBuilder['connection']> {
  return builder.connection({ client, server: '10.0.0.2:2181' }).handshake().client(connect).server(connected);
}

async function statistics(
  builder: CaptureBuilder,
  options: GroupingOptions,
  everything = false,
): Promise<[Statistics, Grouping]> {
  const grouping = new Grouping(options);
  const result = new Statistics([grouping]);
  if (everything) result.countEverything();
  const sink = sinkOf({
    message: (message, connection) => {
      if (message.protocol === 'zookeeper') result.message(message, connection);
    },
    gap: (gap, connection) => {
      result.gap(gap, connection);
    },
    closed: (connection) => {
      result.closed(connection);
    },
  });
  const reader = new CaptureReader([streamInput(builder.toPcap(), undefined, 'capture')], sink);
  await reader.read();
  result.end();
  return [result, grouping];
}

const rows = (grouping: Grouping): (string | number | null)[][] =>
  grouping.groups.map(({ values, counts }) => [...values, counts.requests, counts.responses, counts.unanswered]);

const place = temporaryFolder();

describe('Statistics', () => {
  it('knows which requests were left without an answer, under their error and session too', async () => {
    const builder = new CaptureBuilder();
    const connection = session(builder).client(exists(1, '/a')).server(noNode(1));
    connection.client(exists(2, '/a'));
    const [total, grouping] = await statistics(builder, { by: ['op', 'error', 'session'] });
    expect(rows(grouping)).toEqual([
      ['connect', 'Ok', '0x1234', 1, 1, 0],
      ['exists', 'NoNode', '0x1234', 1, 1, 0],
      ['exists', null, '0x1234', 1, 0, 1],
    ]);
    expect(total.total).toMatchObject({ requests: 3, responses: 2, errors: 1, unanswered: 1 });
  });

  it('does not call a request unanswered whose answer may be in a gap', async () => {
    const builder = new CaptureBuilder();
    const connection = session(builder).client(exists(1, '/a'));
    connection.server(noNode(1), { lost: true });
    connection.client(exists(2, '/a')).server(noNode(2));
    const [total, grouping] = await statistics(builder, { by: ['op'] });
    expect(rows(grouping)).toEqual([
      ['connect', 1, 1, 0],
      ['exists', 2, 1, 0],
    ]);
    expect(total.total.unanswered).toBe(0);
  });

  it('knows four-letter words that nobody answered, whether all is counted or a filter stands before', async () => {
    for (const everything of [true, false]) {
      const builder = new CaptureBuilder();
      const ends = (port: number) => ({ client: `10.0.0.1:${port}`, server: '10.0.0.2:2181' });
      builder.connection(ends(40000)).handshake().client(Buffer.from('ruok')).close();
      builder.connection(ends(40001)).handshake().client(Buffer.from('ruok')).server(Buffer.from('imok')).close();
      const [total] = await statistics(builder, { by: ['op'] }, everything);
      expect(total.total).toMatchObject({ requests: 2, responses: 1, unanswered: 1 });
    }
  });

  it('sums up what would make more groups than are kept', async () => {
    const builder = new CaptureBuilder();
    const connection = session(builder);
    for (let xid = 1; xid <= 10; xid++) connection.client(exists(xid, `/n${xid % 5}`)).server(noNode(xid));
    const [total, grouping] = await statistics(builder, { by: ['path'], maxGroups: 3 });
    expect(grouping.groups.map(({ values }) => values[0])).toEqual([null, '/n1', '/n2']);
    expect(grouping.other).toMatchObject({ requests: 6, responses: 6, errors: 6 });
    expect(grouping.other!.latency.count).toBe(6);
    const sum = grouping.groups.reduce((count, { counts }) => count + counts.requests, grouping.other!.requests);
    expect(sum).toBe(total.total.requests);
  });

  it('keeps groups apart by time', async () => {
    const builder = new CaptureBuilder(1_700_000_001, 1_000_000);
    const connection = session(builder);
    builder.wait(2);
    connection.client(exists(1, '/a')).server(noNode(1));
    const [, grouping] = await statistics(builder, { by: ['op'], interval: 2e9, baseSeconds: () => 1_700_000_001 });
    // Buckets begin at even seconds of the epoch: the first at 1,700,000,000.
    expect(grouping.groups.map(({ values, start }) => [values[0], start])).toEqual([
      ['connect', -1e9],
      ['exists', 1e9],
    ]);
  });
});

describe('cutPath', () => {
  it('keeps the first parts', () => {
    expect([0, 1, 2, 3, 9].map((depth) => cutPath('/a/b/c', depth))).toEqual(['/', '/a', '/a/b', '/a/b/c', '/a/b/c']);
    expect(['/', '/a', ''].map((path) => cutPath(path, 1))).toEqual(['/', '/a', '']);
  });
});

describe('text from the capture', () => {
  it('does nothing to the terminal, nor to what reads the numbers', async () => {
    const builder = new CaptureBuilder();
    const path = '/\u001b]0;owned\u0007\n"x\\y"\u202e';
    session(builder).client(exists(1, path)).server(noNode(1)).client(exists(2, '/ok')).server(noNode(2));
    const file = place('evil.pcap');
    writeFileSync(file, builder.toPcap());
    for (const argv of [
      ['stats', '--by', 'path', file],
      ['stats', '--by', 'path', '--prometheus', file],
      ['sessions', file],
      ['diff', file, file],
    ]) {
      const { stdout, stderr, status } = await runCli(...argv);
      expect(status).toBe(0);
      // eslint-disable-next-line no-control-regex -- it is what must not be there
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
    const { stdout } = await runCli('stats', '--by', 'path', '--prometheus', file);
    expect(stdout).toContain('zkscope_requests_total{path="/\\\\x1b]0;owned\\\\x07\\\\x0a\\"x\\\\y\\"\\\\u202e"} 1\n');
    const json = JSON.parse((await runCli('stats', '--by', 'path', '--json', file)).stdout) as {
      groups: { path: string }[];
    };
    expect(json.groups.map((group) => group.path)).toContain(path);
  });
});
