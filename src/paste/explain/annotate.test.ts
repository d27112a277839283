import { describe, expect, it } from 'vitest';
import { parseHexDump } from '../dump/hexDump.js';
import { MaskedBytes } from '../dump/bytes.js';
import { valueOf } from '../../testing/annotated.js';
import { annotate, type AnnotatedRun, type AnnotationOptions } from './annotate.js';
import type { MessageDirection } from './candidates.js';
import { headline } from './headline.js';
import { meaningOf } from './meaning.js';

/** Hexadecimal with `xx` for masked bytes. */
function read(hex: string, direction: MessageDirection | null = null, options: AnnotationOptions = {}): AnnotatedRun {
  const { data } = parseHexDump(hex.replace(/\s/g, ''))!.packets[0]!;
  return annotate([{ data, direction, flow: null, reverse: null }], options)[0]!;
}

const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const framed = (...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([int(body.length), body]);
};
const known = (bytes: Buffer, direction: MessageDirection | null = null): AnnotatedRun =>
  annotate([{ data: MaskedBytes.known(bytes), direction, flow: null, reverse: null }])[0]!;

describe('annotate with masked lengths', () => {
  it('knows the length of a path from the length of the message', () => {
    const [message] = read('00000011 00000007 00000004 xxxxxxxx 2fxxxxxx 01').messages;
    expect(message).toMatchObject({ op: 'getData', kind: 'request' });
    const field = message!.fields.find(({ name }) => name === 'path.length')!;
    expect(field).toMatchObject({ value: 4, inferred: true, known: 'unknown' });
    expect(meaningOf(field, message!)).toContain('known from the length of the message');
    expect(valueOf(message!, 'watch')).toBe(true);
  });

  it('leaves it unknown where more than one length fits', () => {
    // setData: a path and data, both lengths masked
    const [message] = read('0000001d 00000008 00000005 xxxxxxxx 2f636c69 xxxxxxxx 6f74686572 ffffffff').messages;
    expect(message).toMatchObject({ op: 'setData' });
    expect(valueOf(message!, 'path.length')).toBeNull();
    expect(valueOf(message!, 'version')).toBeUndefined();
    expect(message!.notes).toEqual([
      'A masked length or type decides where the fields behind it are: they cannot be found.',
    ]);
  });

  it('knows the length of a message from its fields, and reads the next one', () => {
    const { messages } = read('xxxxxxxx 00000007 00000004 00000004 2f636c69 01 00000008 fffffffe 0000000b', 'request');
    expect(messages.map(({ op, length }) => [op, length])).toEqual([
      ['getData', 17],
      ['ping', 8],
    ]);
    expect(messages[0]!.notes).toEqual(['Its length is masked; it is known from the fields.']);
  });

  it('says what all possible operations have in common', () => {
    const [message] = read('00000011 00000007 xxxxxxxx 00000004 2f636c69 01', 'request').messages;
    expect(message).toMatchObject({ op: null, possibleOps: ['exists', 'getData', 'getChildren', 'getChildren2'] });
    expect(valueOf(message!, 'path')).toBe('/cli');
    expect(valueOf(message!, 'watch')).toBe(true);
    expect(headline(message!)).toBe('Request (exists or getData or getChildren or getChildren2), xid 7');
  });
});

