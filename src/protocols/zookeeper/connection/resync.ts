import { isErrorCode } from '../format/errors.js';
import { pathAt, recordEvidence, type Plausibility } from '../format/evidence.js';
import { eventTypes, keeperStates } from '../format/enums.js';
import { requestLayout, responseLayout } from '../format/layout.js';
import { AUTH_XID, isOpcode, NOTIFICATION_XID, OpCode, PING_XID, SET_WATCHES_XID } from '../format/opcodes.js';
import type { OutstandingRequests } from './requests.js';
import { zxidNumber } from '../format/stat.js';

/**
 * Longest message that is believed: well above any jute.maxbuffer in use.
 * @bound bytes
 */
export const MAX_LENGTH = 128 * 1024 * 1024;

/** Longest message that is believed where the stream must be aligned again. */
const LONGEST_ALIGNED = 0xffffff;
/** How far zxids of one connection may go back (answers of errors and reads come close together) and ahead. */
const ZXID_BACK = 1000;
const ZXID_AHEAD = 2 ** 24;
const EPOCHS_AHEAD = 4;

/** The same, for who looks for boundaries in another language. */
export const resyncLimits = { LONGEST_ALIGNED, ZXID_BACK, ZXID_AHEAD, EPOCHS_AHEAD } as const;

/** Whether a request's length prefix stands at `at`: RequestHeader { int xid, int type } and a body that fits its length. */
export function requestEvidence(bytes: Buffer, at: number, end: number): Plausibility {
  if (end - at < 12) return 'more';
  const length = bytes.readInt32BE(at);
  if (length < 8 || length > LONGEST_ALIGNED) return 'no';
  const xid = bytes.readInt32BE(at + 4);
  const opcode = bytes.readInt32BE(at + 8);
  if (!isOpcode(opcode)) return 'no';
  if (opcode === OpCode.ping && xid !== PING_XID) return 'no';
  const evidence = recordEvidence(requestLayout(opcode), bytes, at + 12, end, length - 8);
  // Without a body a small number is all that speaks for it.
  return length === 8 && opcode > 0 && opcode !== OpCode.ping && evidence === 'strong' ? 'weak' : evidence;
}

/**
 * Whether a response's or notification's length prefix stands at `at`: ReplyHeader { int xid, long zxid, int err } and,
 * where the request is known, a body that fits.
 * @param lastZxid zxid of the latest response of this connection, -1 if none is known: they never go back
 */
export function responseEvidence(
  bytes: Buffer,
  at: number,
  end: number,
  outstanding: OutstandingRequests,
  lastZxid: number,
): Plausibility {
  if (end - at < 20) return 'more';
  const length = bytes.readInt32BE(at);
  if (length < 16 || length > LONGEST_ALIGNED) return 'no';
  const xid = bytes.readInt32BE(at + 4);
  const zxidHi = bytes.readInt32BE(at + 8);
  const err = bytes.readInt32BE(at + 16);
  const body = length - 16;
  const bodyAt = at + 20;
  if (xid === NOTIFICATION_XID) {
    if (err !== 0 || body < 13) return 'no';
    if (end - bodyAt < 8) return 'more';
    if (!eventTypes.has(bytes.readInt32BE(bodyAt)) || !keeperStates.has(bytes.readInt32BE(bodyAt + 4))) return 'no';
    const path = pathAt(bytes, bodyAt + 8, end, body - 12);
    // Type and state behind such a header are evidence enough where the path is cut.
    return path === 'more' || path === body - 12 ? 'strong' : 'no';
  }
  if (!isErrorCode(err)) return 'no';
  const zeroZxid = zxidHi === 0 && bytes.readInt32BE(at + 12) === 0;
  if (!zeroZxid && zxidHi !== -1 && !zxidFits(zxidHi, bytes.readUInt32BE(at + 12), lastZxid)) return 'no';
  if (xid === PING_XID) return length === 16 && err === 0 ? 'strong' : 'no';
  const request = outstanding.peek(xid);
  if (err !== 0) return length === 16 ? (request !== null ? 'strong' : 'weak') : 'no';
  if (request === null) {
    if (xid !== AUTH_XID && (zeroZxid || (xid <= 0 && xid !== SET_WATCHES_XID))) return 'no';
    // A long message of which nothing is known but its header: only where the zxid fits what came before.
    return lastZxid >= 0 || end - at >= 4 + length ? 'weak' : 'no';
  }
  return responseBodyEvidence(request.opcode, bytes, bodyAt, end, body);
}

/** Zxids of one connection's answers grow, by no more than millions within a capture, or to the next epochs. */
function zxidFits(hi: number, lo: number, last: number): boolean {
  if (hi < 0 || hi > 0xffff) return false;
  if (last < 0) return true;
  const zxid = zxidNumber(hi, lo);
  if (zxid < last - ZXID_BACK) return false;
  return zxid <= last + ZXID_AHEAD || (hi - Math.floor(last / 2 ** 32) < EPOCHS_AHEAD && lo < ZXID_AHEAD);
}

/** Whether the body of a response without error, from `at` to before `end`, can answer a request with this opcode. */
export function responseFits(opcode: number, bytes: Buffer, at: number, end: number): boolean {
  return responseBodyEvidence(opcode, bytes, at, end, end - at) !== 'no';
}

/** What answers an operation that is not known may be anything. */
function responseBodyEvidence(opcode: number, bytes: Buffer, at: number, end: number, length: number): Plausibility {
  return isOpcode(opcode) ? recordEvidence(responseLayout(opcode), bytes, at, end, length) : 'weak';
}
