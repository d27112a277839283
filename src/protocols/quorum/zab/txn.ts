import type { Acl, Cursor } from '../../zookeeper/format/cursor.js';
import { errorName } from '../../zookeeper/format/errors.js';
import { opName, OpCode } from '../../zookeeper/format/opcodes.js';

/** TxnHeader: long clientId, int cxid, long zxid, long time, int type. */
export const TXN_HEADER_LENGTH = 32;
/** Type of the transaction that stands for a failed request: it changes nothing, but takes a zxid. */
export const ERROR_TXN = -1;

const txnTypes = new Set<number>([
  OpCode.create,
  OpCode.delete,
  OpCode.setData,
  OpCode.setACL,
  OpCode.check,
  OpCode.multi,
  OpCode.create2,
  OpCode.reconfig,
  OpCode.createContainer,
  OpCode.deleteContainer,
  OpCode.createTTL,
  OpCode.createSession,
  OpCode.closeSession,
  ERROR_TXN,
]);

/** Whether a transaction can have this type (an OpCode number, or -1 for an error). */
export function isTxnType(type: number): boolean {
  return txnTypes.has(type);
}

/** ZooKeeper's name of a transaction type: the OpCode's, `error` for -1. */
export function txnName(type: number): string {
  return type === ERROR_TXN ? 'error' : opName(type);
}

/** Fields of a transaction under the names that are printed. Where the bytes end early the rest is absent. */
export interface Txn {
  path?: string;
  dataLength?: number;
  /** Where the data lies in the chunk; valid as long as the message. */
  dataAt?: number;
  acl?: Acl[];
  ephemeral?: boolean;
  /** cversion that the parent has afterwards. */
  parentCVersion?: number;
  /** Version that the znode has afterwards. */
  version?: number;
  /** Milliseconds. */
  ttl?: number;
  /** Session timeout, milliseconds. */
  timeout?: number;
  err?: number;
  error?: string;
  /** closeSession: the ephemerals that go with it (3.6 and later). */
  paths?: string[];
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
 * as they went. Grammars are those of ZooKeeper's zookeeper.jute.
 */
export function readTxn(type: number, c: Cursor, txn: Txn, depth = 0): void {
  switch (type) {
    // CreateTxn: ustring path, buffer data, vector<ACL> acl, boolean ephemeral [, int parentCVersion]
    case OpCode.create:
    case OpCode.create2:
      readPathAndData(c, txn);
      txn.acl = c.aclVector();
      txn.ephemeral = c.boolean();
      if (c.remaining > 0) txn.parentCVersion = c.int();
      return;
    // CreateContainerTxn: ustring path, buffer data, vector<ACL> acl, int parentCVersion; CreateTTLTxn: …, long ttl
    case OpCode.createContainer:
    case OpCode.createTTL:
      readPathAndData(c, txn);
      txn.acl = c.aclVector();
      txn.parentCVersion = c.int();
      if (type === OpCode.createTTL) txn.ttl = c.longNumber();
      return;
    // DeleteTxn: ustring path
    case OpCode.delete:
    case OpCode.deleteContainer:
      txn.path = c.string() ?? '';
      return;
    // SetDataTxn: ustring path, buffer data, int version (reconfig sets the data of /zookeeper/config)
    case OpCode.setData:
    case OpCode.reconfig:
      readPathAndData(c, txn);
      txn.version = c.int();
      return;
    // CheckVersionTxn: ustring path, int version
    case OpCode.check:
      txn.path = c.string() ?? '';
      txn.version = c.int();
      return;
    // SetACLTxn: ustring path, vector<ACL> acl, int version
    case OpCode.setACL:
      txn.path = c.string() ?? '';
      txn.acl = c.aclVector();
      txn.version = c.int();
      return;
    // CreateSessionTxn: int timeOut
    case OpCode.createSession:
      txn.timeout = c.int();
      return;
    // CloseSessionTxn: vector<ustring> paths2Delete; before 3.6 there is no record at all
    case OpCode.closeSession:
      if (c.remaining > 0) txn.paths = c.stringVector();
      return;
    // ErrorTxn: int err
    case ERROR_TXN:
      txn.err = c.int();
      txn.error = errorName(txn.err);
      return;
    // MultiTxn: vector<Txn { int type, buffer data }>
    case OpCode.multi:
      if (depth < DEEPEST) readMulti(c, txn, depth);
      return;
    default:
  }
}

function readPathAndData(c: Cursor, txn: Txn): void {
  txn.path = c.string() ?? '';
  txn.dataAt = c.position + 4;
  txn.dataLength = c.skipBuffer();
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
