import fc from 'fast-check';
import { expect, test } from 'vitest';
import { likePath } from './znode.js';

const IDENTITY = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{15,}|\d{13,}/gi;

/** What is meant, without the look before the work. */
function meant(path: string): string {
  const slash = path.lastIndexOf('/') + 1;
  return (
    path.slice(0, slash) +
    path
      .slice(slash)
      .replace(/\d{10}$/, '')
      .replace(IDENTITY, '*')
  );
}

test.each([
  ['/a', '/a'],
  ['/lock-0000000012', '/lock-'],
  ['/0000000012', '/'],
  ['/latch/_c_0af446d6-b284-4c65-9d2d-d2f622ade0fd-latch-0000000006', '/latch/_c_*-latch-'],
  ['/x-0x1000F1BD9CA0003', '/x-0x*'],
  ['/host,16020,1712345678901-x', '/host,16020,*-x'],
  [
    '/0af446d6-b284-4c65-9d2d-d2f622ade0fd/name-longer-than-ten',
    '/0af446d6-b284-4c65-9d2d-d2f622ade0fd/name-longer-than-ten',
  ],
])('%s is like %s', (path, like) => {
  expect(likePath(path)).toBe(like);
});

test('what looks before it works finds what would be found without looking', () => {
  const piece = fc.oneof(
    fc.constantFrom('/', '-', '_c_', 'lock', 'g', 'A', '0'),
    fc.stringMatching(/^[0-9]{1,14}$/),
    fc.stringMatching(/^[0-9a-fA-F]{1,16}$/),
    fc.uuid(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const path = `/${pieces.join('')}`;
      expect(likePath(path)).toBe(meant(path));
    }),
  );
});
