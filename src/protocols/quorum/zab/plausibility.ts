import { TO_SERVER, type Direction } from '../../../network/connection.js';
import { isOpcode } from '../../zookeeper/format/opcodes.js';
import { int32 } from '../../../network/bytes.js';
import { isTypeFrom, PacketType } from './packetTypes.js';
import { isTxnType, TXN_HEADER_LENGTH } from './txn.js';

/** Bytes in front of a QuorumPacket's data: int type, long zxid, int length of the data. */
export const HEADER_LENGTH = 16;
/** The largest data that is believed (jute.maxbuffer is 1 MB by default). Nothing is allocated for it. */
export const LARGEST_DATA = 64 << 20;
/** With this many bytes `looksLikePacket` always answers YES or NO. */
export const PROBE_LENGTH = 48;
/** Highest epoch that is believed where a packet's start has to be guessed: an election a second for half a year. */
const HIGHEST_EPOCH = 1 << 24;
/** Longest session timeout that is believed there, milliseconds. */
const LONGEST_TIMEOUT = 86_400_000;

export const NO = 0;
export const YES = 1;
export const MORE = 2;
export type PacketGuess = typeof NO | typeof YES | typeof MORE;

/** Whether a header that follows on a packet can be one. 16 bytes must be there. */
export function isHeader(direction: Direction, bytes: Buffer, at: number): boolean {
  if (!isTypeFrom(direction, int32(bytes, at))) return false;
  const length = int32(bytes, at + 12);
  return length >= -1 && length <= LARGEST_DATA;
}

/**
 * Whether bytes in the middle of a stream are the start of a QuorumPacket: type, zxid, length of the data and the data's
 * first fields must agree. Strict, as the bytes may as well be a znode's data or a snapshot.
 */
export function looksLikePacket(direction: Direction, bytes: Buffer, at: number, end: number): PacketGuess {
  const available = end - at;
  if (available < 4) return bytes[at] === 0 ? MORE : NO;
  const type = int32(bytes, at);
  if (!isTypeFrom(direction, type)) return NO;
  if (available < HEADER_LENGTH) return MORE;
  const length = int32(bytes, at + 12);
  if (length < -1 || length > LARGEST_DATA) return NO;
  const epoch = int32(bytes, at + 4);
  const data = at + HEADER_LENGTH;
  if (type === PacketType.REQUEST) {
    if (epoch !== -1 || int32(bytes, at + 8) !== -1 || length < 16) return NO;
    if (available < HEADER_LENGTH + 16) return MORE;
    return isOpcode(int32(bytes, data + 12)) ? YES : NO;
  }
  // An observer that had never been told of an epoch, and an ACKEPOCH of a server without a log, have zxid -1.
  if ((epoch < 0 || epoch > HIGHEST_EPOCH) && !(epoch === -1 && int32(bytes, at + 8) === -1)) return NO;
  switch (type) {
    case PacketType.PROPOSAL:
    case PacketType.INFORM:
    case PacketType.INFORMANDACTIVATE: {
      const lead = type === PacketType.INFORMANDACTIVATE ? 8 : 0;
      if (length < TXN_HEADER_LENGTH + lead) return NO;
      if (available < PROBE_LENGTH) return MORE;
      // The transaction's own zxid (of INFORMANDACTIVATE it lies beyond the probe; its type does as well).
      if (lead === 0 && !isTxnType(int32(bytes, data + 28))) return NO;
      const zxid = data + 12 + lead;
      return int32(bytes, zxid) === epoch && int32(bytes, zxid + 4) === int32(bytes, at + 8) ? YES : NO;
    }
    case PacketType.PING:
      if (direction === TO_SERVER && length > 0) return looksLikeSessions(bytes, data, length, available);
      break;
    case PacketType.REVALIDATE:
      if (length !== (direction === TO_SERVER ? 12 : 9)) return NO;
      return tail(direction, bytes, data + length, end);
    case PacketType.FOLLOWERINFO:
    case PacketType.OBSERVERINFO:
      if (length !== 20 && length !== 12) return NO;
      if (available < HEADER_LENGTH + 12) return MORE;
      return int32(bytes, data + 8) === LEARNER_PROTOCOL ? YES : NO;
    case PacketType.LEADERINFO:
    case PacketType.ACKEPOCH:
      if (length !== 4) return NO;
      return tail(direction, bytes, data + 4, end);
    case PacketType.COMMITANDACTIVATE:
      if (length !== 8) return NO;
      return tail(direction, bytes, data + 8, end);
    case PacketType.NEWLEADER:
      // 3.5 and later: the ensemble's configuration as text.
      if (length > 0) {
        if (length > 1 << 20) return NO;
        if (available < HEADER_LENGTH + 7) return MORE;
        return bytes.toString('latin1', data, data + 7) === 'server.' ? YES : NO;
      }
      break;
    default:
  }
  if (length > 0) return NO;
  return tail(direction, bytes, data, end);
}

/** Protocol version of LearnerInfo since 3.4. */
export const LEARNER_PROTOCOL = 0x10000;

/** `vector<Id>` null, and then the end of what is known or the type of another packet. */
function tail(direction: Direction, bytes: Buffer, at: number, end: number): PacketGuess {
  if (end - at < 4) return MORE;
  if (int32(bytes, at) !== -1) return NO;
  return end - at < 8 || isTypeFrom(direction, int32(bytes, at + 4)) ? YES : NO;
}

/** A learner's answer to PING: pairs of long session, int timeout. */
function looksLikeSessions(bytes: Buffer, at: number, length: number, available: number): PacketGuess {
  if (length % 12 !== 0) return NO;
  if (available < HEADER_LENGTH + 12) return MORE;
  const timeout = int32(bytes, at + 8);
  return timeout > 0 && timeout <= LONGEST_TIMEOUT ? YES : NO;
}
