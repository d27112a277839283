import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MaskedBytes } from '../dump/bytes.js';
import { annotatedCapture, protocolCaptures } from '../../testing/annotated.js';
import { annotate } from './annotate.js';
import type { MessageDirection } from './candidates.js';
import type { AnnotatedMessage } from './message.js';

/** A message that was read with nothing masked. */
interface Truth {
  readonly message: AnnotatedMessage;
  readonly data: MaskedBytes;
  readonly direction: MessageDirection;
}

const truths: Truth[] = protocolCaptures.flatMap((name) =>
  annotatedCapture(name).flatMap(({ data, direction, run }) =>
    run.messages
      .filter(({ kind }) => kind === 'request' || kind === 'response' || kind === 'notification')
      .map((message) => ({ message, data: data.slice(message.offset, message.end), direction })),
  ),
);

/** Ranges of bytes that are masked (wholly, or one half of each), as parts of the length. */
const masks = fc.array(
  fc.record({
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.integer({ min: 1, max: 24 }),
    keep: fc.constantFrom(0, 0, 0, 0x0f, 0xf0),
  }),
  { maxLength: 6 },
);

function masked({ bytes }: MaskedBytes, ranges: typeof masks extends fc.Arbitrary<infer T> ? T : never): MaskedBytes {
  const mask = Buffer.alloc(bytes.length, 0xff);
  for (const { from, length, keep } of ranges) {
    const start = Math.floor(from * bytes.length);
    for (let i = start; i < Math.min(start + length, bytes.length); i++) mask[i] = mask[i]! & keep;
  }
  return new MaskedBytes(Buffer.from(bytes.map((byte, i) => byte & mask[i]!)), mask);
}

/** What an annotation says that the whole message contradicts. */
function falsehoods(found: AnnotatedMessage, { message, data }: Truth, at: number): string[] {
  const wrong: string[] = [];
  if (found.kind !== null && found.kind !== message.kind) wrong.push(`kind ${found.kind}`);
  if (found.op !== null && found.op !== message.op) wrong.push(`op ${found.op}`);
  if (found.possibleOps.length > 0 && !found.possibleOps.includes(message.op!)) wrong.push('possible operations');
  if (found.length !== null && found.length !== message.length) wrong.push(`length ${found.length}`);
  if (found.missing !== null && found.end - at + found.missing !== data.length) wrong.push('missing bytes');
  for (const field of found.fields) {
    if (field.value === null) continue;
    const same = message.fields.some(
      ({ offset, length, value, name }) =>
        offset - message.offset === field.offset - at &&
        length === field.length &&
        value === field.value &&
        field.name.split(' or ').includes(name),
    );
    if (!same) wrong.push(`${field.name} at ${field.offset}: ${field.value}`);
  }
  return wrong;
}

const truth = fc.constantFrom(...truths);

describe('annotate, with any bytes of real messages masked', () => {
  it('says nothing that is wrong, of any message', () => {
    fc.assert(
      fc.property(truth, masks, fc.boolean(), fc.boolean(), (one, ranges, known, withOp) => {
        const input = {
          data: masked(one.data, ranges),
          direction: known ? one.direction : null,
          flow: null,
          reverse: null,
        };
        const op = withOp && one.message.kind === 'response' ? one.message.op : null;
        const [run] = annotate([input], { op });
        for (const found of run!.messages) expect(falsehoods(found, one, found.offset)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('says nothing that is wrong of two messages, of which the end of the second is cut', () => {
    const second = fc.tuple(truth, fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(truth, second, masks, fc.boolean(), (one, [two, part], ranges, known) => {
        fc.pre(one.direction === two.direction);
        const cut = two.data.slice(0, Math.ceil(part * two.data.length));
        const data = masked(MaskedBytes.concat([one.data, cut]), ranges);
        const input = { data, direction: known ? one.direction : null, flow: null, reverse: null };
        const [run] = annotate([input]);
        for (const found of run!.messages) {
          // A message may only be found where one is.
          expect([0, one.data.length]).toContain(found.offset);
          const real = found.offset === 0 ? one : two;
          expect(falsehoods(found, real, found.offset)).toEqual([]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('still says all of a message of which only the content of the path is masked', () => {
    const withPath = truths.filter(({ message }) =>
      message.fields.some(({ name, length }) => name === 'path' && length > 1),
    );
    for (const one of withPath) {
      const path = one.message.fields.find(({ name }) => name === 'path')!;
      const mask = Buffer.alloc(one.data.length, 0xff);
      const start = path.offset - one.message.offset;
      mask.fill(0, start, start + path.length);
      const bytes = Buffer.from(one.data.bytes.map((byte, i) => byte & mask[i]!));
      const input = { data: new MaskedBytes(bytes, mask), direction: one.direction, flow: null, reverse: null };
      const op = one.message.kind === 'response' ? one.message.op : null;
      const [found] = annotate([input], { op })[0]!.messages;
      expect(found).toMatchObject({
        kind: one.message.kind,
        op: one.message.op,
        length: one.message.length,
        missing: 0,
      });
      const values = found!.fields.map(({ value }) => value);
      expect(values).toEqual(one.message.fields.map(({ name, value }) => (name === 'path' ? null : value)));
    }
  });
});
