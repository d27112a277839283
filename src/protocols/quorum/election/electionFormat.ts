import { int32 } from '../../../network/bytes.js';
import type { StreamChunk } from '../../../network/streamChunk.js';
import { serverStates, type NotificationFields } from './electionMessage.js';
import { int64OrNull } from '../numbers.js';
import { MORE, NO, YES, type PacketGuess } from '../zab/plausibility.js';

/** Initial message since 3.5: long protocol version, long sid, int length of the addresses. */
export const HELLO_LENGTH = 20;
/** QuorumCnxManager.maxBuffer: longest addresses that it accepts. */
export const LARGEST_ADDRESS = 2048;
/** Protocol versions: -65536 with one address (3.5), -65535 with several (3.6). */
const VERSIONS = [0xffff0000 | 0, 0xffff0001 | 0];
/** Server ids are 1 to 255 by the documentation; the format has more. */
const HIGHEST_ID = 1 << 16;

/** Whether the eight bytes at `at` are the protocol version of an initial message of 3.5 or later. */
export function isHello(bytes: Buffer, at: number): boolean {
  return int32(bytes, at) === -1 && VERSIONS.includes(int32(bytes, at + 4));
}

/** Lengths of notifications before there was a configuration in them: without and with peerEpoch, with version. */
const OLD_LENGTHS = [28, 36, 40];
/** int state, long leader, zxid, electionEpoch, peerEpoch, int version, int length of the configuration. */
const WITH_CONFIG = 48 - 4;
/** `server.` */
const MIN_CONFIG = 7;

/** Whether a length prefix and a notification begin at `at`. Never MORE with 48 bytes. */
export function looksLikeNotification(bytes: Buffer, at: number, end: number): PacketGuess {
  const there = end - at;
  if (there < 4) return bytes[at] === 0 ? MORE : NO;
  const length = int32(bytes, at);
  const old = OLD_LENGTHS.includes(length);
  if (!old && (length < WITH_CONFIG || length > 512 << 10)) return NO;
  if (there < 16) return MORE;
  const state = int32(bytes, at + 4);
  if (state < 0 || state > 3) return NO;
  const leader = int64OrNull(bytes, at + 8);
  if (leader !== null && (leader < 0 || leader > HIGHEST_ID)) return NO;
  if (there < 32) return MORE;
  const round = int64OrNull(bytes, at + 24);
  if (round === null || round < 0 || round > 0xffffffff) return NO;
  if (old) return YES;
  if (there < 48) return MORE;
  return int32(bytes, at + 40) === 2 && int32(bytes, at + 44) === length - WITH_CONFIG ? YES : NO;
}

/**
 * Whether segments of nothing but notifications went by: one that holds the ensemble's configuration says enough, of others
 * three in a row.
 */
export function areNotifications(chunks: readonly StreamChunk[]): boolean {
  const latest = notificationsIn(chunks.at(-1)!);
  return latest === 'sure' || (chunks.length >= 3 && chunks.every((chunk) => notificationsIn(chunk) !== 'no'));
}

function notificationsIn({ bytes, start, end }: StreamChunk): 'no' | 'maybe' | 'sure' {
  let at = start;
  let answer: 'maybe' | 'sure' = 'maybe';
  while (at < end) {
    if (looksLikeNotification(bytes, at, end) !== YES) return 'no';
    const length = int32(bytes, at);
    if (length > WITH_CONFIG + MIN_CONFIG && bytes.toString('latin1', at + 48, at + 55) === 'server.') answer = 'sure';
    at += 4 + length;
  }
  return at === end ? answer : 'no';
}

/** Reads a notification without its length prefix; null where it cannot be one. At least 28 bytes must be there. */
export function readNotification(bytes: Buffer, start: number, end: number): NotificationFields | null {
  const state = serverStates[int32(bytes, start)];
  if (state === undefined) return null;
  const length = end - start;
  // 3.4.6 and later say their version behind peerEpoch; a configuration follows from version 2 on.
  const version = length >= 40 ? int32(bytes, start + 36) : 0;
  let config: string | null = null;
  if (version >= 2 && length >= WITH_CONFIG) {
    const configLength = int32(bytes, start + 40);
    if (configLength < 0 || configLength > length - WITH_CONFIG) return null;
    config = bytes.toString('utf8', start + WITH_CONFIG, start + WITH_CONFIG + configLength);
  }
  return {
    state,
    leader: int64OrNull(bytes, start + 4),
    zxidHi: int32(bytes, start + 12) >>> 0,
    zxidLo: int32(bytes, start + 16) >>> 0,
    electionEpoch: int64OrNull(bytes, start + 20),
    peerEpoch: length >= 36 ? int64OrNull(bytes, start + 28) : null,
    version,
    config,
  };
}
