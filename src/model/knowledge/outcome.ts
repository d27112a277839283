import { ErrorCode } from '../../protocols/zookeeper/format/errors.js';
import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import type { MultiOp } from '../../protocols/zookeeper/format/records.js';

/** Of two results of one multi the one that tells more: a cause before RuntimeInconsistency (rolled back), that before 0. */
function telling(a: number, b: number): number {
  const weight = (code: number): number => (code === 0 ? 0 : code === ErrorCode.RuntimeInconsistency ? 1 : 2);
  return weight(b) > weight(a) ? b : a;
}

function results(m: ZooKeeperMessage): readonly MultiOp[] {
  if (m.opcode !== OpCode.multi && m.opcode !== OpCode.multiRead) return [];
  return m.responseBody()?.ops ?? [];
}

/**
 * Whether a multi was done or has failed, all of it: null where the answer was cut (or is empty) and shows neither. One
 * that failed has 0 in its header and an ErrorResult for each operation: err 0 for those before the one that failed.
 */
export function multiDone(m: ZooKeeperMessage): boolean | null {
  if (m.err !== 0) return false;
  const [first] = m.responseBody()?.ops ?? [];
  return first === undefined ? null : first.op !== 'error';
}

/**
 * How an answer turned out: 0, or ZooKeeper's code. A multi that failed has 0 in its header and the error with the
 * operation that caused it: that is its error here (of a multiRead the first one).
 */
export function errorOf(m: ZooKeeperMessage): number {
  if (m.kind !== 'response') return 0;
  if (m.err !== 0 || (m.opcode !== OpCode.multi && m.opcode !== OpCode.multiRead)) return m.err;
  let error = 0;
  for (const op of results(m)) error = telling(error, op.err ?? 0);
  return error;
}

/** How the operations of a multi on each path turned out, by the path as `named` gives it; in order of appearance. */
export function errorsByPath(
  m: ZooKeeperMessage,
  ops: readonly MultiOp[],
  named: (path: string) => string,
): Map<string, number> {
  const answers = results(m);
  const errors = new Map<string, number>();
  for (const [place, { path }] of ops.entries()) {
    if (path === undefined) continue;
    const name = named(path);
    errors.set(name, telling(errors.get(name) ?? 0, m.err !== 0 ? m.err : (answers[place]?.err ?? 0)));
  }
  return errors;
}
