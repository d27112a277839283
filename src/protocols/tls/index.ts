import type { Protocol } from '../protocol.js';
import { tlsJournal } from './journal.js';
import { TlsDecoder } from './decoder.js';
import { tlsFields, tlsLine } from './fields.js';
import { KeyStore } from './keys/keyStore.js';
import { HoldBudget } from './records/heldRecords.js';
import type { TlsView } from './journal.js';
import { TLS_OPS } from './message.js';
import { startsWithHello } from './records/firstRecord.js';

/** ZooKeeper's port for TLS, by custom (`secureClientPort`). */
const SECURE_CLIENT_PORT = 2281;

/**
 * TLS: on its own port, on the ports of the protocols that it may carry, and, with keys, wherever a client begins with a
 * ClientHello that there are keys for. Without keys it is not looked for elsewhere: most TLS in a capture is nobody's
 * business.
 */
export function tls(keys = new KeyStore(), epoch?: (time: number) => number): Protocol<typeof tlsFields, TlsView> {
  const context = { keys, budget: new HoldBudget(), epoch };
  return {
    name: 'tls',
    ports: [SECURE_CLIENT_PORT],
    journal: tlsJournal,
    fields: tlsFields,
    ops: TLS_OPS,
    line: tlsLine,
    carrier: true,
    recognise: (bytes, start, end, expected) => startsWithHello(bytes, start, end, expected === true ? null : keys),
    open: (connection, sink, inside) => new TlsDecoder(connection, sink, context, inside),
  };
}
