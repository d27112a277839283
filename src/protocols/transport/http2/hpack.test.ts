import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HpackDecoder, MAX_HEADER_LIST } from './hpack.js';
import { decodeHuffman } from './huffman.js';

function decode(decoder: HpackDecoder, hex: string): string[] | null {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const block = decoder.decode(bytes, 0, bytes.length);
  return block === null
    ? null
    : [...block.fields.map(({ name, value }) => `${name}: ${value}`), ...(block.complete ? [] : ['…'])];
}

const REQUESTS = [
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'],
  [':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com', 'custom-key: custom-value'],
];
const RESPONSES = [
  [
    ':status: 302',
    'cache-control: private',
    'date: Mon, 21 Oct 2013 20:13:21 GMT',
    'location: https://www.example.com',
  ],
  [
    ':status: 307',
    'cache-control: private',
    'date: Mon, 21 Oct 2013 20:13:21 GMT',
    'location: https://www.example.com',
  ],
  [
    ':status: 200',
    'cache-control: private',
    'date: Mon, 21 Oct 2013 20:13:22 GMT',
    'location: https://www.example.com',
    'content-encoding: gzip',
    'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
  ],
];

describe('HPACK, the examples of RFC 7541, Appendix C', () => {
  it.each([
    ['C.2.1', '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', 'custom-key: custom-header'],
    ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', ':path: /sample/path'],
    ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', 'password: secret'],
    ['C.2.4', '82', ':method: GET'],
  ])('%s', (_name, hex, field) => {
    expect(decode(new HpackDecoder(true), hex)).toEqual([field]);
  });

  it.each([
    [
      'C.3',
      [
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ],
    ],
    [
      'C.4',
      [
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ],
    ],
  ])('%s: requests', (_name, blocks) => {
    const decoder = new HpackDecoder(true);
    expect(blocks.map((hex) => decode(decoder, hex))).toEqual(REQUESTS);
  });

  // The examples begin with a table of 256 bytes, which here a size update says (3f e1 01).
  it.each([
    [
      'C.5',
      [
        '3fe101 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120' +
          '474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '4803 3330 37c1 c0bf',
        '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f' +
          '6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630' +
          '303b 2076 6572 7369 6f6e 3d31',
      ],
    ],
    [
      'C.6',
      [
        '3fe101 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718' +
          '63c7 8f0b 97c8 e9ae 82ae 43d3',
        '4883 640e ffc1 c0bf',
        '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335' +
          'dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
      ],
    ],
  ])('%s: responses, with entries pushed out of the table', (_name, blocks) => {
    const decoder = new HpackDecoder(true);
    expect(blocks.map((hex) => decode(decoder, hex))).toEqual(RESPONSES);
  });
});

describe('HPACK from the middle of a connection', () => {
  it('knows what came since, and says that older entries are unknown', () => {
    const decoder = new HpackDecoder(false);
    expect(decode(decoder, '40 01 61 01 62')).toEqual(['a: b']);
    expect(decode(decoder, 'be')).toEqual(['a: b']);
    expect(decode(decoder, 'bf 82')).toEqual([':method: GET', '…']);
    // A value under a name from before is an entry all the same.
    expect(decode(decoder, '7f 01 01 63')).toEqual(['…']);
    expect(decode(decoder, 'bf')).toEqual(['a: b']);
    expect(decode(decoder, 'be')).toEqual(['…']);
  });

  it('knows the whole table again once the sender has emptied it', () => {
    const decoder = new HpackDecoder(false);
    expect(decode(decoder, '20 3f e1 1f 82')).toEqual([':method: GET']);
    expect(decode(decoder, 'be')).toBeNull();
  });

  it('forgets on demand', () => {
    const decoder = new HpackDecoder(true);
    decode(decoder, '40 01 61 01 62');
    decoder.forget();
    expect(decode(decoder, 'be')).toEqual(['…']);
  });
});

describe('HPACK, bounds', () => {
  it.each([
    ['an index beyond the table', 'be'],
    ['index 0', '80'],
    ['an integer that is cut', 'ff'],
    ['an integer without end', 'ff ff ff ff ff ff ff ff 01'],
    ['a string that is cut', '40 01 61 05 62'],
    ['EOS in a string', '40 01 61 84 ff ff ff ff'],
    ['padding that is no ones', '40 01 61 81 00'],
  ])('refuses %s', (_name, hex) => {
    expect(decode(new HpackDecoder(true), hex)).toBeNull();
  });

  it('keeps a bounded list of fields, however often a long entry is repeated', () => {
    const decoder = new HpackDecoder(true);
    const value = 'v'.repeat(4000);
    const head = Buffer.concat([Buffer.from('4001617fa11e', 'hex'), Buffer.from(value), Buffer.alloc(20_000, 0xbe)]);
    const block = decoder.decode(head, 0, head.length)!;
    expect(block.complete).toBe(false);
    const size = block.fields.reduce((sum, field) => sum + field.name.length + field.value.length + 32, 0);
    expect(block.fields.length).toBe(Math.floor(MAX_HEADER_LIST / 4033));
    expect(size).toBeLessThanOrEqual(MAX_HEADER_LIST);
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), fc.boolean(), (blocks, fromStart) => {
        const decoder = new HpackDecoder(fromStart);
        for (const block of blocks) decoder.decode(Buffer.from(block), 0, block.length);
      }),
    );
  });

  it('limits a Huffman string', () => {
    expect(decodeHuffman(Buffer.from('f1e3c2e5f23a6ba0ab90f4ff', 'hex'), 0, 12, 7)).toBe('www.exa');
  });
});
