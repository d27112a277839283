import fc from 'fast-check';
import { expect, it } from 'vitest';
import { JsonObjects } from './jsonObjects.js';

function found(bytes: Buffer, sizes: readonly number[], most = 100): string[] {
  const all: string[] = [];
  let begun = 0;
  const objects = new JsonObjects(
    most,
    (text) => all.push(text.toString()),
    () => begun++,
  );
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = Math.min(bytes.length, at + (sizes[i % sizes.length] ?? bytes.length));
    objects.add(bytes, at, end);
    at = end;
  }
  expect(begun).toBeGreaterThanOrEqual(all.length);
  return all;
}

it('objects that follow each other are found in pieces of any size', () => {
  const objects = [{ ID: '1' }, { a: { b: '}{"\\' }, c: [{}] }, {}, { x: '\u4e2d' }].map((object) =>
    JSON.stringify(object),
  );
  const bytes = Buffer.from(objects.join('\n'));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sizes) => {
      expect(found(bytes, sizes)).toEqual(objects);
    }),
  );
});

it('any bytes are taken, and of a long object only the beginning is kept', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      for (const text of found(Buffer.from(bytes), [7], 10)) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(30);
    }),
  );
  expect(found(Buffer.from(`{"${'x'.repeat(50)}"}{"a":1}`), [3], 10)).toEqual(['{"xxxxxxxx', '{"a":1}']);
});

it('behind a gap the next object that begins is found', () => {
  const all: string[] = [];
  const objects = new JsonObjects(
    100,
    (text) => all.push(text.toString()),
    () => undefined,
  );
  objects.add(Buffer.from('{"a":"'), 0, 6);
  objects.lost();
  objects.add(Buffer.from('{"b":1}'), 0, 7);
  expect(all).toEqual(['{"b":1}']);
});
