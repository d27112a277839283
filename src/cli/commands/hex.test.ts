import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HexDocument, HexFieldEntry, HexMessageEntry } from '../../paste/report/document.js';
import { schemaText } from '../../report/schemas.js';
import { expectedMessages } from '../../testing/annotated.js';
import { runCli } from '../../testing/runCli.js';

const folder = fileURLToPath(new URL('../../../fixtures/hex/', import.meta.url));
const dumps = readdirSync(folder).filter((name) => name.endsWith('.txt'));
const validate = new Ajv2020({ strict: false }).compile(JSON.parse(schemaText('hex')) as object);

async function documentOf(...argv: string[]): Promise<HexDocument> {
  const { stdout, stderr, status } = await runCli('hex', '--json', ...argv);
  expect([status, stderr]).toEqual([0, '']);
  const document: unknown = JSON.parse(stdout);
  validate(document);
  expect(validate.errors).toBeNull();
  return document as HexDocument;
}

const fieldOf = (message: HexMessageEntry | undefined, name: string): HexFieldEntry =>
  message!.fields.find((field) => field.name === name)!;

function values(message: HexMessageEntry | undefined): Record<string, unknown> {
  return Object.fromEntries(message!.fields.map(({ name, value }): [string, unknown] => [String(name), value]));
}

// Every run listens to errors of standard output, and the process is the same for all.
process.stdout.setMaxListeners(0);

describe('zkscope hex on the masked dump of a postmortem', () => {
  it('tells all that is not masked', async () => {
    const { messages, unread } = await documentOf('--data', '-f', `${folder}masked-postmortem.txt`);
    expect(unread).toEqual([]);
    const [notification, getChildren2, getData, answer, ...others] = messages;
    expect(others).toEqual([]);
    expect(notification).toMatchObject({
      kind: 'notification',
      op: 'notification',
      packet: 1,
      offset: 0x42,
      length: 57,
    });
    expect(values(notification)).toMatchObject({ xid: -1, err: 0, type: 4, state: 3, 'path.length': 29, path: null });
    expect(fieldOf(notification, 'type').meaning).toBe('NodeChildrenChanged');
    expect(getChildren2).toMatchObject({ kind: 'request', op: 'getChildren2' });
    expect(values(getChildren2)).toMatchObject({ xid: 19247, type: 12, 'path.length': 29, path: null, watch: false });
    expect(fieldOf(getChildren2, 'path')).toMatchObject({ known: 'partly', partial: `/${'?'.repeat(28)}` });
    expect(getData).toMatchObject({ kind: 'request', op: 'getData' });
    expect(values(getData)).toMatchObject({ xid: 19248, type: 4, 'path.length': 52, path: null, watch: false });
    expect(answer).toMatchObject({ kind: 'response', op: 'getData', opFrom: 'request', missing: 0 });
    expect(values(answer)).toEqual({
      len: 105,
      xid: 19248,
      zxid: '0x30ab3ad90',
      err: 0,
      'data.length': 17,
      data: 'group=online&tps=',
      'stat.czxid': '0x30ab2ffed',
      'stat.mzxid': '0x30ab3ad58',
      'stat.ctime': 1609250636765,
      'stat.mtime': 1609254116717,
      'stat.version': 58,
      'stat.cversion': 0,
      'stat.aversion': 0,
      'stat.ephemeralOwner': '0x1703f90a3f679ce',
      'stat.dataLength': 17,
      'stat.numChildren': 0,
      'stat.pzxid': '0x30ab2ffed',
    });
  });

  it('shows no payload unless asked', async () => {
    for (const json of [[], ['--json']]) {
      const { stdout } = await runCli('hex', ...json, '-f', `${folder}masked-postmortem.txt`);
      expect(stdout).toContain('data.length');
      expect(stdout).not.toContain('online');
      expect(stdout).not.toContain('67726f7570');
    }
    const { stdout } = await runCli('hex', '--data', '-f', `${folder}masked-postmortem.txt`);
    expect(stdout).toContain('group=online&tps=');
  });
});

