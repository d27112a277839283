import { int32 } from '../../../network/bytes.js';
import { nameIn } from '../../numberNames.js';

/**
 * QuorumAuthPacket: long magic, int status, buffer token. Where servers authenticate each other by SASL they come before
 * everything else on a quorum connection, and behind the initial message on an election connection.
 */
export const AUTH_OP = 'quorumAuth';
/** High half of the magic number -0xa0dbcafecafe1234; as a packet type or a length it is impossible. */
export const AUTH_MAGIC = 0x5f243501;
const AUTH_MAGIC_LOW = 0x3501edcc;
/** Magic, status and length of the token. */
export const AUTH_HEADER_LENGTH = 16;
const LONGEST_TOKEN = 64 << 10;

/** Whether a QuorumAuthPacket begins at `at`. 16 bytes must be there. */
export function isAuthHeader(bytes: Buffer, at: number): boolean {
  if (int32(bytes, at) !== AUTH_MAGIC || int32(bytes, at + 4) !== AUTH_MAGIC_LOW) return false;
  const length = int32(bytes, at + 12);
  return length >= -1 && length <= LONGEST_TOKEN;
}

const statuses = new Map([
  [0, 'IN_PROGRESS'],
  [1, 'SUCCESS'],
  [-1, 'ERROR'],
]);

/** QuorumAuth.Status by its number, `unknown(N)` otherwise. */
export function authStatus(status: number): string {
  return nameIn(statuses, status);
}
