import type { Recognition } from '../../protocol.js';
import type { KeyStore } from '../keys/keyStore.js';
import { HandshakeType, RecordType } from '../names.js';
import { RECORD_HEADER, isRecordHeader } from './record.js';

/** Type and length of the handshake message, and version of the hello, before its random. */
const BEFORE_RANDOM = RECORD_HEADER + 4 + 2;
const RANDOM_LENGTH = 32;

/** Do the first bytes of a client begin a ClientHello, and one that the store has keys for if there is a store? */
export function startsWithHello(bytes: Buffer, start: number, end: number, among: KeyStore | null): Recognition {
  if (among?.empty === true) return 'no';
  const length = end - start;
  if (bytes[start] !== RecordType.HANDSHAKE) return 'no';
  if (length > 1 && bytes[start + 1] !== 3) return 'no';
  if (length < RECORD_HEADER + 1) return 'more';
  if (!isRecordHeader(bytes, start) || bytes[start + RECORD_HEADER] !== HandshakeType.CLIENT_HELLO) return 'no';
  if (among === null) return 'yes';
  if (length < BEFORE_RANDOM + RANDOM_LENGTH) return 'more';
  const random = start + BEFORE_RANDOM;
  return among.has(bytes.toString('latin1', random, random + RANDOM_LENGTH)) ? 'yes' : 'no';
}
