import type { MaskedBytes } from '../dump/bytes.js';
import { AnnotatingReader, CUT, MASKED, type AnnotatedField, type AssumedLength, type RecordBounds } from './reader.js';
import { END_OF_RECORD } from '../../protocols/zookeeper/format/cursor.js';
import { errorCodes } from '../../protocols/zookeeper/format/errors.js';
import { eventTypes, keeperStates } from '../../protocols/zookeeper/format/enums.js';
import {
  CONNECT,
  layoutNamed,
  layouts,
  requestLayout,
  responseLayout,
  type RecordLayout,
} from '../../protocols/zookeeper/format/layout.js';
import {
  AUTH_XID,
  isOpcode,
  NOTIFICATION_XID,
  OpCode,
  opName,
  PING_XID,
} from '../../protocols/zookeeper/format/opcodes.js';
import { readFields } from '../../protocols/zookeeper/format/records.js';

export type MessageDirection = 'request' | 'response';
export type MessageKind = 'request' | 'response' | 'notification';

/** One way to read a message. */
export interface Candidate {
  readonly kind: MessageKind;
  /** Operations whose messages are laid out so, by ZooKeeper's names. */
  readonly ops: readonly string[];
  readonly read: (reader: AnnotatingReader, data: MaskedBytes, strict: boolean) => void;
}

/** What one way to read gives for the bytes of one message. */
export interface Interpretation {
  readonly candidate: Candidate;
  readonly fields: readonly AnnotatedField[];
  /** Behind the last byte that was read. */
  readonly position: number;
  /**
   * `whole`: the record ends where the message does (or the message's length is masked, and it may); `cut`: the captured
   * bytes end first; `masked`: a masked byte decides how it goes on; `extra`: bytes are left over (not if strict).
   */
  readonly end: 'whole' | 'cut' | 'masked' | 'extra';
  /** Where the length stood that was masked, if that is why it ended. */
  readonly maskedLengthAt: number | null;
}

/** Reads a message in one way; null if its bytes contradict that. */
export function readAs(
  candidate: Candidate,
  data: MaskedBytes,
  bounds: RecordBounds,
  strict: boolean,
  assumed: AssumedLength | null = null,
): Interpretation | null {
  const reader = new AnnotatingReader(data, bounds, strict, assumed);
  let end: Interpretation['end'] = 'whole';
  try {
    candidate.read(reader, data, strict);
    if (bounds.end !== Infinity && reader.position < bounds.end) end = 'extra';
  } catch (error) {
    if (error === CUT) end = 'cut';
    else if (error === MASKED) end = 'masked';
    else if (error === END_OF_RECORD) {
      if (strict) return null;
      end = 'extra';
    } else throw error;
  }
  if (strict && end === 'extra') return null;
  return { candidate, fields: reader.fields, position: reader.position, end, maskedLengthAt: reader.maskedLengthAt };
}

/** An int that was just read, if all its bits are known. */
function knownInt(data: MaskedBytes, at: number): number | null {
  return data.isKnown(at, at + 4) ? data.bytes.readInt32BE(at) : null;
}

/** Whether the int at `at` may have this value, as far as its bits are known: masked ones and those behind the end are not. */
function mayBe(data: MaskedBytes, at: number, value: number): boolean {
  for (let i = 0; i < 4; i++) {
    const byte = (value >>> (24 - 8 * i)) & 0xff;
    if (at + i < data.length && (byte & data.mask[at + i]!) !== data.bytes[at + i]) return false;
  }
  return true;
}

function refuseIf(condition: boolean): void {
  if (condition) throw END_OF_RECORD;
}

/** A handshake's message, which has no header. */
function handshakeCandidate(kind: 'request' | 'response', layout: RecordLayout, op: string): Candidate {
  return {
    kind,
    ops: [op],
    read: (reader) => {
      readFields(layout, reader, {});
    },
  };
}

/** RequestHeader: int xid, int type; and the body of the operation. */
function requestCandidate(opcode: number): Candidate {
  return {
    kind: 'request',
    ops: [opName(opcode)],
    read: (reader, data, strict) => {
      const at = reader.position;
      reader.int('xid');
      const xid = knownInt(data, at);
      if (strict && xid !== null) refuseIf((xid === PING_XID) !== (opcode === OpCode.ping) || xid === NOTIFICATION_XID);
      reader.int('type');
      refuseIf(strict && !mayBe(data, at + 4, opcode));
      readFields(requestLayout(opcode), reader, {});
    },
  };
}

/** WatcherEvent: int type, int state, ustring path; behind a ReplyHeader with xid -1. */
const notification: Candidate = {
  kind: 'notification',
  ops: ['notification'],
  read: (reader, data, strict) => {
    const at = reader.position;
    replyHeader(reader, data, strict, true);
    refuseIf(strict && (!mayBe(data, at, NOTIFICATION_XID) || !mayBe(data, at + 12, 0)));
    reader.int('type');
    const type = knownInt(data, at + 16);
    refuseIf(strict && type !== null && !eventTypes.has(type));
    reader.int('state');
    const state = knownInt(data, at + 20);
    refuseIf(strict && state !== null && !keeperStates.has(state));
    reader.string('path');
  },
};

/** ReplyHeader: int xid, long zxid, int err. */
function replyHeader(reader: AnnotatingReader, data: MaskedBytes, strict: boolean, isNotification = false): void {
  const at = reader.position;
  reader.int('xid');
  if (strict && !isNotification) refuseIf(knownInt(data, at) === NOTIFICATION_XID || knownInt(data, at) === 0);
  // The upper half is the epoch, which counts elections; -1 where there is no zxid.
  refuseIf(strict && !mayBe(data, at + 4, -1) && !mayBe(data.slice(0, at + 6), at + 4, 0));
  reader.zxid('zxid');
  refuseIf(strict && !errorCodes.some((code) => mayBe(data, at + 12, code)));
  reader.int('err');
}

