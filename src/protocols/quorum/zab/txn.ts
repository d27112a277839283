import type { Cursor } from '../../zookeeper/format/cursor.js';
import { errorName } from '../../zookeeper/format/errors.js';
import { layoutOf } from '../../zookeeper/format/layout.js';
import { opName, OpCode } from '../../zookeeper/format/opcodes.js';
import { readFields, type TxnFields } from '../../zookeeper/format/records.js';

/** TxnHeader: long clientId, int cxid, long zxid, long time, int type. */
export const TXN_HEADER_LENGTH = 32;
/** Type of the transaction that stands for a failed request: it changes nothing, but takes a zxid. */
export const ERROR_TXN = -1;

/** Whether a transaction can have this type (an OpCode number, or -1 for an error). */
export function isTxnType(type: number): boolean {
  return type === ERROR_TXN || layoutOf(type)?.txn != null;
}

/** ZooKeeper's name of a transaction type: the OpCode's, `error` for -1. */
export function txnName(type: number): string {
  return type === ERROR_TXN ? 'error' : opName(type);
}

/** Fields of a transaction under the names that are printed. Where the bytes end early the rest is absent. */
export interface Txn extends TxnFields {
  err?: number;
  error?: string;
  ops?: TxnOp[];
  /** Digest of the whole tree before this transaction and the version of its algorithm (3.6 and later). */
  digest?: string;
}

/** A transaction within a multi. */
export interface TxnOp extends Txn {
  /** As `txnName` gives it. */
  readonly op: string;
}

/** Deepest nesting that is read: a multi holds no multis. */
const DEEPEST = 1;

/**
 * Reads the transaction behind a TxnHeader. Throws END_OF_RECORD where the bytes end early, with `txn` filled as far
 * as they went. The table of operations has the grammars.
 */
export function readTxn(type: number, c: Cursor, txn: Txn, depth = 0): void {
  switch (type) {
    // ErrorTxn: int err
    case ERROR_TXN:
      txn.err = c.int();
      txn.error = errorName(txn.err);
      return;
    // MultiTxn: vector<Txn { int type, buffer data }>
    case OpCode.multi:
      if (depth < DEEPEST) readMulti(c, txn, depth);
      return;
    default: {
      const layout = layoutOf(type)?.txn;
      if (layout != null) readFields(layout, c, txn);
    }
  }
}

function readMulti(c: Cursor, txn: Txn, depth: number): void {
  const ops: TxnOp[] = [];
  txn.ops = ops;
  for (let left = c.count(8); left > 0; left--) {
    const type = c.int();
    const op: TxnOp = { op: txnName(type) };
    ops.push(op);
    const length = c.int();
    if (length === -1) continue;
    const outer = c.end;
    const next = c.position + length;
    if (length < 0 || next > outer) {
      // The length is a lie or the bytes end here: what is left may still be read as the operation's beginning.
      readTxn(type, c, op, depth + 1);
      return;
    }
    c.end = next;
    readTxn(type, c, op, depth + 1);
    c.end = outer;
    c.position = next;
    delete op.dataAt;
  }
}

/** TxnDigest behind the transaction: int version, long treeDigest. Absent before 3.6 and where digests are off. */
export function readDigest(c: Cursor, txn: Txn): void {
  if (c.remaining < 12) return;
  c.int();
  txn.digest = c.longHex();
}
