import { describe, expect, it } from 'vitest';
import { fixture } from '../../testing/analyseCapture.js';
import { streamInput } from '../../testing/readFrames.js';
import { tlsTexts } from '../../testing/tlsTexts.js';
import { hasTshark, tsharkStreams, withFile } from '../../testing/tshark.js';
import { MessageReader } from '../messageReader.js';
import { cipherSuiteName } from './crypto/cipherSuites.js';
import { KeyStore } from './keys/keyStore.js';
import { tlsVersionName } from './names.js';

/** Recorded with OpenSSL 3.0: s_client says two lines, s_server gives each back reversed. */
const CONNECTIONS: readonly [version: string, suite: string, more?: Partial<Expected>][] = [
  ['TLS 1.3', 'TLS_AES_128_GCM_SHA256'],
  ['TLS 1.3', 'TLS_CHACHA20_POLY1305_SHA256'],
  ['TLS 1.3', 'TLS_AES_256_GCM_SHA384'],
  ['TLS 1.2', 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'],
  ['TLS 1.2', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
  ['TLS 1.2', 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256'],
  ['TLS 1.2', 'TLS_DHE_RSA_WITH_AES_256_CBC_SHA256', { encryptThenMac: true }],
  ['TLS 1.2', 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', { encryptThenMac: true }],
  ['TLS 1.2', 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384', { encryptThenMac: true }],
  ['TLS 1.2', 'TLS_RSA_WITH_AES_128_GCM_SHA256'],
  ['TLS 1.2', 'TLS_RSA_WITH_AES_256_CBC_SHA256', { encryptThenMac: true }],
  ['TLS 1.2', 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', { clientCertificate: true }],
  ['TLS 1.3', 'TLS_AES_256_GCM_SHA384', { clientCertificate: true }],
  // Both sides change their keys, twice the client, once the server; the last line was not answered any more.
  ['TLS 1.3', 'TLS_AES_256_GCM_SHA384', { text: 'before\nbetween\nbehind\n', answer: 'erofeb\nneewteb\n' }],
];
const TEXT = 'hello over TLS\nthe second line, somewhat longer than the first\n';

interface Expected {
  readonly encryptThenMac: boolean;
  readonly clientCertificate: boolean;
  readonly text: string;
  readonly answer: string;
}

/** As s_server -rev gives lines back. */
function reversed(text: string): string {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => `${Array.from(line).reverse().join('')}\n`)
    .join('');
}

/** How many messages of each protocol a capture under fixtures/tls holds, and gaps. */
async function read(name: string): Promise<{ messages: Record<string, number>; gaps: number }> {
  const keys = new KeyStore();
  keys.add(fixture(`tls/${name}.keys`));
  const messages: Record<string, number> = {};
  let gaps = 0;
  const none = (): void => undefined;
  const reader = new MessageReader(
    [streamInput(fixture(`tls/${name}.pcap.gz`))],
    {
      message: ({ protocol }) => {
        messages[protocol] = (messages[protocol] ?? 0) + 1;
      },
      gap: () => {
        gaps++;
      },
      ...{ connectionOpened: none, connectionClosed: none },
    },
    { tlsKeys: keys },
  );
  await reader.read();
  return { messages, gaps };
}

describe('suites, key exchanges and certificates that OpenSSL speaks', () => {
  it('are read as they were said', async () => {
    const connections = await tlsTexts('openssl');
    expect(connections).toHaveLength(CONNECTIONS.length);
    for (const [index, [version, suite, more]] of CONNECTIONS.entries()) {
      const { texts, handshake } = connections[index]!;
      const text = more?.text ?? TEXT;
      expect(Buffer.concat(texts[0]).toString(), suite).toBe(text);
      expect(Buffer.concat(texts[1]).toString(), suite).toBe(more?.answer ?? reversed(text));
      expect(tlsVersionName(handshake!.version!)).toBe(version);
      expect(cipherSuiteName(handshake!.cipherSuite!)).toBe(suite);
      expect(handshake!.encryptThenMac, suite).toBe(more?.encryptThenMac ?? false);
      const client = handshake!.clientCertificates?.[0]?.subject;
      expect(client, suite).toBe(more?.clientCertificate === true ? 'CN=rsa.test,O=zkscope test' : undefined);
    }
  });

  it.runIf(hasTshark)('are what tshark decrypts', async () => {
    const connections = await tlsTexts('openssl');
    const judged = withFile(fixture('tls/openssl.pcap.gz'), (path) =>
      withFile(fixture('tls/openssl.keys'), (keys) => tsharkStreams(path, connections.length, keys)),
    );
    for (const [index, { texts }] of connections.entries()) {
      const { ends, bytes } = judged[index]!;
      // tshark names the server of a TLS stream only.
      const server = ends[0].endsWith(':2281') ? 0 : 1;
      expect(bytes[server].equals(Buffer.concat(texts[1])), `stream ${index}, server`).toBe(true);
      expect(bytes[1 - server]!.equals(Buffer.concat(texts[0])), `stream ${index}, client`).toBe(true);
      expect(bytes[0].length).toBeGreaterThan(0);
    }
  });
});

/**
 * Recorded with ZooKeeper 3.8 on Java 17: three servers that form an ensemble over TLS 1.2, and a client over TLS 1.3. The
 * servers wrote the key log, by docs/tls/keylog.btm.
 */
describe('a key log that Byteman took from Java', () => {
  it('opens every record, of clients and of the ensemble', async () => {
    const { messages, gaps } = await read('java');
    expect(gaps).toBe(0);
    expect(messages).toMatchObject({ zookeeper: 22, zab: 141, election: 13 });
  });

  it.runIf(hasTshark)('as tshark does', async () => {
    const text = (...parts: readonly Buffer[][]): string =>
      parts
        .map((part) => Buffer.concat(part).toString('hex'))
        .sort()
        .join(' ');
    const said = (texts: readonly string[]): string[] => texts.filter((one) => one !== ' ').sort();
    const connections = said((await tlsTexts('java')).map(({ texts }) => text(...texts)));
    const judged = withFile(fixture('tls/java.pcap.gz'), (path) =>
      withFile(fixture('tls/java.keys'), (keys) => tsharkStreams(path, 20, keys)),
    );
    expect(connections).toEqual(said(judged.map(({ bytes }) => text([bytes[0]], [bytes[1]]))));
    expect(connections).toHaveLength(7);
  });
});
