import type { Clock } from './clock.js';
import type { FrameReader } from './frameReader.js';
import { isLines, LinesReader } from './lines.js';
import { isPcap, PcapReader } from './pcap.js';
import { isPcapng, PcapngReader } from './pcapng.js';

export type Compression = 'gzip' | 'zstd';

/** Bytes that must be there before anything can be said about them. */
export const MAGIC_LENGTH = 4;

/** How the bytes are compressed, from their first four; null where they are not. */
export function detectCompression(bytes: Buffer): Compression | null {
  if (bytes.length >= 3 && bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8) return 'gzip';
  if (bytes.length < MAGIC_LENGTH) return null;
  const magic = bytes.readUInt32LE(0);
  // A zstd file may begin with a skippable frame, whose last hexadecimal digit is free.
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50 ? 'zstd' : null;
}

/** A reader for the capture that begins with these bytes, and its format; null where they are no capture. */
export function detectFormat(
  bytes: Buffer,
  clock: Clock,
): { format: 'pcap' | 'pcapng' | 'ndjson'; reader: FrameReader } | null {
  if (isPcap(bytes)) return { format: 'pcap', reader: new PcapReader(clock) };
  if (isPcapng(bytes)) return { format: 'pcapng', reader: new PcapngReader(clock) };
  if (isLines(bytes)) return { format: 'ndjson', reader: new LinesReader(clock) };
  return null;
}

/** What something is that is no capture, and what can be done about it. */
export interface Stranger {
  readonly what: string;
  readonly advice: string;
}

const WANTED = 'zkscope reads what `tcpdump -w` writes (pcap or pcapng, plain, gzip or zstd)';
const CONVERT = 'convert it with Wireshark: editcap -F pcapng IN OUT';
const UNPACK = 'unpack it and give the capture inside';

const SIGNATURES: readonly (readonly [signature: Buffer, offset: number, what: string, advice: string])[] = [
  [Buffer.from('PK\x03\x04', 'latin1'), 0, 'a zip archive', UNPACK],
  [Buffer.from('fd377a585a00', 'hex'), 0, 'compressed with xz', 'xz -dc IN | zkscope … - reads it'],
  [Buffer.from('BZh', 'latin1'), 0, 'compressed with bzip2', 'bzip2 -dc IN | zkscope … - reads it'],
  [Buffer.from('04224d18', 'hex'), 0, 'compressed with lz4', 'lz4 -dc IN | zkscope … - reads it'],
  [Buffer.from('377abcaf271c', 'hex'), 0, 'a 7z archive', UNPACK],
  [Buffer.from('Rar!', 'latin1'), 0, 'a rar archive', UNPACK],
  [Buffer.from('ustar', 'latin1'), 257, 'a tar archive', UNPACK],
  [Buffer.from('\x7fELF', 'latin1'), 0, 'a program (ELF)', WANTED],
  [Buffer.from('MZ', 'latin1'), 0, 'a Windows program', WANTED],
  [Buffer.from('%PDF', 'latin1'), 0, 'a PDF document', WANTED],
  [Buffer.from('snoop\0\0\0', 'latin1'), 0, 'a snoop capture', CONVERT],
  [Buffer.from('TRSNIFF data', 'latin1'), 0, 'a Sniffer capture', CONVERT],
  [Buffer.from('GMBU', 'latin1'), 0, 'a Network Monitor capture', CONVERT],
  [Buffer.from('MDMP', 'latin1'), 0, 'a Windows memory dump', WANTED],
  [Buffer.from('version https://git-lfs', 'latin1'), 0, 'a Git LFS pointer, not the file', 'fetch it: git lfs pull'],
];

/** Names what is not a capture by its first bytes (some hundred are best), as far as they are telling. */
export function describeStranger(bytes: Buffer): Stranger {
  if (bytes.length < MAGIC_LENGTH) return { what: `it is only ${bytes.length} byte(s) long`, advice: WANTED };
  for (const [signature, offset, what, advice] of SIGNATURES) {
    if (bytes.subarray(offset, offset + signature.length).equals(signature)) return { what: `it is ${what}`, advice };
  }
  if (bytes.every((byte) => byte === 0)) return { what: 'it holds only zeros', advice: 'capture or copy it again' };
  if (looksLikeText(bytes)) {
    const text = bytes.toString('latin1').trimStart().toLowerCase();
    if (text.startsWith('<!doctype html') || text.startsWith('<html')) {
      return { what: 'it is an HTML page', advice: 'was it downloaded without logging in?' };
    }
    return {
      what: 'it is text',
      advice: 'captures are written by `tcpdump -w FILE`; for a hex dump in text there is `zkscope hex`',
    };
  }
  return { what: 'its first bytes are those of no capture format', advice: WANTED };
}

/** UTF-8 without control characters but white space and escape sequences; the last character may be cut. */
function looksLikeText(bytes: Buffer): boolean {
  if (bytes.some((byte) => (byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) && byte !== 0x1b) || byte === 0x7f))
    return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
