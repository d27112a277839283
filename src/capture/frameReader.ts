import { ByteWindow } from './byteWindow.js';
import type { Clock } from './clock.js';
import type { Frame } from './frame.js';
import type { HostCensus, InputPart } from './inputPart.js';
import type { OriginalPacket } from './original.js';

/**
 * Longest captured length that is believed where the file's own snap length does not say more: what libpcap and
 * Wireshark allow for every link type that carries IP (MAXIMUM_SNAPLEN, 256 KiB).
 */
export const USUAL_FRAME_LIMIT = 262_144;
/** Longest captured length that is believed at all. */
export const FRAME_LIMIT = 16 * 1024 * 1024;

/** `linkType` of a record that Wireshark counts as a frame although it holds no packet. */
export const NOT_A_PACKET = -1;

/** `linkType` of a decoded line: no packet, but what another run of zkscope made of some. */
export const DECODED_LINE = -2;

/** Why a reader cannot go on: the offset in the capture, and what is wrong there. */
export interface Damage {
  readonly offset: number;
  readonly text: string;
}

/**
 * Takes a capture apart. Bytes are pushed in, frames are pulled out until `next` returns false, then more bytes are
 * pushed; every split into chunks gives the same frames.
 */
export abstract class FrameReader extends ByteWindow {
  /** LINKTYPE_ values of the capture's interfaces, each once, in order of appearance. */
  readonly linkTypes: number[] = [];
  private readonly knownLinkTypes = new Set<number>();
  /** Things worth telling that do not stop the reading. */
  readonly remarks: string[] = [];
  /** True once the header of the file was read: it is a capture, even if nothing else in it is whole. */
  started = false;
  /** Set once the capture cannot be read any further; `next` then returns false for ever. */
  damage: Damage | null = null;
  /** Is given key logs that the capture holds, piece by piece; a line end follows the last piece of each. */
  onSecrets: ((bytes: Buffer) => void) | null = null;
  /** Only frames of this part are wanted; others are given as frames without a packet, lines not at all. */
  part: InputPart | null = null;
  /** Takes the names of those whose packets, or lines, come, where only they are asked for. */
  census: HostCensus | null = null;
  protected readonly clock: Clock;
  protected bigEndian = false;

  constructor(clock: Clock) {
    super();
    this.clock = clock;
  }

  /** Fills `frame` (all but its number) with the next one; false where more bytes are needed, or none will help. */
  abstract next(frame: Frame): boolean;

  /**
   * What the capture says of the packet that `next` gave last, until `next` is called again; null where that is no packet.
   */
  original(): OriginalPacket | null {
    return null;
  }

  /** Says that no more bytes will come: what is left over is a record cut short. */
  finish(): void {
    if (this.damage === null && this.unread > 0) {
      this.stop('the file ends in the middle of a record', this.offset);
    }
  }

  protected addLinkType(linkType: number): void {
    if (this.knownLinkTypes.has(linkType)) return;
    this.knownLinkTypes.add(linkType);
    this.linkTypes.push(linkType);
  }

  /** Always returns false, so that `next` can end with it. */
  protected stop(text: string, offset = this.offset): false {
    this.damage = { offset, text };
    return false;
  }

  protected uint16(position: number): number {
    const bytes = this.bytes;
    return this.bigEndian
      ? (bytes[position]! << 8) | bytes[position + 1]!
      : bytes[position]! | (bytes[position + 1]! << 8);
  }

  protected uint32(position: number): number {
    const bytes = this.bytes;
    const a = bytes[position]!;
    const b = bytes[position + 1]!;
    const c = bytes[position + 2]!;
    const d = bytes[position + 3]!;
    return this.bigEndian ? ((a << 24) | (b << 16) | (c << 8) | d) >>> 0 : (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
  }
}
