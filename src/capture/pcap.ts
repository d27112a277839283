import { FRAME_LIMIT, FrameReader, USUAL_FRAME_LIMIT } from './frameReader.js';
import type { Frame } from './frame.js';
import { joinedTicks, type OriginalInterface, type OriginalPacket } from './original.js';
import { OptionCode } from './write/options.js';

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
/** Alexey Kuznetzov's libpcap patch: eight more bytes (interface, protocol, packet type) in each record header. */
const KUZNETZOV = 0xa1b2cd34;
const MAGICS: readonly number[] = [MICROSECONDS, NANOSECONDS, KUZNETZOV];
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const KUZNETZOV_HEADER = 24;
/** The upper bits of the link-type word tell about frame check sequences. */
const LINK_TYPE_MASK = 0xffff;

/** True where `bytes` (4 at least) begin with a classic pcap magic number in either byte order. */
export function isPcap(bytes: Buffer): boolean {
  return bytes.length >= 4 && (MAGICS.includes(bytes.readUInt32LE(0)) || MAGICS.includes(bytes.readUInt32BE(0)));
}

/**
 * Classic pcap, as libpcap's pcap-savefile(5) describes it: a file header of 24 bytes (magic, version, time zone,
 * accuracy, snap length, link type), then records of seconds, fraction, captured length, original length, bytes; all
 * integers in the byte order that the magic shows.
 */
export class PcapReader extends FrameReader {
  private linkType = 0;
  private recordHeader = RECORD_HEADER;
  private nanosecondsPerTick = 1000;
  private limit = USUAL_FRAME_LIMIT;
  /** Minor version: before 2.3 the two lengths were the other way round, in 2.3 they may be. */
  private minorVersion = 4;
  /** Header of the latest record. */
  private record = 0;
  private source: OriginalInterface | null = null;

  override next(frame: Frame): boolean {
    if (this.damage !== null || (!this.started && !this.readFileHeader())) return false;
    const header = this.recordHeader;
    if (this.end - this.position < header && !this.fill(header)) return false;
    let captured = this.uint32(this.position + 8);
    let original = this.uint32(this.position + 12);
    if (this.minorVersion < 3 || (this.minorVersion === 3 && captured > original)) {
      const swapped = captured;
      captured = original;
      original = swapped;
    }
    if (captured > this.limit) {
      return this.stop(`a record claims ${captured} captured bytes, more than the ${this.limit} that can be true`);
    }
    const length = header + captured;
    if (this.end - this.position < length && !this.fill(length)) return false;
    const start = this.position;
    this.record = start;
    const seconds = this.uint32(start);
    const fraction = this.uint32(start + 4);
    frame.time = this.clock.at(seconds, fraction * this.nanosecondsPerTick);
    frame.linkType = this.linkType;
    frame.bytes = this.bytes;
    frame.start = start + header;
    frame.end = start + length;
    frame.originalLength = original > captured ? original : captured;
    this.position = start + length;
    return true;
  }

  override original(): OriginalPacket | null {
    if (this.source === null) return null;
    const rate = 1e9 / this.nanosecondsPerTick;
    return {
      source: this.source,
      ...joinedTicks(this.uint32(this.record), this.uint32(this.record + 4), rate),
      options: [],
    };
  }

  override finish(): void {
    if (this.started || this.damage !== null) super.finish();
    else this.stop('the file ends in the middle of its header', this.unread);
  }

  private readFileHeader(): boolean {
    if (!this.fill(FILE_HEADER)) return false;
    const start = this.position;
    this.bigEndian = MAGICS.includes(this.bytes.readUInt32BE(start));
    const magic = this.uint32(start);
    if (!MAGICS.includes(magic)) return this.stop('no pcap magic number');
    const major = this.uint16(start + 4);
    // 543.0 is what some versions of Apple's and Endace's tools wrote.
    if (major !== 2 && major !== 543) {
      return this.stop(`pcap version ${major}.${this.uint16(start + 6)} is not known (2.4 is usual)`, start + 4);
    }
    this.minorVersion = major === 2 ? this.uint16(start + 6) : 4;
    const snapLength = this.uint32(start + 16);
    // 0 is how some programs write "no limit".
    this.limit = snapLength === 0 ? FRAME_LIMIT : Math.min(Math.max(snapLength, USUAL_FRAME_LIMIT), FRAME_LIMIT);
    this.linkType = this.uint32(start + 20) & LINK_TYPE_MASK;
    this.addLinkType(this.linkType);
    if (magic === KUZNETZOV) this.recordHeader = KUZNETZOV_HEADER;
    if (magic === NANOSECONDS) {
      this.nanosecondsPerTick = 1;
      this.clock.digits = Math.max(this.clock.digits, 9);
    }
    const digits = this.nanosecondsPerTick === 1 ? [{ code: OptionCode.IF_TSRESOL, value: Buffer.of(9) }] : [];
    this.source = { linkType: this.linkType, snapLength, options: digits };
    this.position = start + FILE_HEADER;
    this.started = true;
    return true;
  }
}
