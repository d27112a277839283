import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, describe, expect, it } from 'vitest';
import { CaptureBuilder } from '../../testing/captureBuilder.js';
import { runCli } from '../../testing/runCli.js';
import { connectRequest, connectResponse, existsRequest } from '../../testing/zookeeperBytes.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const capture = fileURLToPath(new URL('../../../fixtures/incidents/sidecar-drop.pcap', import.meta.url));
const place = temporaryFolder();

async function linesOf(...argv: string[]): Promise<Record<string, unknown>[]> {
  const { stdout, status } = await runCli('decode', '--json', ...argv);
  expect(status).toBe(0);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('filters', () => {
  it('take networks and patterns, leave out, and know names whatever their case', async () => {
    const all = await linesOf(capture);
    const hosts = (await linesOf('--client', '10.77.0.32/30', capture)).map(({ client }) => String(client));
    expect(new Set(hosts.map((host) => host.replace(/:.*/, '')))).toEqual(new Set(['10.77.0.33', '10.77.0.34']));
    const ops = async (...argv: string[]): Promise<unknown[]> => [
      ...new Set((await linesOf(...argv, capture)).map(({ op }) => op)),
    ];
    expect((await ops('--op', 'get*,exists')).sort()).toEqual(['exists', 'getChildren', 'getData']);
    expect(await ops('--op', 'getchildren')).toEqual(['getChildren']);
    const left = await linesOf('--not-op', 'ping', '--not-client', '10.77.0.33', capture);
    expect(left).toEqual(all.filter(({ op, client }) => op !== 'ping' && !String(client).startsWith('10.77.0.33:')));
    const outside = await linesOf('--not-path', '/tasks/**', capture);
    expect(outside.length).toBeGreaterThan(0);
    for (const { path } of outside) expect(JSON.stringify(path ?? '')).not.toMatch(/^"\/tasks/);
  });

  it.each([
    [['--op', 'getDat'], '"getDat" is no operation; did you mean getData?'],
    [['--client', 'foo'], '"foo" is no address (a capture has no names of hosts)'],
    [['--client', '10.0.0.0/40'], 'is no address'],
    [['--fields', 'tme'], '"tme" is no field; did you mean time?'],
    [['--error', capture], '--error without a name, for any error, stands behind the captures'],
    [['--error', 'NoNod'], 'did you mean NoNode?'],
    [['--kind', 'requst'], 'did you mean request?'],
    [['--time', 'Asia/Shangai'], 'no time zone is called "Asia/Shangai"; did you mean Asia/Shanghai?'],
    [['--time', 'locl'], 'did you mean local?'],
    [['--port', '2181=zookeper'], '"zookeper" is none of zookeeper, zab, election, etcd; did you mean zookeeper?'],
    [['--color', 'alway'], '"alway" is none of auto, always, never; did you mean always?'],
    [['--clock', 'zk12=+1ms', `zk1=${capture}`], '--clock zk12: no capture is of that host; did you mean zk1?'],
    [['--time', 'Mars/Olympus'], 'no time zone is called "Mars/Olympus"'],
    [['--sesion', '0x1'], "unknown option '--sesion'\n(Did you mean --session?)"],
    [['--session', 'x'], '"x" is no session id'],
    [['--header'], '--header names the columns'],
  ])('say what is wrong: %s', async (argv, text) => {
    const { status, stdout, stderr } = await runCli('decode', capture, ...argv);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(text);
    expect(stderr).toMatch(/^zkscope: /);
  });

  it.each([
    [
      ['--session', '0x1000024810f0'],
      '--session 0x1000024810f0: nothing in the capture is of it (there is 0x1000024810f009b)',
    ],
    [['--path', '/nothing/**'], '--path /nothing/**: nothing in the capture is of it'],
    [['--op', 'getData', '--kind', 'notification'], 'none of 146 messages passes the filters together'],
    [['--from', '2026-11-22'], '--from is behind its end: the capture is from 2026-11-21T00:17:27.880649Z'],
    [['--to', '2026-11-20T10:00'], '--to is before its beginning'],
  ])('say what is not there: %s', async (argv, text) => {
    for (const command of [['decode'], ['decode', '--json'], ['stats', '--json'], ['analyze', '--json'], ['sessions']])
      expect((await runCli(...command, capture, ...argv)).stderr).toContain(text);
  });

  it('mean the time of day that lies in the capture, also behind midnight', async () => {
    const builder = new CaptureBuilder(Date.parse('2026-11-20T23:59:55Z') / 1000);
    const connection = builder.connection({ client: '10.0.0.1:40000', server: '10.0.0.2:2181' });
    connection.handshake();
    connection.client(connectRequest()).server(connectResponse(0x1234n));
    for (let xid = 1; xid <= 10; xid++) {
      builder.wait(2);
      connection.client(existsRequest(xid, '/a'));
    }
    const file = place('midnight.pcap');
    writeFileSync(file, builder.toPcap());
    const times = (await linesOf('--from', '00:00:02', '--to', '00:00:06', file)).map(({ time }) => String(time));
    expect(times.length).toBeGreaterThan(0);
    for (const time of times) expect(time).toMatch(/^2026-11-21T00:00:0[2-6]/);
    expect((await linesOf('--from', '23:00', file)).length).toBe((await linesOf(file)).length);
    const local = await runCli('decode', '--time', '+08:00', '--from', '08:00:02', '--fields', 'time', file);
    expect(local.stdout.split('\n')[0]).toMatch(/^2026-11-21T08:00:0\d.*\+08:00$/);
    expect((await runCli('decode', '--time', 'Asia/Shanghai', file)).stdout).toContain('2026-11-21 Asia/Shanghai\n');
  });
});

describe('the command line', () => {
  it('shows help where nothing is asked, and knows what was meant', async () => {
    const bare = await runCli();
    expect(bare.status).toBe(0);
    expect(bare.stdout).toContain('Usage: zkscope');
    expect((await runCli('sesions', 'x')).stderr).toBe(
      'zkscope: no command is called sesions, and no capture either; did you mean zkscope sessions?\n',
    );
    expect((await runCli('help', 'sesions')).stderr).toContain('did you mean sessions?');
    expect((await runCli('rules', 'herdd')).stderr).toContain('did you mean herd?');
  });

  it('colours as it is told', async () => {
    const coloured = '\u001b[1m';
    expect((await runCli('decode', '--color', 'always', capture)).stdout).toContain(coloured);
    for (const when of ['never', 'auto'])
      expect((await runCli('decode', '--color', when, capture)).stdout).not.toContain('\u001b');
  });

  it('writes CSV with its names, and nothing that a spreadsheet would run', async () => {
    const { stdout } = await runCli('decode', '--csv', '--fields', 'op,path,client', '--op', 'exists', capture);
    const [head, first] = stdout.split('\r\n');
    expect([head, first]).toEqual([
      'op,path,client',
      'exists,/tasks/cluster.bj_default_deployment.htool/10.77.0.33,10.77.0.33:34185',
    ]);
    const builder = new CaptureBuilder();
    const connection = builder.connection({ client: '10.0.0.1:40000', server: '10.0.0.2:2181' });
    connection.handshake();
    connection.client(connectRequest()).server(connectResponse(0x1234n));
    connection.client(existsRequest(1, '/a,"b"')).client(existsRequest(2, '=1+1'));
    const file = place('names.pcap');
    writeFileSync(file, builder.toPcap());
    const paths = (await runCli('decode', '--csv', '--fields', 'path', '--op', 'exists', file)).stdout;
    expect(paths).toBe('path\r\n"/a,""b"""\r\n\'=1+1\r\n');
  });
});

describe('the configuration file', () => {
  const before = process.env['ZKSCOPE_CONFIG'];
  afterEach(() => {
    if (before === undefined) delete process.env['ZKSCOPE_CONFIG'];
    else process.env['ZKSCOPE_CONFIG'] = before;
  });
  const configured = (text: string): void => {
    const file = place('config.json');
    writeFileSync(file, text);
    process.env['ZKSCOPE_CONFIG'] = file;
  };

  it('sets what the command line does not, and keeps to its schema', async () => {
    const text = '{ "time": "+08:00", "ignore": ["herd"], "set": { "slow-request.latency": 2 }, "wide": true }';
    const schema = JSON.parse((await runCli('schema', 'config')).stdout) as object;
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(schema);
    expect(validate(JSON.parse(text))).toBe(true);
    expect(validate({ output: 'x' })).toBe(false);
    configured(text);
    expect((await runCli('analyze', capture)).stdout).toMatch(/08:17:27 to\s08:17:59\s\+08:00/);
    expect((await runCli('analyze', '--time', 'utc', capture)).stdout).toMatch(/00:17:27 to\s00:17:59\sUTC/);
  });

  it.each([
    ['{ "tim": "local" }', '"tim" is not for it; did you mean time?'],
    ['{ "output": "/etc/passwd" }', '"output" is not for it; it may set color, time'],
    ['{ "time": "x" }', '"time": no time zone is called "x"'],
    ['{ "wide": "yes" }', '"wide": it is true or false'],
    ['{', 'it cannot be read as JSON'],
    ['[]', 'it is to be an object'],
  ])('says what is wrong: %s', async (text, problem) => {
    configured(text);
    const { status, stderr } = await runCli('sessions', capture);
    expect(status).toBe(2);
    expect(stderr).toContain(problem);
  });
});
