import type { Segment } from '../../network/segment.js';

/** TLS records and handshake messages (RFC 8446, RFC 5246). */
const HANDSHAKE_RECORD = 22;
const RECORD_HEADER = 5;
const CLIENT_HELLO = 1;
const CLIENT_KEY_EXCHANGE = 16;
const MESSAGE_HEADER = 4;
/** Before the random stands the version. */
const RANDOM_AT = 2;
const RANDOM_LENGTH = 32;
/** RSA secrets go by the first bytes of the encrypted premaster secret, which has its length in front. */
const ENCRYPTED_AT = 2;
const ENCRYPTED_LENGTH = 8;
/** Handshakes of one connection: a renegotiation now and then. */
const MOST = 16;

/**
 * What the secrets of TLS connections go by in a key log (see protocols/tls/keys/keyLine.ts): the random of each
 * ClientHello, and the beginning of an encrypted premaster secret, as hexadecimal digits. Both are looked for where
 * records begin with a segment, as those of a handshake do.
 */
export class TlsOwners {
  private readonly byConnection = new Map<number, string[]>();

  look({ bytes, start, end }: Segment, connection: number): void {
    for (let at = start; end - at > RECORD_HEADER + MESSAGE_HEADER && isHandshake(bytes, at);) {
      const next = at + RECORD_HEADER + bytes.readUInt16BE(at + 3);
      let message = at + RECORD_HEADER;
      while (message + MESSAGE_HEADER <= Math.min(next, end)) {
        this.message(bytes, message, end, connection);
        message += MESSAGE_HEADER + bytes.readUIntBE(message + 1, 3);
      }
      at = next;
    }
  }

  /** Owners of the secrets of a connection. */
  of(connection: number): readonly string[] {
    return this.byConnection.get(connection) ?? [];
  }

  private message(bytes: Buffer, at: number, end: number, connection: number): void {
    const body = at + MESSAGE_HEADER;
    if (bytes[at] === CLIENT_HELLO) this.add(bytes, body + RANDOM_AT, RANDOM_LENGTH, end, connection);
    else if (bytes[at] === CLIENT_KEY_EXCHANGE) this.add(bytes, body + ENCRYPTED_AT, ENCRYPTED_LENGTH, end, connection);
  }

  private add(bytes: Buffer, at: number, length: number, end: number, connection: number): void {
    if (at + length > end) return;
    const owner = bytes.toString('hex', at, at + length);
    const owners = this.byConnection.get(connection);
    if (owners === undefined) this.byConnection.set(connection, [owner]);
    else if (owners.length < MOST && !owners.includes(owner)) owners.push(owner);
  }
}

function isHandshake(bytes: Buffer, at: number): boolean {
  return bytes[at] === HANDSHAKE_RECORD && bytes[at + 1] === 3;
}
