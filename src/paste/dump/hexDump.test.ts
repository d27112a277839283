import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCapture } from '../../testing/captureFile.js';
import { parseTcp } from '../../testing/packets.js';
import { parseHexDump } from './hexDump.js';

const folder = new URL('../../../fixtures/hex/', import.meta.url);
const text = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const hexOf = (dump: string): string[] | undefined =>
  parseHexDump(dump)?.packets.map(({ data }) => data.hex(0, data.length));

/** Frames 26, 27, 29 and 30 of zkcli.pcap, of which the fixtures are dumps. */
const frames = readCapture(readFileSync(new URL('../../../fixtures/protocol/zkcli.pcap', import.meta.url)))
  .filter((_, i) => [26, 27, 29, 30].includes(i + 1))
  .map((packet) => ({ frame: packet.data.toString('hex'), payload: parseTcp(packet)!.payload.toString('hex') }));
const whole = frames.map(({ frame }) => frame);
const withoutEthernet = frames.map(({ frame }) => frame.slice(28));
const payloads = frames.map(({ payload }) => payload);

describe('dumps that programs print', () => {
  it.each([
    ['tcpdump-x.txt', withoutEthernet],
    ['tcpdump-X.txt', withoutEthernet],
    ['tcpdump-xx.txt', whole],
    ['tcpdump-vvXX.txt', whole],
    ['tshark-x.txt', whole],
    ['tshark-P-x.txt', whole],
    ['tshark-follow.txt', payloads],
    ['tshark-fields.txt', [payloads.join('')]],
    ['xxd.txt', [payloads.join('')]],
    ['xxd-p.txt', [payloads.join('')]],
    ['xxd-i.txt', [payloads.join('')]],
    ['hexdump-C.txt', [payloads.join('')]],
    ['hexdump.txt', [payloads.join('')]],
    ['od-x1z.txt', [payloads.join('')]],
    ['od-x.txt', [payloads.join('')]],
    ['base64.txt', [payloads.join('')]],
    ['python-bytes.txt', [payloads.join('')]],
  ])('%s: every byte, and no other', (name, expected) => {
    expect(hexOf(text(name))).toEqual(expected);
  });

  it('are read without the text column as well, quoted in mail, with other line ends', () => {
    const dump = text('tcpdump-X.txt');
    const rows = dump.replace(/^(\t0x.{4}: {2}.{39}).*$/gm, '$1');
    expect(rows).not.toBe(dump);
    expect(hexOf(rows)).toEqual(withoutEthernet);
    expect(hexOf(dump.replace(/^/gm, '> > '))).toEqual(withoutEthernet);
    expect(hexOf(dump.replaceAll('\n', '\r\n'))).toEqual(withoutEthernet);
    expect(hexOf(`Look at this:\n\`\`\`\n${dump}\`\`\`\nadded a face`)).toEqual(withoutEthernet);
  });

  it('tell addresses and sequence numbers of the lines above', () => {
    const headers = parseHexDump(text('tcpdump-X.txt'))!.packets.map(({ header }) => header);
    expect(headers[0]).toEqual({
      sourceHost: '10.77.0.22',
      sourcePort: 49124,
      destinationHost: '10.77.0.13',
      destinationPort: 2181,
      sequence: 3152915474,
      length: 21,
    });
    const ports = (name: string): unknown[] =>
      parseHexDump(text(name))!.packets.map(({ header }) => [header?.sourcePort, header?.destinationPort]);
    const expected = [
      [49124, 2181],
      [2181, 49124],
      [49124, 2181],
      [2181, 49124],
    ];
    expect(ports('tcpdump-X.txt')).toEqual(expected);
    expect(ports('tcpdump-vvXX.txt')).toEqual(expected);
    // tshark takes the first two for another protocol, and prints no ports.
    expect(ports('tshark-P-x.txt').slice(2)).toEqual(expected.slice(2));
  });

  it('know the name under which tcpdump prints port 2181', () => {
    const [packet] = parseHexDump(
      'IP a.example.com.51970 > b.eforward: Flags [P.], length 1\n\t0x0000:  4500\n',
    )!.packets;
    expect(packet!.header).toMatchObject({ sourceHost: 'a.example.com', sourcePort: 51970, destinationPort: 2181 });
  });

  it('tell the sides of a followed stream apart', () => {
    expect(parseHexDump(text('tshark-follow.txt'))!.packets.map(({ side }) => side)).toEqual([0, 1, 0, 1]);
  });

  it('stand for repeated rows by an asterisk', () => {
    expect(hexOf('0000000 0000 0000 0000 0000 0000 0000 0000 0000\n*\n0000030 0001\n0000031\n')).toEqual([
      `${'00'.repeat(48)}01`,
    ]);
  });

  it('leave a hole where rows are missing', () => {
    expect(hexOf('0000: 0102 0304\n0006: 0708\n')).toEqual(['01020304xxxx0708']);
  });
});

