import { steadyShape } from '../../../capture/steadyShape.js';
import type { JuteReader, Range } from './cursor.js';

/** So many zeros in front of the low word. */
const ZEROS = Array.from({ length: 8 }, (_, i) => '0'.repeat(i));

/** High word (unsigned) and low word (unsigned) of a 64-bit number as `0x…`, lower case, without leading zeros. */
export function hex64(hi: number, lo: number): string {
  const low = (lo >>> 0).toString(16);
  if (hi === 0) return `0x${low}`;
  return `0x${(hi >>> 0).toString(16)}${ZEROS[8 - low.length]!}${low}`;
}

/** The largest double that is still a number of 64 bits. */
const LARGEST = 2 ** 64 - 2 ** 11;

/** A zxid as a double below 2^64: exact below 2^53, that is with an epoch below 2^21; -1 where all bits are set. */
export function zxidNumber(hi: number, lo: number): number {
  if ((hi | 0) === -1 && (lo | 0) === -1) return -1;
  return Math.min((hi >>> 0) * 4294967296 + (lo >>> 0), LARGEST);
}

/** Zxid (a double as `zxidNumber` gives) as `0x…`. */
export function zxidText(zxid: number): string {
  if (zxid < 0) return '0xffffffffffffffff';
  return hex64(Math.floor(zxid / 4294967296), zxid % 4294967296);
}

/** Bytes of a Stat. */
export const STAT_LENGTH = 68;
const COUNT: Range = [0, 0x7fffffff];

/** ZooKeeper's Stat record, 68 bytes on the wire. Zxids are kept as doubles for comparison (see `zxidNumber`). */
export interface Stat {
  /** zxid that created the znode, last changed its data, last changed its list of children. */
  readonly czxid: number;
  readonly mzxid: number;
  readonly pzxid: number;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly ctime: number;
  readonly mtime: number;
  /** Changes of data, of children, of the ACL. */
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  /** Session id `0x…` of the owner, `0x0` for a persistent znode. */
  readonly ephemeralOwner: string;
  readonly dataLength: number;
  readonly numChildren: number;
}

/** A Stat that may be read again and again: then its numbers stay where they are, and nothing is allocated. */
export class StatFields implements Stat {
  czxid = 0;
  mzxid = 0;
  pzxid = 0;
  ctime = 0;
  mtime = 0;
  version = 0;
  cversion = 0;
  aversion = 0;
  ephemeralOwner = '0x0';
  dataLength = 0;
  numChildren = 0;
}

steadyShape(new StatFields(), 'czxid', 'mzxid', 'pzxid', 'ctime', 'mtime');

/**
 * Stat: long czxid, mzxid, ctime, mtime, int version, cversion, aversion, long ephemeralOwner, int dataLength, numChildren, long pzxid
 * @param stat what is read is written into it
 */
export function readStat(reader: JuteReader, stat = new StatFields()): Stat {
  stat.czxid = reader.zxid('czxid');
  stat.mzxid = reader.zxid('mzxid');
  stat.ctime = reader.longNumber('ctime');
  stat.mtime = reader.longNumber('mtime');
  stat.version = reader.int('version');
  stat.cversion = reader.int('cversion');
  stat.aversion = reader.int('aversion');
  stat.ephemeralOwner = reader.longHex('ephemeralOwner');
  stat.dataLength = reader.int('dataLength', COUNT);
  stat.numChildren = reader.int('numChildren', COUNT);
  stat.pzxid = reader.zxid('pzxid');
  return stat;
}
