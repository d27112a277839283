import { END_OF_RECORD, readAcl, type JuteReader } from './cursor.js';
import { nameIn } from '../../numberNames.js';
import { errorName } from './errors.js';
import type { JuteField, JuteType, JuteValues } from './fields.js';
import { layoutOf, requestLayout, responseLayout, type RecordLayout } from './layout.js';
import { opName } from './opcodes.js';
import { operations, type OperationName } from './operations.js';
import { readStat } from './stat.js';

type Table = typeof operations;
type Kept<F extends JuteField> = F extends { readonly as: string; readonly type: Exclude<JuteType, 'buffer'> }
  ? F
  : never;

/** What is kept of records with these fields, under the names that are printed. */
type Body<F extends JuteField> = { -readonly [E in Kept<F> as E['as'] & string]?: JuteValues[E['type']] } & {
  /** Bytes of the data, -1 for null. */
  dataLength?: number;
  /** Where the data lies in the chunk; valid as long as the message. */
  dataAt?: number;
};

type RequestFields = Body<Table[OperationName]['request'][number]>;
type ResponseFields = Body<Table[OperationName]['response'][number]>;

/** Fields of a transaction, as servers tell it each other. */
export type TxnFields = Body<Extract<Table[OperationName], { readonly txn: unknown }>['txn'][number]>;

/**
 * Fields of a request behind its header, under the names that are printed. Filled in the order of the record: where the
 * bytes end early, what had been read stays and the rest is absent. The table of operations says which record has which.
 */
export interface RequestBody extends RequestFields {
  /** Of a four-letter word. */
  word?: string;
}

/** Fields of a response behind its header, in the same way. */
export interface ResponseBody extends ResponseFields {
  word?: string;
}

type OperationFields = Omit<RequestFields & ResponseFields, 'ops' | 'dataAt'>;

/** One operation of a multi or multiRead, or its result. */
export interface MultiOp extends OperationFields {
  op: string;
  err?: number;
  error?: string;
}

/** Who a client is to the server. */
export interface ClientInfo {
  scheme: string;
  id: string;
}

/** Reads a record; END_OF_RECORD if the bytes end early, with `body` filled as far as they went. */
export function readFields(layout: RecordLayout, c: JuteReader, body: object): void {
  const into = body as Record<string, unknown>;
  for (const field of layout.fields) {
    if (!field.optional || c.remaining > 0) readField(field, c, into);
  }
}

function readField(field: JuteField, c: JuteReader, body: Record<string, unknown>): void {
  const { name, as } = field;
  let value: unknown;
  switch (field.type) {
    case 'path':
      value = c.string(name);
      if (value === null) return;
      break;
    case 'boolean':
      value = c.boolean(name);
      break;
    case 'int':
    case 'flags':
      value = c.int(name, field.range);
      break;
    case 'buffer': {
      const at = c.position + 4;
      if (as !== null) body['dataAt'] = at;
      const length = c.skipBuffer(name);
      if (as !== null) body['dataLength'] = length;
      return;
    }
    case 'stat':
      value = c.record(name, readStat);
      break;
    case 'acl':
      value = c.vector(name, 12, readAcl);
      break;
    case 'ustrings':
      value = c.stringVector(name);
      break;
    case 'ustring':
      value = c.string(name) ?? '';
      break;
    case 'zxid':
      value = c.zxid(name);
      break;
    case 'id':
      value = c.longHex(name);
      break;
    case 'long':
      value = c.longNumber(name);
      break;
    case 'decimal':
      value = c.longNumber(name).toString();
      break;
    case 'named':
      value = nameIn(field.names!, c.int(name, field.range));
      break;
    case 'clientInfo':
      value = c.vector(name, 8, readClientInfo);
      break;
    case 'requests':
    case 'results': {
      const ops: MultiOp[] = [];
      body[as!] = ops;
      if (field.type === 'requests') readMultiRequest(c, ops);
      else readMultiResponse(c, ops);
      return;
    }
  }
  if (as !== null) body[as] = value;
}

/** Reads the body of a request; like `readFields`. Nothing for opcodes that no version has. */
export function readRequest(opcode: number, c: JuteReader, body: RequestBody): void {
  readFields(requestLayout(opcode), c, body);
}

/** Reads the body of a response without error; like `readFields`. */
export function readResponse(opcode: number, c: JuteReader, body: ResponseBody): void {
  readFields(responseLayout(opcode), c, body);
}

/** A multi within a multi does not exist. */
function readOperation(layout: RecordLayout, c: JuteReader, op: MultiOp & { dataAt?: number }): void {
  if (layout.fields[0]?.as === 'ops') throw END_OF_RECORD;
  try {
    readFields(layout, c, op);
  } finally {
    // Also where the capture has not all of it.
    delete op.dataAt;
  }
}

/** Repeated MultiHeader and the record of that type, until done. */
function readMultiRequest(c: JuteReader, ops: MultiOp[]): void {
  for (let type = c.multiHeader(); type !== null; type = c.multiHeader()) {
    const op: MultiOp = { op: opName(type) };
    ops.push(op);
    readOperation(requestLayout(type), c, op);
  }
}

/** Repeated MultiHeader and result until done; type -1 is ErrorResponse { int err }. */
function readMultiResponse(c: JuteReader, ops: MultiOp[]): void {
  for (let type = c.multiHeader(); type !== null; type = c.multiHeader()) {
    const op: MultiOp = { op: type === -1 ? 'error' : opName(type) };
    ops.push(op);
    op.err = type === -1 ? c.int('err') : 0;
    if (op.err !== 0) op.error = errorName(op.err);
    if (type !== -1) readOperation(responseLayout(type), c, op);
  }
}

/** ClientInfo: ustring authScheme, ustring user */
export function readClientInfo(c: JuteReader): ClientInfo {
  const scheme = c.string('authScheme') ?? '';
  return { scheme, id: c.string('user') ?? '' };
}

/** Whether what a request asked is needed after its bytes are gone: by its answer, or by the model. */
export function keepsBody(opcode: number): boolean {
  return layoutOf(opcode)?.keepsBody ?? false;
}
