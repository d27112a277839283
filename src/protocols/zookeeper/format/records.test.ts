import { describe, expect, it } from 'vitest';
import { Cursor, END_OF_RECORD } from './cursor.js';
import { OpCode } from './opcodes.js';
import { readRequest, readResponse } from './records.js';
import { StringTable } from '../stringTable.js';

const cursor = new Cursor(new StringTable());

describe('readRequest and readResponse', () => {
  it.each([OpCode.multi, OpCode.multiRead])('end at a multi within a multi (%i), however deep', (opcode) => {
    // MultiHeader: int type, boolean done, int err
    const header = Buffer.alloc(9);
    header.writeInt32BE(opcode, 0);
    const nested = Buffer.concat(Array.from({ length: 200_000 }, () => header));
    expect(() => {
      readRequest(opcode, cursor.reset(nested, 0, nested.length), {});
    }).toThrow(END_OF_RECORD);
    expect(() => {
      readResponse(opcode, cursor.reset(nested, 0, nested.length), {});
    }).toThrow(END_OF_RECORD);
  });
});
