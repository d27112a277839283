import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import { ErrorCode } from '../../protocols/zookeeper/format/errors.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';

/** What a request asked for that was refused. */
export interface FailedOperation {
  readonly err: number;
  /** Of a multi: the operation in it that failed. */
  readonly op: string;
  readonly path: string;
  /** Create flags; 0 where the operation has none. */
  readonly flags: number;
}

/**
 * The operation of an answered request that failed, with its path; null if none did or the path was not captured. A multi
 * that fails has 0 in its header: the operation that caused it is found by its result.
 */
export function failedOperation(m: ZooKeeperMessage): FailedOperation | null {
  const request = m.request;
  if (request === null) return null;
  if (m.err !== 0) {
    if (request.path === null) return null;
    return { err: m.err, op: request.op, path: request.path, flags: request.flags };
  }
  if (request.opcode !== OpCode.multi) return null;
  const results = m.responseBody()?.ops ?? [];
  const place = results.findIndex(({ err = 0 }) => err !== 0 && err !== ErrorCode.RuntimeInconsistency);
  const asked = place < 0 ? undefined : request.body?.ops?.[place];
  if (asked?.path === undefined) return null;
  return { err: results[place]!.err!, op: asked.op, path: asked.path, flags: asked.flags ?? 0 };
}