describe('annotate of responses without their request', () => {
  const header = '00000009 0000000100000065 00000000';
  const statOf = (dataLength: number): string =>
    `${'00'.repeat(52)}${int(dataLength).toString('hex')}0000000000000000000000ab`;
  const stat = statOf(0);
  const sized = (body: string): string => {
    const hex = (header + body).replace(/\s/g, '');
    return (hex.length / 2).toString(16).padStart(8, '0') + hex;
  };

  it.each([
    ['getData', ['getData'], `00000002 6162 ${statOf(2)}`],
    ['create', ['create', 'sync'], '00000004 2f636c69'],
    ['create2', ['create2', 'createContainer', 'createTTL'], `00000004 2f636c69 ${stat}`],
    ['a Stat', ['exists', 'setData', 'setACL'], stat],
    ['getChildren', ['getChildren', 'getEphemerals'], '00000002 00000001 61 00000001 62'],
    ['children and a Stat', ['getChildren2'], `00000001 00000001 61 ${stat}`],
    ['an ACL', ['getACL'], `00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 ${stat}`],
    ['whoAmI', ['whoAmI'], '00000001 00000002 6970 00000001 61'],
    ['a multi', ['multi', 'multiRead'], '00000002 00 00000000 ffffffff 01 ffffffff'],
  ])('says which fit the lengths of %s', (_, ops, body) => {
    const [message] = read(sized(body)).messages;
    expect(message!.op === null ? message!.possibleOps : [message!.op]).toEqual(ops);
    expect(message!.opFrom).toBe(ops.length === 1 ? 'layout' : null);
    expect(message!.fields.filter(({ type }) => type === 'rest')).toEqual([]);
  });

  it('leaves it open whether data that looks like a path is one', () => {
    const [message] = read(sized(`00000002 2f62 ${statOf(2)}`)).messages;
    expect(message!.possibleOps).toEqual(['getData', 'create2', 'createContainer', 'createTTL']);
    expect(message!.fields.find(({ type }) => type === 'rest')).toMatchObject({ offset: 24, length: 2 });
    expect(valueOf(message!, 'stat.dataLength')).toBe(2);
  });

  it('takes the operation from the request with the same xid, in any order', () => {
    const request = Buffer.from('00000011000000090000000c000000042f636c6900', 'hex');
    const answer = Buffer.from(sized(`00000000 ${stat}`).replace(/\s/g, ''), 'hex');
    const flows = { flow: 'a', reverse: 'b' };
    const [response, asked] = annotate([
      { data: MaskedBytes.known(answer), direction: null, flow: 'b', reverse: 'a' },
      { data: MaskedBytes.known(request), direction: null, ...flows },
    ]);
    expect(asked!.direction).toBe('request');
    expect(response).toMatchObject({ direction: 'response' });
    expect(response!.messages).toMatchObject([{ op: 'getChildren2', opFrom: 'request' }]);
    expect(valueOf(response!.messages[0]!, 'children.count')).toBe(0);
  });

  it('does not believe an operation that the body contradicts', () => {
    const [message] = read(sized('00000004 2f636c69'), null, { op: 'getData' }).messages;
    expect(message).toMatchObject({ op: null, possibleOps: ['create', 'sync'] });
    expect(message!.notes).toEqual(['Its body is not that of an answer to getData.']);
  });
});

describe('annotate of large messages', () => {
  it('lists the first children and sums up the others', () => {
    const names = Array.from({ length: 200_000 }, () => Buffer.concat([int(1), Buffer.from('a')]));
    const bytes = framed(int(9), int(1), int(1), int(0), int(names.length), Buffer.concat(names));
    const [message] = known(bytes, 'response').messages;
    expect(message!.fields.length).toBeLessThan(1100);
    const last = message!.fields.at(-1)!;
    expect(last).toMatchObject({ type: 'elements', length: (200_000 - 500) * 5 });
    expect(last.offset + last.length).toBe(bytes.length);
    expect(meaningOf(last, message!)).toBe('not listed one by one');
  });

  it('lists the first operations of a multi and sums up the others', () => {
    const header = Buffer.from('0000000200ffffffff', 'hex');
    const ops = Array.from({ length: 2000 }, () => Buffer.concat([header, int(2), Buffer.from('/a'), int(-1)]));
    const [message] = known(framed(int(9), int(14), ...ops, Buffer.from('ffffffff01ffffffff', 'hex'))).messages;
    expect(message).toMatchObject({ kind: 'request', op: 'multi' });
    expect(message!.fields.find(({ type }) => type === 'elements')).toMatchObject({ length: 1500 * 19 });
    expect(message!.fields.at(-2)).toMatchObject({ name: 'ops[2000].done', value: true });
  });

  it.each([
    ['zeros', Buffer.alloc(3_000_000)],
    ['lengths', Buffer.alloc(1_000_000, int(8))],
    ['headers of multis', Buffer.alloc(1_000_000, Buffer.from('00ffffff000000010000000e', 'hex'))],
    [
      'requests that are longer than what is there',
      Buffer.alloc(1_000_000, Buffer.from('000fffff00000001000000652f', 'hex')),
    ],
    [
      'answers that do not fit',
      Buffer.alloc(1_000_000, Buffer.from('00000014ffffffff00000000000000010000000000000001', 'hex')),
    ],
  ])('takes no long time for %s', (_, bytes) => {
    const { messages, unread } = known(bytes);
    const read = messages.reduce((sum, { offset, end }) => sum + end - offset, 0);
    expect(read + unread.reduce((sum, { length }) => sum + length, 0)).toBe(bytes.length);
  });
});
