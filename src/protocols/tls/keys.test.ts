import { constants, privateDecrypt } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import nodeTls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fixture } from '../../testing/analyseCapture.js';
import { readCapture, writePcap } from '../../testing/captureFile.js';
import { DecoderRun } from '../../testing/decoderRun.js';
import { writePcapng } from '../../testing/pcapngFile.js';
import { PcapngBlocks } from '../../testing/pcapngBlocks.js';
import { tlsTexts, type TlsTexts } from '../../testing/tlsTexts.js';
import { Relay, type RecordedSegment } from '../../testing/relay.js';
import type { CaptureInput } from '../../capture/captureInput.js';
import { messageRecord, type MessageRecord } from '../../observations/record.js';
import { MessageReader } from '../messageReader.js';
import type { ConnectedGap } from '../protocol.js';
import type { ConnectedMessage } from '../registry.js';
import { TlsDecoder } from './decoder.js';
import { KeyLogFile } from './keys/keyLogFile.js';
import { KeyStore } from './keys/keyStore.js';
import { HoldBudget } from './records/heldRecords.js';

const PEER = new URL('../../../fixtures/tls/peer/', import.meta.url);
const peer = (name: string): string => fileURLToPath(new URL(name, PEER));
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.restoreAllMocks();
});

interface Read {
  readonly messages: MessageRecord[];
  readonly gaps: ConnectedGap[];
  readonly ops: string[];
}

/** What is read inside of TLS, and of what is not encrypted. */
async function read(input: CaptureInput, tlsKeys: KeyStore): Promise<Read> {
  const messages: MessageRecord[] = [];
  const gaps: ConnectedGap[] = [];
  const none = (): void => undefined;
  const sink = {
    // Messages are used again: what is asked of them later is copied.
    message: (message: ConnectedMessage) => {
      if (message.protocol !== 'tls')
        messages.push(messageRecord(message, message.connection, reader.clock, { data: true }));
    },
    gap: (gap: ConnectedGap) => void gaps.push(gap),
    ...{ connectionOpened: none, connectionClosed: none },
  };
  const reader = new MessageReader([input], sink, { tlsKeys });
  await reader.read();
  return { messages, gaps, ops: messages.map(({ kind, op }) => `${String(kind)} ${String(op)}`) };
}

function store(keys: Buffer | string): KeyStore {
  const made = new KeyStore();
  made.add(Buffer.from(keys));
  return made;
}

describe('keys that come while packets are read', () => {
  it('a key log that grows while a pipe is read opens what waits for it', async () => {
    const file = fixture('tls/tls13-aes256.pcap.gz');
    const keys = fixture('tls/tls13-aes256.keys');
    const expected = await read({ name: 'whole', stream: Readable.from([file]) }, store(keys));
    expect(expected.messages).toHaveLength(124);
    // A file is not asked again within a moment: here every look is in another.
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
    const log = join(folder, 'keys');
    writeFileSync(log, '# nothing yet\n');
    const growing = new KeyStore();
    new KeyLogFile(log, growing);
    const packets = readCapture(file);
    const hello = packets.findIndex(({ data }) => data.length > 66 && data[66] === 22);
    const header = writePcap([]).length;
    const cut = writePcap(packets.slice(0, hello + 4)).length;
    const whole = writePcap(packets);
    const half = Math.floor(keys.length / 2) + 7;
    const stream = Readable.from(
      (function* () {
        yield whole.subarray(0, header);
        yield whole.subarray(header, cut);
        appendFileSync(log, keys.subarray(0, half));
        yield whole.subarray(cut, cut + 1);
        appendFileSync(log, keys.subarray(half));
        yield whole.subarray(cut + 1);
      })(),
    );
    const grown = await read({ name: 'pipe', stream }, growing);
    expect(grown.ops).toEqual(expected.ops);
    expect(grown.gaps).toEqual([]);
  });

  it('a block of secrets behind the packets opens them, where the file can be looked through', async () => {
    const packets = readCapture(fixture('tls/tls13-aes256.pcap.gz'));
    const keys = fixture('tls/tls13-aes256.keys');
    const header = Buffer.alloc(8);
    // TLSK: a key log of TLS (draft-ietf-opsawg-pcapng, 4.7).
    header.writeUInt32LE(0x544c534b, 0);
    header.writeUInt32LE(keys.length, 4);
    const secrets = new PcapngBlocks().block(10, Buffer.concat([header, keys])).bytes;
    const path = join(folder, 'behind.pcapng');
    writeFileSync(path, Buffer.concat([writePcapng(packets), secrets]));
    const behind = await read(path, new KeyStore());
    expect(behind.messages).toHaveLength(124);
    expect(behind.gaps).toEqual([]);
    const piped = await read({ name: '-', stream: Readable.from([readFileSync(path)]) }, new KeyStore());
    expect(piped.messages.length).toBeLessThan(124);
    expect(piped.gaps.every(({ reason, encrypted }) => reason === 'encrypted' && encrypted === 'no key')).toBe(true);
  });
});

