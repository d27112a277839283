import type { MaskedBytes } from '../dump/bytes.js';
import { AnnotatingReader, CUT, MASKED, type AnnotatedField, type AssumedLength, type RecordBounds } from './reader.js';
import { END_OF_RECORD } from '../../protocols/zookeeper/format/cursor.js';
import { errorCodes } from '../../protocols/zookeeper/format/errors.js';
import {
  AUTH_XID,
  isEventType,
  isKeeperState,
  NOTIFICATION_XID,
  OpCode,
  opName,
  PING_XID,
} from '../../protocols/zookeeper/format/opcodes.js';
import {
  readConnectRequest,
  readConnectResponse,
  readRequest,
  readResponse,
} from '../../protocols/zookeeper/format/records.js';

export type MessageDirection = 'request' | 'response';
export type MessageKind = 'request' | 'response' | 'notification';

/** One way to read a message. */
export interface Layout {
  readonly kind: MessageKind;
  /** Operations that have this layout, by ZooKeeper's names. */
  readonly ops: readonly string[];
  readonly read: (reader: AnnotatingReader, data: MaskedBytes, strict: boolean) => void;
}

/** What a layout gives for the bytes of one message. */
export interface Reading {
  readonly layout: Layout;
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

/** Reads a message by one layout; null if its bytes contradict that. */
export function tryLayout(
  layout: Layout,
  data: MaskedBytes,
  bounds: RecordBounds,
  strict: boolean,
  assumed: AssumedLength | null = null,
): Reading | null {
  const reader = new AnnotatingReader(data, bounds, strict, assumed);
  let end: Reading['end'] = 'whole';
  try {
    layout.read(reader, data, strict);
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
  return { layout, fields: reader.fields, position: reader.position, end, maskedLengthAt: reader.maskedLengthAt };
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

const connectRequest: Layout = {
  kind: 'request',
  ops: ['connect'],
  read: (reader) => {
    readConnectRequest(reader, {});
  },
};

const connectResponse: Layout = {
  kind: 'response',
  ops: ['connect'],
  read: (reader) => {
    readConnectResponse(reader, {});
  },
};

/** RequestHeader: int xid, int type; and the body of the operation. */
function requestLayout(opcode: number): Layout {
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
      readRequest(opcode, reader, {});
    },
  };
}

/** WatcherEvent: int type, int state, ustring path; behind a ReplyHeader with xid -1. */
const notification: Layout = {
  kind: 'notification',
  ops: ['notification'],
  read: (reader, data, strict) => {
    const at = reader.position;
    replyHeader(reader, data, strict, true);
    refuseIf(strict && (!mayBe(data, at, NOTIFICATION_XID) || !mayBe(data, at + 12, 0)));
    reader.int('type');
    const type = knownInt(data, at + 16);
    refuseIf(strict && type !== null && !isEventType(type));
    reader.int('state');
    const state = knownInt(data, at + 20);
    refuseIf(strict && state !== null && !isKeeperState(state));
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
const errorResponse: Layout = {
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

/** Operations by the layout of their response; the first stands for the others. */
const RESPONSES: readonly (readonly number[])[] = [
  [OpCode.exists, OpCode.setData, OpCode.setACL],
  [OpCode.getData],
  [OpCode.reconfig],
  [OpCode.create, OpCode.sync],
  [OpCode.create2, OpCode.createContainer, OpCode.createTTL],
  [OpCode.getACL],
  [OpCode.getChildren],
  [OpCode.getEphemerals],
  [OpCode.getChildren2],
  [OpCode.getAllChildrenNumber],
  [OpCode.addWatch],
  [OpCode.whoAmI],
  [OpCode.multi, OpCode.multiRead],
  [OpCode.sasl],
];

const WITHOUT_BODY: readonly number[] = [
  OpCode.delete,
  OpCode.setWatches,
  OpCode.setWatches2,
  OpCode.removeWatches,
  OpCode.checkWatches,
  OpCode.auth,
  OpCode.closeSession,
  OpCode.check,
  OpCode.deleteContainer,
];

function responseLayout(opcode: number, ops: readonly number[]): Layout {
  return {
    kind: 'response',
    ops: ops.map(opName),
    read: (reader, data, strict) => {
      const at = reader.position;
      replyHeader(reader, data, strict);
      refuseIf(strict && (!mayBe(data, at + 12, 0) || (opcode !== OpCode.ping && knownInt(data, at) === PING_XID)));
      refuseIf(strict && opcode === OpCode.ping && !mayBe(data, at, PING_XID));
      const body = reader.position;
      if (opcode === OpCode.createSession) readConnectResponse(reader, {});
      else readResponse(opcode, reader, {});
      refuseIf(
        strict && (opcode === OpCode.getData || opcode === OpCode.reconfig) && dataContradicts(reader, data, opcode),
      );
      // A path and a token are laid out alike; no mechanism's token begins with a slash.
      refuseIf(strict && opcode === OpCode.sasl && knownInt(data, body) !== 0 && data.bytes[body + 4] === 0x2f);
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

/** The layout of the response to an operation, without error. */
export function layoutOfResponse(op: string): Layout {
  if (op === 'connect' || op === 'createSession') return { ...connectResponse, ops: [op] };
  const opcode = opcodeByName(op)!;
  return responseLayout(opcode, [opcode]);
}

const opcodes = new Map<string, number>(Object.entries(OpCode));

export function opcodeByName(op: string): number | undefined {
  return opcodes.get(op);
}

/**
 * Layouts that a message may have by what its first bytes say, and by what is known of it.
 * @param at where the message begins, behind its length prefix
 * @param op operation that a response answers, if that is known
 */
export function possibleLayouts(
  data: MaskedBytes,
  at: number,
  direction: MessageDirection | null,
  op: string | null,
): Layout[] {
  const layouts: Layout[] = [];
  if (direction !== 'response') {
    layouts.push(connectRequest);
    for (const opcode of Object.values(OpCode)) {
      if (opcode !== OpCode.connect && mayBe(data, at + 4, opcode)) layouts.push(requestLayout(opcode));
    }
  }
  if (direction !== 'request') {
    layouts.push(notification);
    if (op !== null) {
      layouts.push(layoutOfResponse(op));
      if (op !== 'connect') layouts.push({ ...errorResponse, ops: [op] });
    } else {
      layouts.push(connectResponse, errorResponse, responseLayout(OpCode.ping, [OpCode.ping]));
      const isAuth = knownInt(data, at) === AUTH_XID;
      layouts.push(responseLayout(OpCode.delete, isAuth ? [OpCode.auth] : WITHOUT_BODY));
      for (const ops of RESPONSES) layouts.push(responseLayout(ops[0]!, ops));
    }
  }
  return layouts;
}

/** Layouts of a message that is known to stand here, whatever it says: for what is unusual, or of an unknown opcode. */
export function lenientLayouts(
  data: MaskedBytes,
  at: number,
  direction: MessageDirection,
  op: string | null,
): Layout[] {
  if (direction === 'request') {
    const opcode = at + 8 <= data.length ? knownInt(data, at + 4) : null;
    return opcode === null ? [] : [requestLayout(opcode)];
  }
  const xid = at + 4 <= data.length ? knownInt(data, at) : null;
  if (xid === NOTIFICATION_XID) return [notification];
  return [op === null ? { ...errorResponse, ops: [] } : layoutOfResponse(op)];
}
