import { describe, expect, it } from 'vitest';
import { fixture } from '../../testing/analyseCapture.js';
import { tlsTexts } from '../../testing/tlsTexts.js';
import { hasTshark, tsharkStreams, withFile } from '../../testing/tshark.js';
import { cipherSuiteName } from './crypto/cipherSuites.js';
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