/** A response with error: nothing behind the header. */
const errorResponse: Candidate = {
  kind: 'response',
  ops: [],
  read: (reader, data, strict) => {
    const at = reader.position;
    replyHeader(reader, data, strict);
    refuseIf(strict && mayNotFail(data, at));
  },
};

function mayNotFail(data: MaskedBytes, at: number): boolean {
  return knownInt(data, at + 12) === 0 || knownInt(data, at) === PING_XID;
}

/**
 * Operations whose answers are laid out alike, in the order of the table. Pings are told apart by their xid, handshakes by
 * their lack of a header, and what reconfig answers by its text.
 */
function alike(): number[][] {
  const groups = new Map<string, number[]>();
  for (const { operation, response } of layouts) {
    const { code } = operation;
    if (!isOpcode(code) || code === OpCode.ping || code === OpCode.createSession) continue;
    const fields = response.fields.map(({ name, type }) => `${name} ${type}`);
    const key = code === OpCode.reconfig ? 'servers' : fields.join();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [code]);
    else group.push(code);
  }
  return [...groups.values()];
}

const ALIKE: readonly (readonly number[])[] = alike();

/** @param opcodes operations whose answers are laid out alike */
function responseCandidate(opcodes: readonly number[]): Candidate {
  const opcode = opcodes[0]!;
  const layout = responseLayout(opcode);
  const withData = layout.hasStat && layout.fields.some(({ type }) => type === 'buffer');
  const withToken = layout.fields[0]?.secret === true;
  return {
    kind: 'response',
    ops: opcodes.map(opName),
    read: (reader, data, strict) => {
      const at = reader.position;
      replyHeader(reader, data, strict);
      refuseIf(strict && (!mayBe(data, at + 12, 0) || (opcode !== OpCode.ping && knownInt(data, at) === PING_XID)));
      refuseIf(strict && opcode === OpCode.ping && !mayBe(data, at, PING_XID));
      const body = reader.position;
      readFields(layout, reader, {});
      refuseIf(strict && withData && dataContradicts(reader, data, opcode));
      // A path and a token are laid out alike; no mechanism's token begins with a slash.
      refuseIf(strict && withToken && knownInt(data, body) !== 0 && data.bytes[body + 4] === 0x2f);
    },
  };
}

/** The Stat that comes with data tells its length; what reconfig answers is the configuration, a list of servers. */
function dataContradicts({ fields }: AnnotatingReader, data: MaskedBytes, opcode: number): boolean {
  const length = fields.find(({ name }) => name === 'data.length')?.value;
  const inStat = fields.find(({ name }) => name === 'stat.dataLength')?.value;
  if (typeof length === 'number' && typeof inStat === 'number' && Math.max(0, length) !== inStat) return true;
  if (opcode !== OpCode.reconfig) return false;
  const content = fields.find(({ name }) => name === 'data');
  if (content === undefined) return true;
  if (content.known !== 'known') return false;
  return !data.bytes.subarray(content.offset, content.offset + content.length).includes('server.');
}

/** How the response to an operation is laid out, without error. */
export function candidateOfResponse(op: string): Candidate {
  const { operation, response } = layoutNamed(op)!;
  const handshake = response === CONNECT.response || operation.code === OpCode.createSession;
  return handshake ? handshakeCandidate('response', response, op) : responseCandidate([operation.code]);
}

/**
 * Ways to read a message by what its first bytes say, and by what is known of it.
 * @param at where the message begins, behind its length prefix
 * @param op operation that a response answers, if that is known
 */
export function possibleCandidates(
  data: MaskedBytes,
  at: number,
  direction: MessageDirection | null,
  op: string | null,
): Candidate[] {
  const candidates: Candidate[] = [];
  if (direction !== 'response') {
    candidates.push(handshakeCandidate('request', CONNECT.request, CONNECT.name));
    for (const opcode of Object.values(OpCode)) {
      if (isOpcode(opcode) && mayBe(data, at + 4, opcode)) candidates.push(requestCandidate(opcode));
    }
  }
  if (direction !== 'request') {
    candidates.push(notification);
    if (op !== null) {
      candidates.push(candidateOfResponse(op));
      if (op !== 'connect') candidates.push({ ...errorResponse, ops: [op] });
    } else {
      candidates.push(candidateOfResponse(CONNECT.name), errorResponse, responseCandidate([OpCode.ping]));
      const isAuth = knownInt(data, at) === AUTH_XID;
      for (const opcodes of ALIKE) {
        candidates.push(responseCandidate(isAuth && opcodes.includes(OpCode.auth) ? [OpCode.auth] : opcodes));
      }
    }
  }
  return candidates;
}

/** Ways to read a message that is known to stand here, whatever it says: for what is unusual, or of an unknown opcode. */
export function lenientCandidates(
  data: MaskedBytes,
  at: number,
  direction: MessageDirection,
  op: string | null,
): Candidate[] {
  if (direction === 'request') {
    const opcode = at + 8 <= data.length ? knownInt(data, at + 4) : null;
    return opcode === null ? [] : [requestCandidate(opcode)];
  }
  const xid = at + 4 <= data.length ? knownInt(data, at) : null;
  if (xid === NOTIFICATION_XID) return [notification];
  return [op === null ? { ...errorResponse, ops: [] } : candidateOfResponse(op)];
}
