import { parseArrays, parseBase64, parseEscapes, parsePlainHex } from './plain.js';
import type { MaskedBytes } from './bytes.js';
import type { PacketHeader } from './header.js';
import { parseOffsetDump } from './offsets.js';

/** One packet (or one run of bytes) of a pasted dump. */
export interface HexPacket {
  /** Line of the text in which it begins, from 1. */
  readonly line: number;
  /** What the dump's offset column says of the first byte; null where the dump has no offsets. */
  readonly offset: number | null;
  readonly data: MaskedBytes;
  /** From the line above, where tcpdump or tshark printed one. */
  readonly header: PacketHeader | null;
  /** Which of the two ends sent it, where the dump tells them apart without naming ports; 0 spoke first. */
  readonly side: 0 | 1 | null;
  /** Masked bytes whose value was taken from the text column. */
  readonly fromText: number;
}

export type HexFormat = 'dump' | 'escapes' | 'array' | 'hex' | 'base64';

export interface HexDump {
  readonly format: HexFormat;
  readonly packets: readonly HexPacket[];
}

/**
 * Longest text that is read, in characters.
 * @bound characters
 */
export const LONGEST_TEXT = 16 * 1024 * 1024;

/**
 * Finds the bytes in what people paste: dumps with an offset column (`tcpdump -x`, `-X`, `-xx`, `-XX`, Wireshark, tshark
 * `-x` and followed streams, xxd, hexdump, od), with or without a text column; `\x` and octal escapes; C arrays; plain
 * hexadecimal in any grouping; base64. Masked digits (`xx`, `XX`, `??`, `**`, `..`) stay unknown. Lines that are no bytes
 * are passed over. Null if there are no bytes at all.
 */
export function parseHexDump(text: string): HexDump | null {
  if (text.length > LONGEST_TEXT) return null;
  const lines = text.split(/\r\n|\n|\r/).map(withoutQuoting);
  const attempts: readonly [HexFormat, () => readonly HexPacket[]][] = [
    ['dump', () => parseOffsetDump(lines)],
    ['escapes', () => parseEscapes(text)],
    ['array', () => parseArrays(text)],
    ['hex', () => parsePlainHex(lines)],
    ['base64', () => parseBase64(text)],
  ];
  for (const [format, parse] of attempts) {
    const packets = parse().filter(({ data, header }) => data.length > 0 || header !== null);
    if (packets.some(({ data }) => data.length > 0)) return { format, packets };
  }
  return null;
}

/** Without what mail, chats and web pages put around lines: quote marks, code fences, blanks that are no spaces. */
function withoutQuoting(line: string): string {
  return line
    .replace(/[\u00a0\u2007\u202f]/g, ' ')
    .replace(/\u200b|\u200c|\u200d|\ufeff/g, '')
    .replace(/^(?:[ \t]*> ?)+/, '')
    .replace(/^[ \t]*```.*$/, '');
}
