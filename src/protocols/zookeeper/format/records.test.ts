import { describe, expect, it } from 'vitest';
import { Cursor, END_OF_RECORD } from './cursor.js';
import { OpCode } from './opcodes.js';
import { readRequest, readResponse, type RequestBody } from './records.js';
import { StringTable } from '../stringTable.js';

const cursor = new Cursor(new StringTable());

describe('readRequest and readResponse', () => {
  it('leave of a multi that is cut only what is printed', () => {
    const path = Buffer.from('000000022f78', 'hex');
    // setData: path, data of four bytes, of which two were captured.
    const cut = Buffer.concat([Buffer.from('0000000500ffffffff', 'hex'), path, Buffer.from('000000046162', 'hex')]);
    const body: RequestBody = {};
    expect(() => {
      readRequest(OpCode.multi, cursor.reset(cut, 0, cut.length), body);
    }).toThrow(END_OF_RECORD);
    expect(body.ops?.map((op) => Object.keys(op))).toEqual([['op', 'path']]);
  });

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
