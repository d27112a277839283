import { eventTypes, keeperStates } from './enums.js';
import { errorCodes, errorName } from './errors.js';
import { field, path, type JuteField } from './fields.js';
import { operations, type Operation } from './operations.js';

const errors = new Map(errorCodes.map((code) => [code, errorName(code)]));
const opcodes = new Map(Object.entries<Operation>(operations).map(([name, { code }]) => [code, name]));

const opcode = field('type', 'named', 'opcode', { names: opcodes });
const err = field('err', 'named', 'err', { names: errors });

/**
 * The records around those of the operations, as zookeeper.jute has them. They are in nearly every message and therefore
 * read by code of their own (`connection/decoder.ts`, `records.ts`); these rows are for those who need to know their fields.
 */
// prettier-ignore
export const headers = {
  // RequestHeader: int xid, int type
  RequestHeader: [field('xid', 'int'), opcode],
  // ReplyHeader: int xid, long zxid, int err
  ReplyHeader: [field('xid', 'int'), field('zxid', 'zxid'), err],
  // WatcherEvent: int type, int state, ustring path; behind a ReplyHeader with xid -1
  WatcherEvent: [field('type', 'named', 'eventType', { names: eventTypes }), field('state', 'named', 'state', { names: keeperStates }), path],
  // MultiHeader: int type, boolean done, int err; before each operation of a multi and each result, and behind the last
  MultiHeader: [opcode, field('done', 'boolean', null), err],
  // ErrorResponse: int err; a result of type -1
  ErrorResponse: [err],
} as const satisfies Readonly<Record<string, readonly JuteField[]>>;