describe('who speaks over TLS', () => {
  const keys = fixture('tls/unification.keys');
  const capture = fixture('tls/unification.pcap.gz');

  it('ZooKeeper on port 2181, beside others in plain text, and four-letter words on both ports', async () => {
    const { messages, gaps } = await read({ name: 'x', stream: Readable.from([capture]) }, store(keys));
    expect(gaps).toEqual([]);
    const words = messages.filter(({ op, kind }) => op === 'fourLetterWord' && kind === 'response');
    expect(words.map(({ server, word, dataLength }) => [server, word, dataLength])).toEqual([
      ['10.77.0.11:2281', 'ruok', 4],
      ['10.77.0.11:2281', 'srvr', expect.any(Number)],
      ['10.77.0.11:2181', 'ruok', 4],
    ]);
    const closed = messages.filter(({ op, kind }) => op === 'closeSession' && kind === 'response');
    expect(closed.map(({ client }) => String(client).split(':')[0])).toEqual(['10.77.0.21', '10.77.0.22']);
    expect(closed.every(({ server }) => server === '10.77.0.11:2181')).toBe(true);
  });

  it('without keys the plain text stays readable, and the rest is named', async () => {
    const { messages, gaps } = await read({ name: 'x', stream: Readable.from([capture]) }, new KeyStore());
    expect(new Set(messages.map(({ client }) => String(client).split(':')[0]))).toEqual(new Set(['10.77.0.22']));
    expect(new Set(gaps.map(({ encrypted }) => encrypted))).toEqual(new Set(['no key']));
    expect(new Set(gaps.map(({ connection }) => connection.client.ip))).toEqual(new Set(['10.77.0.21', '10.77.0.23']));
  });
});

/** Text of each direction. */
function spoken(segments: readonly RecordedSegment[], keys: KeyStore): [string, string] {
  const text: [string, string] = ['', ''];
  const none = (): void => undefined;
  const context = { keys, budget: new HoldBudget() };
  const run = new DecoderRun(
    (connection, sink) =>
      new TlsDecoder(connection, sink, context, () => ({
        tellsMissing: true,
        data: ({ direction, bytes, start, end }) => {
          text[direction] += bytes.toString('latin1', start, end);
        },
        ...{ gap: none, fin: none, end: none },
      })),
  );
  for (const { direction, bytes } of segments) {
    if (bytes === null) run.fin(direction);
    else run.segment(direction, bytes);
  }
  run.end();
  return text;
}

describe('labels of key logs', () => {
  it('RSA and PMS_CLIENT_RANDOM give the premaster secret', async () => {
    const listener = nodeTls.createServer(
      { key: readFileSync(peer('rsa.key')), cert: readFileSync(peer('rsa.crt')), ciphers: 'AES128-GCM-SHA256' },
      (socket) => {
        socket.on('data', () => socket.end('and an answer'));
      },
    );
    await once(listener.listen(0, '127.0.0.1'), 'listening');
    const relay = new Relay((listener.address() as AddressInfo).port);
    const socket = nodeTls.connect({
      ...{ port: await relay.listen(), host: '127.0.0.1', rejectUnauthorized: false },
      ...{ ciphers: 'AES128-GCM-SHA256', maxVersion: 'TLSv1.2' as const },
    });
    socket.end('a question');
    socket.resume();
    await once(socket, 'close');
    await relay.close();
    await new Promise((done) => listener.close(done));
    const sent = Buffer.concat(
      relay.segments.flatMap(({ direction, bytes }) => (direction === 0 && bytes ? [bytes] : [])),
    );
    // ClientHello: record 5, message 4, version 2, random 32. ClientKeyExchange: type 16, length 3, length 2, 256 bytes.
    const random = sent.subarray(11, 43).toString('hex');
    const exchange = sent.indexOf(Buffer.from([16, 0, 1, 2, 1, 0])) + 6;
    const encrypted = sent.subarray(exchange, exchange + 256);
    const padded = privateDecrypt({ key: readFileSync(peer('rsa.key')), padding: constants.RSA_NO_PADDING }, encrypted);
    const premaster = padded.subarray(-48).toString('hex');
    for (const line of [
      `RSA ${encrypted.toString('hex', 0, 8)} ${premaster}`,
      `PMS_CLIENT_RANDOM ${random} ${premaster}`,
      `rsa ${encrypted.toString('hex', 0, 8).toUpperCase()} ${premaster.toUpperCase()}`,
    ]) {
      const text = spoken(relay.segments, store(`${line}\n`));
      expect(text, line.slice(0, 20)).toEqual(['a question', 'and an answer']);
    }
    expect(spoken(relay.segments, store(`RSA ${'00'.repeat(8)} ${premaster}\n`))).toEqual(['', '']);
  });
});

describe('early data (0-RTT)', () => {
  // Three connections of OpenSSL: the second goes on with the session of the first and sends early data, which is taken;
  // the third does the same to a server that has forgotten the session, and refuses it.
  const EARLY = 'said before the server has spoken\n';
  const said = (all: readonly TlsTexts[]): string[] => all.map(({ texts: [sent] }) => Buffer.concat(sent).toString());

  it('is read with its key where the server took it, and passed over where not', async () => {
    const all = await tlsTexts('early-data');
    expect(said(all)).toEqual(['first\n', `${EARLY}second\n`, 'third\n']);
    expect(all.map(({ handshake }) => [handshake!.outcome, handshake!.resumed])).toEqual([
      ['completed', false],
      ['completed', true],
      ['completed', false],
    ]);
  });

  it('keeps nothing of what follows closed where only its own key is missing', async () => {
    const keys = fixture('tls/early-data.keys').toString('latin1');
    expect(keys).toContain('CLIENT_EARLY_TRAFFIC_SECRET');
    const all = await tlsTexts('early-data', Buffer.from(keys.replaceAll(/^CLIENT_EARLY_TRAFFIC_SECRET .*$/gm, '')));
    expect(said(all)).toEqual(['first\n', 'second\n', 'third\n']);
  });
});