describe('zkscope hex on what programs print of the same packets', () => {
  const expected = expectedMessages('zkcli.pcap').filter(({ frame }) => [26, 27, 29, 30].includes(frame as number));
  const wanted = expected.map(({ kind, op, length, xid, zxid, path }) => ({ kind, op, length, xid, zxid, path }));

  it.each(dumps.filter((name) => name !== 'masked-postmortem.txt'))('%s', async (name) => {
    const { messages, unread } = await documentOf('-f', folder + name);
    expect(unread).toEqual([]);
    const found = messages.map((message) => {
      const { xid, zxid, path } = values(message);
      return { kind: message.kind, op: message.op, length: message.length, xid, zxid, path };
    });
    expect(found).toEqual(wanted);
  });

  it('gives each field the offset at which it stands in the dump', async () => {
    const dump = readFileSync(`${folder}xxd.txt`, 'utf8');
    const bytes = dump.replace(/^.{8}: (.{39}).*\n/gm, '$1').replace(/\s/g, '');
    const { messages } = await documentOf('--data', '-f', `${folder}xxd.txt`);
    for (const { offset, length, hex } of messages.flatMap(({ fields }) => fields)) {
      expect(bytes.slice(offset * 2, (offset + length) * 2)).toBe(hex);
    }
    const packets = await documentOf('-f', `${folder}tcpdump-XX.txt`.replace('XX', 'vvXX'));
    expect(packets.messages[0]).toMatchObject({ packet: 1, offset: 0x42 });
    expect(packets.packets[0]).toMatchObject({
      headers: ['Ethernet', 'IPv4', 'TCP'],
      source: '10.77.0.22:49124',
      destination: '10.77.0.13:2181',
      payloadOffset: 0x42,
      payloadLength: 21,
      line: 3,
    });
  });
});

