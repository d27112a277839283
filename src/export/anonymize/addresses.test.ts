import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressMap } from './addresses.js';
import { AnonymizingKey } from './key.js';

const map = new AddressMap(new AnonymizingKey('a key'));
const bytes = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array));

/** Bits that two addresses have in common from the left. */
function shared(a: Buffer, b: Buffer): number {
  for (let bit = 0; bit < a.length * 8; bit++) {
    if (((a[bit >> 3]! ^ b[bit >> 3]!) & (0x80 >> (bit & 7))) !== 0) return bit;
  }
  return a.length * 8;
}

/** Unicast, of IPv4 and IPv6. */
const isHost = (address: Buffer): boolean =>
  address.length === 4
    ? address[0]! >> 4 !== 0xe && address.some((byte) => byte !== 0) && address.some((byte) => byte !== 0xff)
    : address[0] !== 0xff && address.some((byte) => byte !== 0);

describe('addresses', () => {
  for (const length of [4, 16]) {
    it(`of ${length} bytes share as many bits as before`, () => {
      const pair = bytes(length).chain((a) =>
        fc.tuple(fc.constant(a), fc.nat(length * 8 - 1), bytes(length)).map(([one, at, noise]) => {
          // Another one that is the same up to some bit.
          const other = Buffer.from(one);
          other[at >> 3]! ^= 0x80 >> (at & 7);
          for (let i = (at >> 3) + 1; i < length; i++) other[i] = noise[i]!;
          return [one, other] as const;
        }),
      );
      fc.assert(
        fc.property(pair, ([a, b]) => {
          fc.pre(isHost(a) && isHost(b));
          expect(shared(map.ip(a), map.ip(b))).toBe(shared(a, b));
        }),
        { numRuns: 200 },
      );
    });
  }

  it('are the same with the same key only; broadcast and multicast name no host', () => {
    const address = Buffer.from([10, 77, 0, 33]);
    expect(map.ip(address)).toEqual(new AddressMap(new AnonymizingKey('a key')).ip(address));
    expect(map.ip(address)).not.toEqual(new AddressMap(new AnonymizingKey('b')).ip(address));
    for (const kept of [
      [0, 0, 0, 0],
      [255, 255, 255, 255],
      [224, 0, 0, 1],
    ]) {
      expect([...map.ip(Buffer.from(kept))]).toEqual(kept);
    }
    expect(map.ip(Buffer.from('ff020000000000000000000000000001', 'hex')).subarray(0, 2).toString('hex')).toBe('ff02');
  });

  it('of hardware are locally administered, and groups stay groups', () => {
    fc.assert(
      fc.property(bytes(6), (mac) => {
        fc.pre(mac.some((byte) => byte !== 0) && mac.some((byte) => byte !== 0xff));
        const mapped = map.hardware(mac);
        expect(mapped[0]! & 3).toBe(2 | (mac[0]! & 1));
        expect(mapped.subarray(1)).not.toEqual(mac.subarray(1));
      }),
    );
    expect(map.hardware(Buffer.alloc(6, 0xff))).toEqual(Buffer.alloc(6, 0xff));
  });
});
