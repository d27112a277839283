import { describe, expect, it } from 'vitest';
import { typeFacts } from '../format/fields.js';
import { layouts, type RecordLayout } from '../format/layout.js';
import { OpCode, opName } from '../format/opcodes.js';
import { OutstandingRequests } from './requests.js';
import { requestEvidence, responseEvidence, responseFits } from './resync.js';

function int(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeInt32BE(value, i * 4));
  return bytes;
}

const path = Buffer.concat([int(2), Buffer.from('/a')]);

function request(opcode: number, ...body: Buffer[]): Buffer {
  const rest = Buffer.concat(body);
  return Buffer.concat([int(8 + rest.length, 1, opcode), rest]);
}

const evidenceOf = (bytes: Buffer): string => requestEvidence(bytes, 0, bytes.length);

/** The shortest body of a record. */
function shortest({ fields }: RecordLayout): Buffer {
  const parts = fields.map(({ type, optional }) => {
    if (optional) return Buffer.alloc(0);
    if (type === 'path') return Buffer.concat([int(1), Buffer.from('/')]);
    if (type === 'requests' || type === 'results')
      return Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 0xff, 0xff, 0xff, 0xff]);
    return Buffer.alloc(typeFacts[type].least);
  });
  return Buffer.concat(parts);
}

describe('a request', () => {
  it('to create a node with a time to live has that time', () => {
    const create = [path, int(-1), int(-1), int(5)];
    expect(evidenceOf(request(OpCode.createTTL, ...create))).toBe('no');
    expect(evidenceOf(request(OpCode.createTTL, ...create, int(0, 60_000)))).toBe('strong');
  });

  it('to set all watches again has five lists', () => {
    for (let length = 20; length < 28; length++) {
      expect(evidenceOf(request(OpCode.setWatches2, Buffer.alloc(length)))).toBe('no');
    }
    expect(evidenceOf(request(OpCode.setWatches2, Buffer.alloc(28)))).toBe('weak');
    expect(evidenceOf(request(OpCode.setWatches, Buffer.alloc(20)))).toBe('weak');
  });

  it('to set watches again has no more paths than bytes', () => {
    expect(evidenceOf(request(OpCode.setWatches, int(0, 0, 1_000_000, 0, 0)))).toBe('no');
    expect(evidenceOf(request(OpCode.setWatches2, int(0, 0, 1_000_000, 0, 0, 0, 0)))).toBe('no');
  });
});

describe('an answer', () => {
  it('to deleteContainer has no body', () => {
    expect(responseFits(OpCode.deleteContainer, Buffer.alloc(8), 0, 8)).toBe(false);
    expect(responseFits(OpCode.deleteContainer, Buffer.alloc(0), 0, 0)).toBe(true);
  });

  it('to getACL has room for its entries and a Stat', () => {
    const stat = Buffer.alloc(68);
    const entry = Buffer.concat([int(31), int(5), Buffer.from('world'), int(6), Buffer.from('anyone')]);
    const fits = (body: Buffer): boolean => responseFits(OpCode.getACL, body, 0, body.length);
    expect(fits(Buffer.alloc(8))).toBe(false);
    expect(fits(stat)).toBe(false);
    expect(fits(Buffer.concat([int(1), stat]))).toBe(false);
    expect(fits(Buffer.concat([int(1), entry, stat]))).toBe(true);
    expect(fits(Buffer.concat([int(-1), stat]))).toBe(true);
  });

  it('to whoAmI and sasl is as long as its length says', () => {
    expect(responseFits(OpCode.whoAmI, int(2, 0, 0), 0, 12)).toBe(false);
    expect(responseFits(OpCode.sasl, int(1, 0), 0, 8)).toBe(false);
    expect(responseFits(OpCode.sasl, int(4, 0), 0, 8)).toBe(true);
  });

  it('to what creates a node is not empty', () => {
    for (const opcode of [OpCode.create, OpCode.create2, OpCode.createTTL, OpCode.getData, OpCode.getChildren2]) {
      expect(responseFits(opcode, Buffer.alloc(0), 0, 0), opName(opcode)).toBe(false);
    }
  });
});

describe('every operation', () => {
  const all = layouts.filter(({ operation }) => operation.code !== OpCode.connect && operation.code !== OpCode.ping);

  it.each(all.map((layout) => [layout.name, layout] as const))('%s fits its own records', (_, layout) => {
    const opcode = layout.operation.code;
    const body = shortest(layout.request);
    expect(evidenceOf(request(opcode, body))).not.toBe('no');
    if (body.length > 0) expect(evidenceOf(request(opcode, body.subarray(0, -1)))).toBe('no');
    const answer = shortest(layout.response);
    expect(responseFits(opcode, answer, 0, answer.length)).toBe(true);
    if (answer.length > 0) expect(responseFits(opcode, answer, 0, answer.length - 1)).toBe(false);
    const header = Buffer.concat([int(16 + answer.length, 1, 0, 7, 0), answer]);
    const outstanding = new OutstandingRequests();
    outstanding.add({
      ...{ opcode, op: layout.name, xid: 1, path: null, watch: false, flags: 0, length: 8, frame: 1, time: 0 },
      ...{ streamEnd: 12, body: null, truncated: false },
    });
    expect(responseEvidence(header, 0, header.length, outstanding, -1)).not.toBe('no');
  });
});
