import { isErrorCode } from './errors.js';
import {
  AUTH_XID,
  isEventType,
  isKeeperState,
  isOpcode,
  NOTIFICATION_XID,
  OpCode,
  PING_XID,
  SET_WATCHES_XID,
} from './opcodes.js';
import type { OutstandingRequests } from '../connection/requests.js';
import { zxidNumber } from './stat.js';

/** Longest message that is believed: well above any jute.maxbuffer in use. */
export const MAX_LENGTH = 128 * 1024 * 1024;

/** How sure the bytes make it that a message begins here: not; too few bytes to say; it may; it does. */
export type Evidence = 'no' | 'more' | 'weak' | 'strong';

const SLASH = 0x2f;
const STAT_LENGTH = 68;
/** Longest message that is believed where the stream must be aligned again. */
const LONGEST_ALIGNED = 0xffffff;
/** How far zxids of one connection may go back (answers of errors and reads come close together) and ahead. */
const ZXID_BACK = 1000;
const ZXID_AHEAD = 2 ** 24;
const EPOCHS_AHEAD = 4;

/** A jute string that must be a path: length in front, `/` first, no control bytes as far as it can be seen. */
function pathAt(bytes: Buffer, at: number, end: number, longest: number): number | 'more' {
  if (end - at < 5) return 'more';
  const length = bytes.readInt32BE(at);
  if (length < 1 || length > longest || bytes[at + 4] !== SLASH) return -1;
  const stop = Math.min(at + 4 + length, end, at + 4 + 64);
  for (let i = at + 4; i < stop; i++) if (bytes[i]! < 0x20 || bytes[i] === 0x7f) return -1;
  return length;
}

/** Whether a request's length prefix stands at `at`: RequestHeader { int xid, int type } and a body that fits its length. */
export function requestEvidence(bytes: Buffer, at: number, end: number): Evidence {
  if (end - at < 12) return 'more';
  const length = bytes.readInt32BE(at);
  if (length < 8 || length > LONGEST_ALIGNED) return 'no';
  const xid = bytes.readInt32BE(at + 4);
  const opcode = bytes.readInt32BE(at + 8);
  if (!isOpcode(opcode)) return 'no';
  const body = length - 8;
  const bodyAt = at + 12;
  switch (opcode) {
    case OpCode.ping:
      return body === 0 && xid === PING_XID ? 'strong' : 'no';
    case OpCode.closeSession:
      return body === 0 ? 'strong' : 'no';
    case OpCode.whoAmI:
      return body === 0 ? 'weak' : 'no';
    case OpCode.multi:
    case OpCode.multiRead:
      if (end - bodyAt < 9) return 'more';
      if (bytes[bodyAt + 4] === 1) return body === 9 && bytes.readInt32BE(bodyAt) === -1 ? 'strong' : 'no';
      return body > 9 &&
        isOpcode(bytes.readInt32BE(bodyAt)) &&
        bytes[bodyAt + 4] === 0 &&
        bytes.readInt32BE(bodyAt + 5) === -1
        ? 'strong'
        : 'no';
    case OpCode.setWatches:
    case OpCode.setWatches2:
      return body >= 20 && bytes.length > 0 ? 'weak' : 'no';
    case OpCode.auth:
      if (end - bodyAt < 8) return 'more';
      return bytes.readInt32BE(bodyAt) === 0 && bytes.readInt32BE(bodyAt + 4) > 0 && bytes.readInt32BE(bodyAt + 4) < 64
        ? 'weak'
        : 'no';
    case OpCode.sasl:
      if (end - bodyAt < 4) return 'more';
      return Math.max(0, bytes.readInt32BE(bodyAt)) === body - 4 ? 'strong' : 'no';
    case OpCode.createSession:
      return body >= 28 && body <= 64 ? 'weak' : 'no';
    case OpCode.reconfig:
      return body >= 20 ? 'weak' : 'no';
    default:
      return pathRequestEvidence(opcode, bytes, bodyAt, end, body);
  }
}

/** Length of a jute buffer, null where it lies behind the bytes at hand. */
function dataAt(bytes: Buffer, at: number, end: number): number | null {
  return end - at < 4 ? null : bytes.readInt32BE(at);
}

function pathRequestEvidence(opcode: number, bytes: Buffer, at: number, end: number, body: number): Evidence {
  const length = pathAt(bytes, at, end, body - 4);
  if (length === 'more') return 'more';
  if (length < 0) return 'no';
  const rest = body - 4 - length;
  switch (opcode) {
    case OpCode.exists:
    case OpCode.getData:
    case OpCode.getChildren:
    case OpCode.getChildren2:
      return rest === 1 ? 'strong' : 'no';
    case OpCode.delete:
    case OpCode.check:
    case OpCode.checkWatches:
    case OpCode.removeWatches:
    case OpCode.addWatch:
      return rest === 4 ? 'strong' : 'no';
    case OpCode.setData: {
      const data = dataAt(bytes, at + 4 + length, end);
      return rest >= 8 && (data === null || Math.max(0, data) === rest - 8) ? 'strong' : 'no';
    }
    case OpCode.setACL:
      return rest >= 8 ? 'strong' : 'no';
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL: {
      const data = dataAt(bytes, at + 4 + length, end);
      return rest >= 12 && (data === null || (data >= -1 && data <= rest - 12)) ? 'strong' : 'no';
    }
    default: // getACL, sync, getEphemerals, getAllChildrenNumber, deleteContainer
      return rest === 0 ? 'strong' : 'no';
  }
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
): Evidence {
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
    if (!isEventType(bytes.readInt32BE(bodyAt)) || !isKeeperState(bytes.readInt32BE(bodyAt + 4))) return 'no';
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

function responseBodyEvidence(opcode: number, bytes: Buffer, at: number, end: number, body: number): Evidence {
  switch (opcode) {
    case OpCode.exists:
    case OpCode.setData:
    case OpCode.setACL:
      return body === STAT_LENGTH ? 'strong' : 'no';
    case OpCode.getData:
    case OpCode.reconfig:
      if (end - at < 4) return 'more';
      return Math.max(0, bytes.readInt32BE(at)) === body - 4 - STAT_LENGTH ? 'strong' : 'no';
    case OpCode.create:
    case OpCode.sync: {
      const path = pathAt(bytes, at, end, body - 4);
      if (path === 'more') return 'more';
      return path === body - 4 ? 'strong' : 'no';
    }
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL: {
      const path = pathAt(bytes, at, end, body - 4);
      if (path === 'more') return 'more';
      return path === body - 4 - STAT_LENGTH ? 'strong' : 'no';
    }
    case OpCode.getChildren:
    case OpCode.getChildren2:
    case OpCode.getEphemerals: {
      if (end - at < 4) return 'more';
      const count = bytes.readInt32BE(at);
      const tail = opcode === OpCode.getChildren2 ? STAT_LENGTH : 0;
      if (count <= 0) return body === 4 + tail ? 'strong' : 'no';
      return count * 5 <= body - 4 - tail ? 'strong' : 'no';
    }
    case OpCode.getAllChildrenNumber:
    case OpCode.addWatch:
      return body === 4 ? 'strong' : 'no';
    case OpCode.delete:
    case OpCode.ping:
    case OpCode.auth:
    case OpCode.setWatches:
    case OpCode.setWatches2:
    case OpCode.checkWatches:
    case OpCode.removeWatches:
    case OpCode.closeSession:
    case OpCode.check:
      return body === 0 ? 'strong' : 'no';
    default: // multi, multiRead, getACL, whoAmI, sasl, deleteContainer, unknown opcodes
      return 'weak';
  }
}