describe('a masked dump', () => {
  const packets = parseHexDump(text('masked-postmortem.txt'))!.packets;

  it('gives rows that lost their offsets their place', () => {
    expect(packets.map(({ offset, data }) => [offset, data.length])).toEqual([
      [0x42, 61],
      [0x42, 46],
      [0x42, 69],
      [0x42, 109],
    ]);
  });

  it('keeps masked bytes unknown, but for those that the text column still has', () => {
    expect(packets[1]!.data.hex(0, 46)).toBe(`0000002a00004b2f0000000c0000001d2f${'xx'.repeat(28)}00`);
    expect(packets.map(({ fromText }) => fromText)).toEqual([1, 1, 1, 0]);
  });

  it.each(['xx', 'XX', '??', '**', '..'])('may be masked with %s', (mask) => {
    expect(hexOf(`0000: 00 00 00 08 ${mask} ${mask} ff fe`)).toEqual(['00000008xxxxfffe']);
    expect(hexOf(`00000008${mask}${mask}fffe`)).toEqual(['00000008xxxxfffe']);
  });

  it('takes nothing from a text column that contradicts the bytes, or was filled with one character', () => {
    expect(hexOf('0000:  61xx  aq\n')).toEqual(['6171']);
    expect(hexOf('0000:  61xx  bq\n')).toEqual(['61xx']);
    expect(hexOf('0000:  61xx xxxx  aqqq\n')).toEqual(['61xxxxxx']);
    expect(hexOf('0000:  61xx xxxx  a/..\n')).toEqual(['612fxxxx']);
  });
});

