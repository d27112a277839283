import { uint16 } from './bytes.js';
import type { Packet } from './packet.js';
import type { ProblemKind } from './problems.js';
import { isTunnelPort } from './tunnels.js';

export interface FragmentOptions {
  /** Bytes that may be held for datagrams in pieces, all together. */
  readonly maxBytes?: number;
  /** Seconds of capture time after which missing pieces are no longer waited for (RFC 791 and Linux: 15 to 30). */
  readonly maxAge?: number;
}

/** A datagram is at most this long; offsets count blocks of eight bytes. */
const MAX_LENGTH = 65535;
const BLOCK = 8;
const UDP = 17;
const CARRIERS = new Set([0, 4, 6, UDP, 41, 43, 44, 47, 51, 60, 135, 139, 140]);
/** What a datagram costs beside its bytes: object, map entry, block list. */
const OVERHEAD = 512;

/** A datagram of which at least one fragment was seen. It stays for a while when complete, to know repetitions. */
class Datagram {
  /** What was seen lies where it belongs; what lies between was never written and is never handed on. */
  bytes = Buffer.allocUnsafeSlow(2048);
  /** Bit map of the blocks that were seen. */
  readonly blocks = new Uint8Array((MAX_LENGTH >> 6) + 1);
  blocksSeen = 0;
  /** Length of the whole; -1 until the last fragment was seen. */
  length = -1;
  /** Highest end of any fragment. */
  highest = 0;
  /** Bytes from here on were on the wire but cut from the capture. */
  cutAt = MAX_LENGTH;
  protocol: number;
  complete = false;
  /** Frames that brought something. */
  readonly frames: number[] = [];
  /** Neighbours in order of first fragment. */
  older: Datagram | null = null;
  newer: Datagram | null = null;

  constructor(
    readonly key: string,
    protocol: number,
    readonly time: number,
    readonly frame: number,
  ) {
    this.protocol = protocol;
  }

  get cost(): number {
    return this.bytes.length + this.blocks.length + OVERHEAD;
  }

  grow(length: number): void {
    if (length <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.min(Math.max(length, this.bytes.length * 2), MAX_LENGTH + BLOCK));
    this.bytes.copy(grown);
    this.bytes = grown;
  }
}

/** What `add` answers while fragments are missing. */
export const NOT_WHOLE = -1;

/**
 * Puts IP fragments together, in whatever order they come. Of overlapping fragments the first seen counts. A complete
 * datagram is remembered for as long as it would have been waited for, so that the doubled packets of an `any` capture
 * do not begin it again. Memory and age are bounded; what is forgotten incomplete is counted as lost.
 */
export class Fragments {
  private readonly datagrams = new Map<string, Datagram>();
  // In order of first fragment. (The map knows that order as well, but is slow to find its first after deletions.)
  private oldest: Datagram | null = null;
  private newest: Datagram | null = null;
  private readonly maxBytes: number;
  private readonly maxAge: number;
  private bytes = 0;

  constructor(options: FragmentOptions = {}) {
    this.maxBytes = options.maxBytes ?? 4 * 1024 * 1024;
    this.maxAge = (options.maxAge ?? 30) * 1e9;
  }

  /**
   * Takes the fragment that is the packet's current layer. Once its datagram is whole, the packet is set to the whole
   * payload, and the result is the protocol of its first fragment; until then NOT_WHOLE.
   */
  add(packet: Packet, id: number, protocol: number, position: number, more: boolean): number {
    packet.counts.fragments++;
    const length = packet.wireEnd - packet.offset;
    if (length <= 0 || (more && length % BLOCK !== 0)) {
      packet.problem('IP fragment empty or not a multiple of 8 bytes');
      return NOT_WHOLE;
    }
    if (position + length > MAX_LENGTH) {
      packet.problem('IP fragments beyond 65535 bytes or of contradictory length');
      return NOT_WHOLE;
    }
    if (!mayCarryTcp(protocol)) {
      packet.counts.notTcp++;
      return NOT_WHOLE;
    }
    this.forgetOld(packet);
    const key = keyOf(packet, id, protocol);
    let datagram = this.datagrams.get(key);
    if (datagram?.complete && repeats(datagram, packet, position, length, more)) {
      packet.counts.repeatedFragments++;
      return NOT_WHOLE;
    }
    if (!datagram || datagram.complete) {
      if (datagram) this.forget(datagram);
      datagram = this.begin(new Datagram(key, protocol, packet.time, packet.frame));
    }
    if (more ? datagram.length >= 0 && position + length > datagram.length : contradicts(datagram, position + length)) {
      packet.problem('IP fragments beyond 65535 bytes or of contradictory length');
      return NOT_WHOLE;
    }
    this.bytes -= datagram.cost;
    store(datagram, packet, position, length, more);
    this.bytes += datagram.cost;
    if (position === 0) datagram.protocol = protocol;
    this.makeRoom(packet, datagram);
    if (datagram.length < 0 || datagram.blocksSeen < Math.ceil(datagram.length / BLOCK)) return NOT_WHOLE;
    datagram.complete = true;
    if (!packet.descend()) return NOT_WHOLE;
    packet.counts.reassembled++;
    packet.segment.pieces = [...packet.segment.pieces, ...datagram.frames];
    packet.bytes = datagram.bytes;
    packet.offset = 0;
    packet.wireEnd = datagram.length;
    packet.end = Math.min(datagram.length, datagram.cutAt);
    return datagram.protocol;
  }