describe('zkscope hex on single messages', () => {
  const PING = '00000008fffffffe0000000b';

  it('answers what 00000008fffffffe0000000b is', async () => {
    const { stdout, stderr, status } = await runCli('hex', PING);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.trimEnd().split('\n')).toEqual([
      'ping request: the client tells the server that it is alive',
      '  offset      length  field  bytes     value  meaning',
      '  0x0000 (0)       4  len    00000008  8      8 bytes follow',
      '  0x0004 (4)       4  xid    fffffffe  -2     reserved for pings',
      '  0x0008 (8)       4  type   0000000b  11     ping',
    ]);
  });

  it.each([
    [
      'a connect request',
      '0000002c000000000000000000000000000075300000000000000000000000100000000000000000000000000000000000'.slice(0, 96),
      'connect request: the client opens a new session, timeout 30000 ms',
    ],
    [
      'a session taken up',
      `0000002c00000000000000010000002a00007530030000398702000400000010${'0'.repeat(32)}`,
      'connect request: the client takes up its session 0x300003987020004 again, timeout 30000 ms',
    ],
    [
      'its answer',
      '00000025000000000000753003000039870200040000001018b57d36e96e7f0b5f9a3d63a918997200',
      'connect answer: the server grants session 0x300003987020004, timeout 30000 ms',
    ],
    [
      'an expired session',
      `00000024000000000000000000000000000000000000001${'0'.repeat(33)}`,
      'connect answer: the session has expired',
    ],
    [
      'the answer to a ping',
      '00000010fffffffe00000001000000aa00000000',
      "ping answer: the server has seen the client's ping",
    ],
    [
      'an error',
      '0000001000000022000000010000006bffffff9b',
      'Answer to a request that is not in the dump, xid 34: NoNode: the znode does not exist',
    ],
    [
      'a Stat',
      `0000005400000008000000010000006800000000${'0'.repeat(136)}`,
      'Answer to a request that is not in the dump (to exists or setData or setACL), xid 8: success, version 0',
    ],
    ['a four-letter word', '72756f6b', 'Four-letter word ruok: a command to the server, not a framed message'],
    ['its answer', '696d6f6b', 'Text of the server: the answer to a four-letter word'],
    ['TLS', '16030100c8010000c40303', "TLS: not ZooKeeper's own protocol, or encrypted"],
    ['HTTP', '474554202f20485454502f312e310d0a', "HTTP: not ZooKeeper's own protocol"],
  ])('names %s', async (_, hex, headline) => {
    const { messages } = await documentOf(hex);
    expect(messages.map((message) => message.headline)).toEqual([headline]);
  });

  it('names what no version of ZooKeeper has, if it is told that it is a request', async () => {
    const [message] = (await documentOf('--request', '00000008000000070000abcd')).messages;
    expect(message).toMatchObject({ kind: 'request', op: 'unknown(43981)' });
    expect(message!.notes).toEqual(['No version of ZooKeeper up to 3.9 has this operation.']);
  });

  it('takes arguments, joined; options say direction, operation and port', async () => {
    expect((await documentOf('00000008', 'fffffffe', '0000000b')).messages[0]!.op).toBe('ping');
    const empty = '000000140000001500000001000000650000000000000000';
    const [unknown] = (await documentOf(empty)).messages;
    expect(unknown).toMatchObject({ kind: 'response', op: null });
    expect(unknown!.possibleOps).toContain('getChildren');
    expect(unknown!.possibleOps).not.toContain('getData');
    const [told] = (await documentOf(empty, '--op', 'getchildren')).messages;
    expect(told).toMatchObject({ op: 'getChildren', opFrom: 'option' });
    expect(values(told)['children.count']).toBe(0);
    const dump =
      'IP a.9000 > b.7181: Flags [P.], length 20\n0x0000:  0000 0010 xxxx xxxx xxxx xxxx\n0x000c:  xxxx xxxx xxxx xxxx\n';
    expect((await documentOf(dump)).messages[0]!.kind).toBeNull();
    expect((await documentOf('--port', '7181', dump)).messages[0]).toMatchObject({ kind: 'request', op: null });
    expect((await documentOf('--request', dump)).messages[0]).toMatchObject({ kind: 'request', op: null });
  });

  it('reads several files, each in its own format', async () => {
    const { messages, packets } = await documentOf('-f', `${folder}xxd-p.txt`, '-f', `${folder}tcpdump-x.txt`);
    expect(messages).toHaveLength(10);
    expect(packets.map(({ packet, line }) => [packet, line])).toEqual([
      [1, 1],
      [2, 2],
      [3, 8],
      [4, 19],
      [5, 26],
    ]);
  });

  it('says what is missing of a message', async () => {
    const { messages } = await documentOf('0000002a00004b2f0000000c0000001d2f61');
    expect(messages).toMatchObject([{ op: 'getChildren2', length: 42, captured: 18, missing: 28 }]);
    expect(fieldOf(messages[0], 'path')).toMatchObject({ partial: '/a…', meaning: 'the end of it is not in the dump' });
    const { stdout } = await runCli('hex', '0000002a00004b2f0000000c0000001d2f61');
    expect(stdout).toContain('Incomplete: 18 of its 46 bytes are in the dump, 28 not.');
  });

  it('puts a message together that came in several segments', async () => {
    const header = (sequence: number, length: number): string =>
      `IP 1.1.1.1.5000 > 2.2.2.2.2181: Flags [P.], seq ${sequence}:${sequence + length}, length ${length}\n`;
    const dump = `${header(100, 4)}0x0034:  0000 0008\n${header(100, 4)}0x0034:  0000 0008\n${header(104, 8)}0x0034:  ffff fffe 0000 000b\n`;
    const { messages, packets } = await documentOf(dump);
    expect(messages).toMatchObject([{ op: 'ping', packet: 1, missing: 0 }]);
    expect(messages[0]!.fields.map(({ packet, offset }) => [packet, offset])).toEqual([
      [1, 0x34],
      [3, 0x34],
      [3, 0x38],
    ]);
    expect(packets.map(({ repeated }) => repeated)).toEqual([false, true, false]);
  });

  it('reads the second segment of a client that sends lengths alone', async () => {
    const { messages } = await documentOf('0000000700000004000000042f636c6901');
    expect(messages).toMatchObject([{ kind: 'request', op: 'getData', length: null }]);
    expect(messages[0]!.notes).toEqual(['The four bytes of its length are not in the dump.']);
  });

  it('finds messages behind bytes that are none', async () => {
    const { messages, unread } = await documentOf(
      '--request',
      `010203040500000011000000070000000400000004` + `2f636c6901${PING}`,
    );
    expect(messages.map(({ op }) => op)).toEqual(['getData', 'ping']);
    expect(unread).toEqual([{ packet: 1, offset: 0, length: 5 }]);
  });

  it('never shows credentials', async () => {
    const auth = '0000001dfffffffc00000064000000000000000664696765737400000003753a70';
    for (const hex of [auth, '00000025000000000000753003000039870200040000001018b57d36e96e7f0b5f9a3d63a918997200']) {
      const { stdout } = await runCli('hex', '--data', '--json', hex);
      expect(stdout).not.toMatch(/753a70|u:p|18b57d36/);
    }
  });

  it('lets no control byte of the paste through', async () => {
    const path = Buffer.from('/a\u001b[31m\u0007é\u202e');
    const body = Buffer.concat([
      Buffer.from('0000000100000004', 'hex'),
      Buffer.from([0, 0, 0, path.length]),
      path,
      Buffer.from([0]),
    ]);
    const hex = Buffer.concat([Buffer.from([0, 0, 0, body.length]), body]).toString('hex');
    const { stdout } = await runCli('hex', '--request', hex);
    expect(stdout).toContain('getData');
    // eslint-disable-next-line no-control-regex -- none of them may be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
    const header = await runCli('hex', `IP \u001b]0;x.2181 > b.1: Flags [P.], length 12\n0x0000:  ${PING}`);
    // eslint-disable-next-line no-control-regex -- none of them may be there
    expect(header.stdout + header.stderr).not.toMatch(/\u001b/);
  });
});

