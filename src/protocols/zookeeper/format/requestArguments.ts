import { END_OF_RECORD } from './cursor.js';
import type { DecodedMessage, SharedState } from '../decodedMessage.js';
import { OpCode } from './opcodes.js';

/** Path, watch and flags, which matching and the model need of every request; the rest is left until asked for. */
export function readArguments(message: DecodedMessage, opcode: number, shared: SharedState): void {
  const { bytes, bodyStart, bodyEnd } = message;
  const cursor = shared.cursor.reset(bytes, bodyStart, bodyEnd);
  try {
    switch (opcode) {
      case OpCode.exists:
      case OpCode.getData:
      case OpCode.getChildren:
      case OpCode.getChildren2:
        message.ownPath = cursor.string();
        message.watch = cursor.boolean();
        return;
      case OpCode.create:
      case OpCode.create2:
      case OpCode.createContainer:
        message.ownPath = cursor.string();
        if (bodyEnd - bodyStart >= 4 && !message.truncated) message.flags = bytes.readInt32BE(bodyEnd - 4);
        return;
      case OpCode.createTTL:
        message.ownPath = cursor.string();
        if (bodyEnd - bodyStart >= 12 && !message.truncated) message.flags = bytes.readInt32BE(bodyEnd - 12);
        return;
      case OpCode.delete:
      case OpCode.setData:
      case OpCode.getACL:
      case OpCode.setACL:
      case OpCode.sync:
      case OpCode.check:
      case OpCode.checkWatches:
      case OpCode.removeWatches:
      case OpCode.deleteContainer:
      case OpCode.getEphemerals:
      case OpCode.getAllChildrenNumber:
      case OpCode.addWatch:
        message.ownPath = cursor.string();
        return;
      default:
    }
  } catch (error) {
    if (error !== END_OF_RECORD) throw error;
  }
}

/** Whether what a request asked is needed after its bytes are gone: by its answer, or by the model. */
export function keepsBody(opcode: number): boolean {
  switch (opcode) {
    case OpCode.multi:
    case OpCode.multiRead:
    case OpCode.setWatches:
    case OpCode.setWatches2:
    case OpCode.addWatch:
    case OpCode.removeWatches:
    case OpCode.checkWatches:
    case OpCode.createSession:
      return true;
    default:
      return false;
  }
}
