import type { Protocol } from '../protocol.js';
import { TlsDecoder } from './decoder.js';
import { tlsFields, tlsLine } from './fields.js';

/** ZooKeeper's port for TLS, by custom (`secureClientPort`). */
const SECURE_CLIENT_PORT = 2281;

/**
 * TLS where nothing but TLS is expected. What lies inside cannot be read without keys; on other ports it is not looked for,
 * since most TLS in a capture is nobody's business.
 */
export function tls(): Protocol<typeof tlsFields> {
  return {
    name: 'tls',
    ports: [SECURE_CLIENT_PORT],
    fields: tlsFields,
    line: tlsLine,
    recognise: () => 'no',
    open: (connection, sink) => new TlsDecoder(connection, sink),
  };
}
