import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { decodeSchema } from '../../report/decode/schema.js';
import { CaptureBuilder } from '../../testing/captureBuilder.js';
import { runCli } from '../../testing/runCli.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const folder = fileURLToPath(new URL('../../../fixtures/protocol/', import.meta.url));
const file = (name: string): string => join(folder, name);
const place = temporaryFolder();

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

async function jsonOf(...argv: string[]): Promise<Record<string, unknown>[]> {
  const { stdout, status } = await runCli('decode', '--json', ...argv);
  expect(status).toBe(0);
  return lines(stdout).map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A capture of one connection whose bytes are given. */
function written(name: string, ...messages: [client: boolean, hex: string][]): string {
  const builder = new CaptureBuilder();
  const connection = builder.connection({ client: '10.0.0.1:40000', server: '10.0.0.2:2181' });
  connection.handshake();
  for (const [client, hex] of messages)
    if (client) connection.client(Buffer.from(hex, 'hex'));
    else connection.server(Buffer.from(hex, 'hex'));
  const path = place(name);
  writeFileSync(path, builder.toPcap());
  return path;
}

describe('zkscope decode --json', () => {
  const ajv = new Ajv2020({ strict: false });
  const validate = ajv.compile(decodeSchema());

  it.each(readdirSync(folder).filter((name) => /\.pcap(ng)?$/.test(name)))(
    'keeps to its schema on %s',
    async (name) => {
      for (const record of await jsonOf('--data', file(name)))
        expect(validate(record), JSON.stringify([record, validate.errors])).toBe(true);
    },
  );

  it('says of every answer which znode it is about, and which request it answers', async () => {
    const records = await jsonOf(file('every-opcode.pcap'));
    const key = (frame: unknown, xid: unknown): string => JSON.stringify([frame, xid]);
    const asked = new Map<string, Record<string, unknown>>();
    for (const r of records) if (r['kind'] === 'request') asked.set(key(r['frame'], r['xid']), r);
    const answers = records.filter((r) => r['kind'] === 'response' && 'latency' in r && 'xid' in r);
    expect(answers.length).toBeGreaterThan(100);
    for (const answer of answers) {
      const request = asked.get(key(answer['requestFrame'], answer['xid']));
      expect(request, JSON.stringify(answer)).toMatchObject({ op: answer['op'], connection: answer['connection'] });
      const made = String(answer['op']).startsWith('create') && answer['error'] === undefined;
      if (made) expect(String(answer['path']).startsWith(String(request!['path']))).toBe(true);
      else expect(answer['path']).toBe(request!['path']);
    }
  });

  it('prints the schema', async () => {
    const { stdout, status } = await runCli('schema', 'decode');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual(decodeSchema());
  });

  it('shows payloads only with --data, and never credentials', async () => {
    const without = await runCli('decode', '--json', file('every-opcode.pcap'));
    expect(without.stdout).not.toContain('"data":');
    const { stdout } = await runCli('decode', '--json', '--data', file('every-opcode.pcap'));
    expect(stdout).toContain('"data":');
    for (const record of lines(stdout).map((line) => JSON.parse(line) as Record<string, unknown>)) {
      if (record['op'] === 'auth' || record['op'] === 'sasl') expect(record).not.toHaveProperty('data');
      for (const acl of (record['acl'] ?? []) as { scheme: string; id: string }[])
        if (acl.scheme === 'digest') expect(acl.id).toMatch(/:…$/);
    }
  });
});

describe('filters of decode', () => {
  const name = file('every-opcode.pcap');
  it.each([
    [['--op', 'getData'], (r: Record<string, unknown>) => r['op'] === 'getData'],
    [
      ['--op', 'getData,create', '--kind', 'request'],
      (r: Record<string, unknown>) => ['getData', 'create'].includes(String(r['op'])) && r['kind'] === 'request',
    ],
    [['--client', '10.77.0.21:35662'], (r: Record<string, unknown>) => r['client'] === '10.77.0.21:35662'],
    [
      ['--client', '10.77.0.22', '--client', '10.77.0.23'],
      (r: Record<string, unknown>) => /^10\.77\.0\.2[23]:/.test(String(r['client'])),
    ],
    [['--server', '10.77.0.13:2181'], (r: Record<string, unknown>) => r['server'] === '10.77.0.13:2181'],
    [['--session', '0x100003986B70000'], (r: Record<string, unknown>) => r['session'] === '0x100003986b70000'],
    [['--frame', '20-30'], (r: Record<string, unknown>) => Number(r['frame']) >= 20 && Number(r['frame']) <= 30],
    [
      ['--error', 'NoNode'],
      (r: Record<string, unknown>) => r['error'] === 'NoNode' || JSON.stringify(r['ops'] ?? '').includes('NoNode'),
    ],
    [
      ['--from', '+1s', '--to', '+2s'],
      (r: Record<string, unknown>) => Number(r['ts']) >= 1795220373.89 && Number(r['ts']) <= 1795220374.9,
    ],
    [['--to', '2026-11-21T00:19:33Z'], (r: Record<string, unknown>) => String(r['time']) <= '2026-11-21T00:19:33Z'],
    [['--from', '00:19:40'], (r: Record<string, unknown>) => String(r['time']) >= '2026-11-21T00:19:40'],
  ] as const)('%j', async (options, fits) => {
    const all = await jsonOf(name);
    const chosen = await jsonOf(...options, '--', name);
    expect(chosen.length).toBeGreaterThan(0);
    expect(chosen.length).toBeLessThan(all.length);
    expect(chosen.every(fits)).toBe(true);
  });

  it('--path finds requests with their answers, exactly or below', async () => {
    const exact = await jsonOf('--path', '/every/c2', name);
    expect(exact.map((r) => r['kind'])).toContain('response');
    expect(exact.some((r) => r['op'] === 'getData' && r['kind'] === 'response')).toBe(true);
    const below = await jsonOf('--path', '/every/**', name);
    expect(below.length).toBeGreaterThan(exact.length);
    expect(await jsonOf('--path', '/ever/**', name)).toEqual([]);
  });

  it('--error without a name finds every failed answer', async () => {
    const failed = await jsonOf('--error', '--', name);
    expect(failed.length).toBeGreaterThan(10);
    expect(failed.every((r) => r['err'] !== 0 || JSON.stringify(r['ops']).includes('"err":-'))).toBe(true);
  });

  it('--fields gives tab-separated columns', async () => {
    const { stdout } = await runCli('decode', '--fields', 'frame,op,stat.czxid', '--frame', '38-39', name);
    expect(stdout).toBe('38\texists\t\n39\texists\t0x100000002\n');
  });
});

describe('what goes wrong', () => {
  it.each([
    [['decode', '/nowhere/x.pcap'], /^zkscope: \/nowhere\/x\.pcap: no such file/],
    [['decode', 'package.json'], /^zkscope: package\.json.*not a capture/],
    [['decode', 'src'], /directory/],
    [['decode', '--frame', '9-1', 'x'], /first frame comes after/],
    [['decode', '--from', 'yesterday', 'x'], /a time is/],
    [['decode', '--session', 'zz', 'x'], /16 hexadecimal digits/],
    [['decode', '--path', 'x', 'y'], /begins with \//],
    [['decode', '--port', '0', 'x'], /from 1 to 65535/],
    [['decode', '--port', '20022=kafka', 'x'], /--port 20022=zab/],
    [['decode', '--port', '20022=', 'x'], /--port 20022=zab/],
    [['decode', '--nonsense', 'x'], /unknown option/],
    [['decode'], /missing required argument/],
    [['follow', 'x.pcap'], /missing required argument 'capture': zkscope follow \[options\] <whom> <capture\.\.\.>$/m],
    [['analyze', '--rule', 'no-such-rule', 'x'], /no rule is called/],
    [['analyze', '--set', 'herd.nothing=1', 'x'], /no rule has an option/],
    [['rules', 'nothing'], /no rule is called nothing/],
  ])('%j: one line and status 2', async (argv, message) => {
    const { status, stdout, stderr } = await runCli(...argv);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n {4}at /);
  });

  it('an empty capture, and one without ZooKeeper, say so', async () => {
    const empty = place('empty.pcap');
    writeFileSync(empty, new CaptureBuilder().toPcap());
    expect(await runCli('decode', empty)).toMatchObject({
      status: 0,
      stdout: '',
      stderr: 'zkscope: the capture has no packets\n',
    });
    const builder = new CaptureBuilder();
    const connection = builder.connection({ client: '10.0.0.1:40000', server: '10.0.0.2:80' });
    connection.handshake();
    connection.client(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    const other = place('http.pcap');
    writeFileSync(other, builder.toPcap());
    const { status, stderr } = await runCli('decode', other);
    expect(status).toBe(0);
    expect(stderr).toMatch(/no ZooKeeper traffic found \(\d+ packets, 1 TCP connection\)/);
  });

  it('names strangers on the port', async () => {
    const http = written('get.pcap', [true, Buffer.from('GET /commands/stat HTTP/1.1\r\n\r\n').toString('hex')]);
    const tls = written('tls.pcap', [true, '16030100050100000103']);
    expect((await runCli('decode', http)).stdout).toMatch(/are not ZooKeeper's: HTTP/);
    expect((await runCli('decode', tls)).stdout + (await runCli('decode', tls)).stderr).toMatch(/ClientHello/);
  });

  it('prints no control byte of the capture', async () => {
    const path = Buffer.from('/a\u001b[31m\r\n\u202e');
    const request = Buffer.alloc(17 + path.length);
    request.writeUInt32BE(13 + path.length, 0);
    request.writeInt32BE(1, 4);
    request.writeInt32BE(3, 8);
    request.writeInt32BE(path.length, 12);
    path.copy(request, 16);
    const hostile = written('hostile.pcap', [true, request.toString('hex')]);
    const { stdout } = await runCli('decode', hostile);
    expect(stdout).toContain('/a\\x1b[31m\\x0d\\x0a\\u202e');
    const fields = await runCli('decode', '--fields', 'path', hostile);
    expect(fields.stdout).toBe('/a\\x1b[31m\\x0d\\x0a\\u202e\n');
  });
});
