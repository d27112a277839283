import { defineFields, type LinePart, shownParts } from '../field.js';

const certificateFields = defineFields({
  subject: { type: 'string', required: true, text: 'distinguished name' },
  issuer: { type: 'string', required: true, text: 'distinguished name of who signed it' },
  notBefore: { type: 'string', required: true, text: 'valid from: UTC, ISO 8601, whole seconds' },
  notAfter: { type: 'string', required: true, text: 'valid until, in the same form' },
  key: { type: 'string', nullable: true, required: true, text: 'kind of key: RSA, EC …' },
});

function certificate(text: string) {
  return { type: { object: certificateFields }, text } as const;
}

/** Every field that a message of TLS, or the end of a handshake, is printed with. */
export const tlsFields = defineFields({
  direction: {
    type: { oneOf: ['request', 'response'] },
    kinds: ['message'],
    text: 'which way a message went that is neither',
  },
  length: { type: 'count', unit: 'bytes', text: 'ClientHello: its size with its record headers' },
  serverName: { type: 'string', text: 'ClientHello: name of the server that is asked for' },
  tlsVersion: { type: 'string', text: 'ClientHello: highest version offered; otherwise the version chosen' },
  cipherSuite: {
    type: 'string',
    text: "ServerHello, Handshake: IANA's name of the cipher suite, or 0x and its number",
  },
  alpn: { type: 'strings', text: 'ClientHello: protocols offered; Handshake: the one chosen' },
  resumed: { type: 'boolean', text: 'Handshake: a session of before goes on, without certificates' },
  serverCertificate: certificate("Handshake: the server's own certificate, where it was in clear or decrypted"),
  clientCertificate: certificate("Handshake: the client's own certificate, likewise"),
  level: { type: 'nameOrNumber', text: 'Alert: warning or fatal' },
  description: { type: 'string', text: 'Alert: its description' },
  outcome: {
    type: { oneOf: ['completed', 'alert', 'reset', 'stalled', 'closed', 'open', 'unknown'] },
    text: 'Handshake: how it ended; stalled: not one byte from the server until the client closed',
  },
  endedBy: { type: { oneOf: ['client', 'server'] }, nullable: true, text: 'Handshake: who ended it' },
  helloFrame: { type: 'count', text: 'Handshake: frame of the ClientHello' },
  serverFirstFrame: { type: 'count', nullable: true, text: "Handshake: frame of the server's first byte" },
  serverWait: {
    type: 'seconds',
    unit: 'seconds',
    nullable: true,
    text: "Handshake: from the ClientHello to the server's first byte",
  },
  duration: { type: 'seconds', unit: 'seconds', nullable: true, text: 'Handshake: from the ClientHello to its end' },
  alert: { type: 'string', text: 'Handshake: the alert that ended it' },
  latency: { type: 'seconds', unit: 'seconds', kinds: ['response'], text: 'since the ClientHello' },
});

const SHOWN = [
  ['serverName', ''],
  ['tlsVersion', ''],
  ['description', ''],
  ['outcome', ''],
] as const;

/** What the line of a message of TLS shows, beside the columns that all lines have. */
export function tlsLine(record: Readonly<Record<string, unknown>>): LinePart[] {
  return shownParts(record, SHOWN);
}
