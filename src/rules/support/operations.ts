import { OpCode, opcodesOf } from '../../protocols/zookeeper/format/opcodes.js';

/** Requests that change something: transactions of the quorum. */
export const WRITES: ReadonlySet<number> = new Set([...opcodesOf('write'), OpCode.closeSession]);

/** A follower answers such a request only after its leader has: writes and sync. */
export function isForLeader(opcode: number): boolean {
  return WRITES.has(opcode) || opcode === OpCode.sync;
}