  /** Nothing more will come: what is incomplete is lost. */
  end(packet: Packet): void {
    while (this.oldest) this.lose(this.oldest, packet, 'IP datagram lost: fragments missing');
  }

  private forgetOld(packet: Packet): void {
    while (this.oldest && packet.time - this.oldest.time > this.maxAge) {
      this.lose(this.oldest, packet, 'IP datagram lost: fragments missing');
    }
  }

  private makeRoom(packet: Packet, keep: Datagram): void {
    while (this.bytes > this.maxBytes) {
      const victim = this.oldest === keep ? keep.newer : this.oldest;
      if (!victim) return;
      this.lose(victim, packet, 'IP datagram lost: too many fragments waiting');
    }
  }

  private lose(datagram: Datagram, packet: Packet, kind: ProblemKind): void {
    if (!datagram.complete && isOfInterest(datagram)) packet.problems.add(kind, datagram.frame);
    this.forget(datagram);
  }

  private begin(datagram: Datagram): Datagram {
    this.datagrams.set(datagram.key, datagram);
    this.bytes += datagram.cost;
    datagram.older = this.newest;
    if (this.newest) this.newest.newer = datagram;
    else this.oldest = datagram;
    this.newest = datagram;
    return datagram;
  }

  private forget(datagram: Datagram): void {
    this.datagrams.delete(datagram.key);
    this.bytes -= datagram.cost;
    if (datagram.older) datagram.older.newer = datagram.newer;
    else this.oldest = datagram.newer;
    if (datagram.newer) datagram.newer.older = datagram.older;
    else this.newest = datagram.older;
  }
}

/** TCP, UDP, IP in IP, GRE, and the headers of IPv6 and IPsec that may stand before them; not ICMP, ESP and the like. */
function mayCarryTcp(protocol: number): boolean {
  return CARRIERS.has(protocol);
}

/** Whether its loss matters: that of a UDP datagram which is known not to be a tunnel's does not. */
function isOfInterest(datagram: Datagram): boolean {
  const portKnown = datagram.protocol === UDP && (datagram.blocks[0]! & 1) !== 0 && datagram.cutAt >= 4;
  return !portKnown || isTunnelPort(uint16(datagram.bytes, 2));
}

/** RFC 791 and RFC 8200: fragments belong together by addresses and identification, in IPv4 by protocol as well. */
function keyOf(packet: Packet, id: number, protocol: number): string {
  const s = packet.segment;
  return s.family === 4
    ? `${s.source3},${s.destination3},${id},${protocol}`
    : `${s.source0},${s.source1},${s.source2},${s.source3},${s.destination0},${s.destination1},${s.destination2},${s.destination3},${id}`;
}

/** A last fragment that ends elsewhere than an earlier last one, or before bytes that were already there. */
function contradicts(datagram: Datagram, end: number): boolean {
  return datagram.length >= 0 ? datagram.length !== end : datagram.highest > end;
}

/** Whether a complete datagram holds exactly these bytes at this place. */
function repeats(datagram: Datagram, packet: Packet, position: number, length: number, more: boolean): boolean {
  const end = position + length;
  if (more ? end > datagram.length : end !== datagram.length) return false;
  const captured = Math.min(end, position + packet.end - packet.offset, datagram.cutAt);
  if (captured <= position) return true;
  return (
    packet.bytes.compare(datagram.bytes, position, captured, packet.offset, packet.offset + captured - position) === 0
  );
}

/** Keeps what is new of the fragment. */
function store(datagram: Datagram, packet: Packet, position: number, length: number, more: boolean): void {
  const end = position + length;
  const captured = Math.max(0, Math.min(packet.end - packet.offset, length));
  datagram.grow(position + captured);
  let fresh = 0;
  let runStart = -1;
  const copyRun = (from: number, to: number): void => {
    const capturedTo = Math.min(to, position + captured);
    const shift = packet.offset - position;
    if (from < capturedTo) packet.bytes.copy(datagram.bytes, from, from + shift, capturedTo + shift);
    if (capturedTo < to) datagram.cutAt = Math.min(datagram.cutAt, Math.max(from, capturedTo));
  };
  for (let at = position; at < end; at += BLOCK) {
    const byte = at >> 6;
    const bit = 1 << ((at >> 3) & 7);
    if ((datagram.blocks[byte]! & bit) === 0) {
      datagram.blocks[byte]! |= bit;
      fresh++;
      if (runStart < 0) runStart = at;
    } else if (runStart >= 0) {
      copyRun(runStart, at);
      runStart = -1;
    }
  }
  if (runStart >= 0) copyRun(runStart, end);
  datagram.blocksSeen += fresh;
  if (fresh > 0) datagram.frames.push(packet.frame);
  if (fresh === 0) packet.counts.repeatedFragments++;
  if (end > datagram.highest) datagram.highest = end;
  if (!more) datagram.length = end;
}