describe('bytes without a dump around them', () => {
  const PING = '00000008fffffffe0000000b';

  it.each([
    ['plain', '00000008fffffffe0000000b'],
    ['upper case', '00000008FFFFFFFE0000000B'],
    ['words', '00000008 fffffffe 0000000b'],
    ['words with 0x', '0x00000008 0xfffffffe 0x0000000b'],
    ['one number', '0x00000008fffffffe0000000b'],
    ['colons', '00:00:00:08:ff:ff:ff:fe:00:00:00:0b'],
    ['dashes', '00-00-00-08-ff-ff-ff-fe-00-00-00-0b'],
    ['a word and bytes', '00000008 ff ff ff fe 00 00 00 0b'],
    ['several lines', '00000008ff\nfffffe00\n00000b'],
    ['a line broken within a byte', '00000008fff\nffffe0000000b'],
    ['\\x escapes', '\\x00\\x00\\x00\\x08\\xff\\xff\\xff\\xfe\\x00\\x00\\x00\\x0b'],
    ['a Python string', "it's b'\\x00\\x00\\x00\\x08\\xff\\xff\\xff\\xfe\\x00\\x00\\x00\\x0b'"],
    ['strings of C in several lines', '"\\x00\\x00\\x00\\x08"\n  "\\xff\\xff\\xff\\xfe\\x00\\x00\\x00\\x0b"'],
    ['strace', 'write(5, "\\0\\0\\0\\10\\377\\377\\377\\376\\0\\0\\0\\v", 12) = 12'],
    ['a C array', 'char p[] = { /* a ping */\n0x00, 0x00, 0x0, 0x8, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 11 };'],
    ['a Java array', 'new byte[] {0, 0, 0, 8, -1, -1, -1, -2, 0, 0, 0, 11}'],
    ['a JSON array', '[0, 0, 0, 8, 255, 255, 255, 254, 0, 0, 0, 11]'],
    ['a Buffer of Node.js', '<Buffer 00 00 00 08 ff ff ff fe 00 00 00 0b>'],
    ['base64', 'AAAACP////4AAAAL'],
    ['a word among words', 'TCP payload (12 bytes): 00000008fffffffe0000000b'],
  ])('%s', (_, dump) => {
    expect(hexOf(dump)).toEqual([PING]);
  });

  it('keeps half a byte at the end half', () => {
    expect(hexOf('00000008f')).toEqual(['00000008fx']);
  });

  it('parts packets at blank lines and words, and takes addresses from the line above', () => {
    const dump = 'IP 1.2.3.4.2181 > 5.6.7.8.999: Flags [P.], length 2\n\n00010203\nthen\n04050607\n\n08090a0b\n';
    const { packets } = parseHexDump(dump)!;
    expect(packets.map(({ data }) => data.hex(0, 9))).toEqual(['00010203', '04050607', '08090a0b']);
    expect(packets.map(({ header }) => header?.sourcePort)).toEqual([2181, undefined, undefined]);
  });

  it.each(['', ' \n', 'hello, world', 'no bytes here', '0 0 0 8', 'ruok'])('finds none in %j', (words) => {
    expect(parseHexDump(words)).toBeNull();
  });
});

describe('parseHexDump, whatever the text', () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));
  const line = fc.constantFrom(...names.flatMap((name) => text(name).split('\n')), '', '*', '0000010', '"\\x00', '{0,');

  it('neither throws nor finds more bytes than there are characters', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 400 }),
          fc.array(line).map((lines) => lines.join('\n')),
        ),
        (any) => {
          const packets = parseHexDump(any)?.packets ?? [];
          for (const { data } of packets) expect(data.mask.length).toBe(data.bytes.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('stands any damage to a dump', () => {
    const damage = fc.record({
      name: fc.constantFrom(...names),
      cuts: fc.array(fc.tuple(fc.nat(4000), fc.nat(40), fc.string({ maxLength: 5 })), { maxLength: 6 }),
    });
    fc.assert(
      fc.property(damage, ({ name, cuts }) => {
        let dump = text(name);
        for (const [at, length, insert] of cuts) dump = dump.slice(0, at) + insert + dump.slice(at + length);
        for (const { data } of parseHexDump(dump)?.packets ?? []) {
          expect(data.bytes.every((byte, i) => (byte & ~data.mask[i]!) === 0)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['one long line of digits', '0'.repeat(2_000_000)],
    ['quotes', '"\\0'.repeat(100_000)],
    ['comments that do not end', '/*{0,'.repeat(100_000)],
    [
      'rows with far offsets',
      Array.from({ length: 20_000 }, (_, i) => `${(i * 60_000).toString(16).padStart(8, '0')}: 00`).join('\n'),
    ],
    ['brackets', '[{'.repeat(150_000)],
    ['colons', '00:'.repeat(150_000)],
    ['arrows', 'a.1 > b.2 → '.repeat(100_000)],
    ['header lines', 'x.1 > y.2 > z.3 -> 4 -> 5 TCP\n'.repeat(20_000)],
    ['words', 'dead beef and so on '.repeat(100_000)],
  ])('takes no long time for %s', (_, dump) => {
    parseHexDump(dump);
  });
});
