import type { Frame } from '../capture/frame.js';
import type { Header, ProblemKind } from './problems.js';
import { Problems } from './problems.js';
import { Segment, WHOLE } from './segment.js';
import { steadyShape } from '../capture/steadyShape.js';

/** What the bytes from `offset` on are. A layer's function moves `offset` behind its header and returns the next. */
export const NOTHING = 0;
export const ETHERNET = 1;
export const IPV4 = 2;
export const IPV6 = 3;
export const UDP = 4;
export const GRE = 5;
export const TCP = 6;
export type Layer = typeof NOTHING | typeof ETHERNET | typeof IPV4 | typeof IPV6 | typeof UDP | typeof GRE | typeof TCP;

/** What was in the frames, apart from problems. */
export class PacketCounts {
  frames = 0;
  /** TCP segments handed on. */
  segments = 0;
  /** Frames with something that is not IP (ARP, LLC, …), and IP packets with something that is not TCP. */
  notIp = 0;
  notTcp = 0;
  /** IP fragments, those of them that brought nothing new, and datagrams that were complete in the end. */
  fragments = 0;
  repeatedFragments = 0;
  reassembled = 0;
}

/**
 * IP headers and reassembled fragments within one another in one frame: a real capture has two, at most three.
 * @bound headers
 */
const MAX_DEPTH = 8;

const NO_BYTES = Buffer.alloc(0);

/** The packet that is being taken apart, layer by layer: one object, reused for every frame. */
export class Packet {
  frame = 0;
  time = 0;
  bytes: Buffer = NO_BYTES;
  /** First byte of the current layer. */
  offset = 0;
  /** End of the current layer's captured bytes. */
  end = 0;
  /** Where the current layer ended on the wire: beyond `end` where the snap length cut it. */
  wireEnd = 0;
  private depth = 0;
  readonly segment = new Segment();
  readonly problems = new Problems();
  readonly counts = new PacketCounts();

  take(frame: Frame): void {
    this.depth = 0;
    this.segment.pieces = WHOLE;
    this.frame = frame.number;
    this.time = frame.time;
    this.bytes = frame.bytes;
    this.offset = frame.start;
    this.end = frame.end;
    const wireEnd = frame.start + frame.originalLength;
    this.wireEnd = wireEnd < frame.end ? frame.end : wireEnd;
  }

  /** Ends the current layer where its own length field says; the bytes behind are padding or a trailer. */
  limit(wireEnd: number): void {
    // Longer than the frame was: a tool sliced it and did not say so. To us the same as a snap length.
    if (wireEnd > this.wireEnd) this.problem('IP length beyond the end of the frame');
    this.wireEnd = wireEnd;
    if (this.end > wireEnd) this.end = wireEnd;
  }

  /** Whether there may be one more packet within the packet; if not, that is counted. */
  descend(): boolean {
    if (++this.depth <= MAX_DEPTH) return true;
    this.problem('tunnels nested too deeply');
    return false;
  }

  problem(kind: ProblemKind): typeof NOTHING {
    this.problems.add(kind, this.frame);
    return NOTHING;
  }

  /** Fewer than `length` bytes are left where a header must be: either the capture cut it or the packet is malformed. */
  short(header: Header, length: number): typeof NOTHING {
    const cut = this.offset + length <= this.wireEnd;
    return this.problem(`${header} header ${cut ? 'cut by the snap length' : 'incomplete'}`);
  }
}

steadyShape(new Packet(), 'time');
