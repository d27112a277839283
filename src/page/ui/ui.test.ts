import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf, commandOf, lineOf, parseLine } from './commandLine.js';
import { filtersIn, withoutFilters } from './commands.js';
import { freeName, isKeyLog } from './given.js';

describe('command lines', () => {
  it('are what they were, written and read again, also as an address', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }), { maxLength: 5 }), (words) => {
        expect(parseLine(lineOf(words))).toEqual(words);
        expect(commandOf(addressOf(['path', ...words]), ['path'])).toEqual(['path', ...words]);
      }),
    );
  });

  it('read as a shell reads them', () => {
    expect(parseLine(`path '/a b' --at "+5 s" c\\ d`)).toEqual(['path', '/a b', '--at', '+5 s', 'c d']);
  });

  it('are no commands where the address is another', () => {
    expect(commandOf('#finding-3', ['path'])).toBeNull();
    expect(commandOf('#%', ['path'])).toBeNull();
    expect(commandOf('', ['path'])).toBeNull();
  });

  it('are told apart from their filters', () => {
    const words = ['path', '/x', '--client', '10.0.0.1', '--at', '+5s', '--error'];
    expect(filtersIn(words)).toEqual(['--client', '10.0.0.1', '--error', '*']);
    expect(withoutFilters(words)).toEqual(['path', '/x', '--at', '+5s']);
  });
});

describe('files that are given', () => {
  it.each([
    ['CLIENT_RANDOM 00ff 00ff\n', true],
    ['# SSL/TLS secrets log file\nCLIENT_HANDSHAKE_TRAFFIC_SECRET 00 ff\nSERVER_TRAFFIC_SECRET_0 00 ff\n', true],
    ['', false],
    ['# only a comment\n', false],
    ['{"frame":1}\n', false],
    ['CLIENT_RANDOM and more\n', false],
    ['\xd4\xc3\xb2\xa1\x02\x00', false],
  ])('%j is a key log: %s', async (text, is) => {
    expect(await isKeyLog(new Blob([text]))).toBe(is);
  });

  it('have names that nothing else has, and that are no options', () => {
    expect(freeName('a.pcap', ['a.pcap', 'a.pcap (2)'])).toBe('a.pcap (3)');
    expect(freeName('--json', [])).toBe('./--json');
  });
});