describe('zkscope hex on what is no dump', () => {
  it.each([
    [['hello', 'world'], 'no bytes found'],
    [['deadbeef'], 'no ZooKeeper message is in them'],
    [['xxxxxxxx'], 'masked'],
    [['nonsense'], 'no ZooKeeper message'],
    [['-f', '/no/such/file'], 'no such file'],
    [['-f', folder], 'is a directory'],
    [['-f', fileURLToPath(new URL('../../../fixtures/protocol/zkcli.pcap', import.meta.url))], 'zkscope decode'],
    [['00', '-f', 'x'], 'not both'],
    [['--op', 'nothing', '00'], 'no such operation'],
    [['--port', '0', '00'], 'port'],
  ])('%j: one line on standard error, exit 2', async (argv, words) => {
    const { status, stdout, stderr } = await runCli('hex', ...argv);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(words);
    expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
  });

  it('never ends otherwise, whatever is pasted', async () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('hex')),
      fc.constantFrom(
        '00000008',
        'fffffffe',
        '0000000b',
        '00000010',
        'ffffffff',
        'xxxx',
        '2f61',
        '00000004',
        '\n',
        '0000000e',
      ),
      fc.constantFrom('4500', '0800', '0x0000:  ', 'IP a.2181 > b.1: ', '*\n', '"\\x00'),
      fc.string({ maxLength: 10 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { minLength: 1, maxLength: 14 }),
        fc.constantFrom('', ' '),
        async (pieces, join) => {
          const { status, stderr } = await runCli('hex', '--data', '--', pieces.join(join));
          expect([0, 2]).toContain(status);
          expect(stderr).not.toContain('internal error');
          expect(stderr === '').toBe(status === 0);
        },
      ),
      { numRuns: 300 },
    );
  });
});
