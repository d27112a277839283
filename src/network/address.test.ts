import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpoint, EndpointTable, ipText } from './address.js';
import { Segment } from './segment.js';

function text6(...groups: number[]): string {
  const word = (i: number): number => (groups[i]! << 16) | groups[i + 1]!;
  return ipText(6, word(0), word(2), word(4), word(6));
}

describe('ipText', () => {
  it('writes IPv4 from the last word, whatever its sign', () => {
    expect(ipText(4, 0, 0, 0xffff, 0x0a000001)).toBe('10.0.0.1');
    expect(ipText(4, 0, 0, 0xffff, 0xfffffffe | 0)).toBe('255.255.255.254');
    expect(ipText(4, 0, 0, 0xffff, 0)).toBe('0.0.0.0');
  });

  // The examples of RFC 5952, sections 4 and 5.
  it.each([
    ['2001:db8::1', [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]],
    ['2001:db8:0:1:1:1:1:1', [0x2001, 0xdb8, 0, 1, 1, 1, 1, 1]],
    ['2001:0:0:1::1', [0x2001, 0, 0, 1, 0, 0, 0, 1]],
    ['2001:db8::1:0:0:1', [0x2001, 0xdb8, 0, 0, 1, 0, 0, 1]],
    ['::', [0, 0, 0, 0, 0, 0, 0, 0]],
    ['::1', [0, 0, 0, 0, 0, 0, 0, 1]],
    ['fd77::', [0xfd77, 0, 0, 0, 0, 0, 0, 0]],
    ['::ffff:192.0.2.1', [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201]],
    ['1:2:3:4:5:6:7:8', [1, 2, 3, 4, 5, 6, 7, 8]],
  ])('%s', (text, groups) => {
    expect(text6(...groups)).toBe(text);
  });

  it('agrees with the URL standard, which shortens IPv6 by the same rules', () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        fc.pre(!(groups.slice(0, 5).every((each) => each === 0) && groups[5] === 0xffff));
        const hex = groups.map((each) => each.toString(16)).join(':');
        expect(`[${text6(...groups)}]`).toBe(new URL(`http://[${hex}]`).hostname);
      }),
    );
  });
});

describe('endpoint', () => {
  it('puts IPv6 addresses into brackets', () => {
    expect(endpoint(4, 0, 0, 0xffff, 0x0a000001, 2181)).toEqual({ ip: '10.0.0.1', port: 2181, text: '10.0.0.1:2181' });
    expect(endpoint(6, 0xfd770000 | 0, 0, 0, 1, 40000)).toEqual({
      ip: 'fd77::1',
      port: 40000,
      text: '[fd77::1]:40000',
    });
  });
});

describe('EndpointTable', () => {
  it('says of any sequence of addresses what each alone would be', () => {
    const word = fc.constantFrom(0, 1, 0xffff, -1, 0x0a000001);
    const address = fc.record({
      family: fc.constantFrom(4, 6),
      words: fc.tuple(word, word, word, word),
      port: fc.constantFrom(1, 2181),
    });
    fc.assert(
      fc.property(fc.array(address, { maxLength: 60 }), (addresses) => {
        const endpoints = new EndpointTable(4);
        for (const { family, words, port } of addresses) {
          const segment = new Segment();
          segment.family = family;
          [segment.source0, segment.source1, segment.source2, segment.source3] = words;
          segment.sourcePort = port;
          expect(endpoints.source(segment)).toEqual(endpoint(family, ...words, port));
        }
      }),
    );
  });
});
