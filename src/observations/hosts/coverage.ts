import type { LostBetween } from '../../capture/hosts.js';
import { sequenceDistance } from '../../network/sequence.js';

/** Nanoseconds: bytes seen again sooner than this were captured twice, as `-i any` does, not sent twice. */
const CAPTURED_TWICE = 1e6;
/** Farther than this from what was seen before they are not of this stream. */
const FAR = 2 ** 30;
/** Nanoseconds: what was sent so shortly before a capture ended may have come after it. */
const WAY = 1e9;

/** Bytes from `start` to before `end`, as positions from the stream's origin. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** Bytes that were sent again. */
export interface Copy extends Range {
  readonly time: number;
}

/** What one point of capture saw of one direction of a connection: which bytes, and which of them more than once. */
export class Coverage {
  /** Bytes that were seen, in order, none of which touch. */
  readonly ranges: Range[] = [];
  readonly copies: Copy[] = [];
  /** Position up to which the receiver has acknowledged, as far as this point saw; -Infinity before anything was. */
  acked = -Infinity;
  /** Time of the latest segment with payload; -Infinity before the first. */
  lastTime = -Infinity;

  /** @param origin sequence number of position 0 */
  constructor(readonly origin: number) {}

  /** Entries that are kept. */
  get size(): number {
    return this.ranges.length + this.copies.length;
  }

  /** Position behind the last byte that was seen. */
  get end(): number {
    return this.ranges.at(-1)?.end ?? 0;
  }

  /** Whether both saw some of the same bytes. */
  meets(other: Coverage): boolean {
    const shift = this.shiftOf(other);
    const [first, theirs] = [this.ranges[0], other.ranges[0]];
    if (first === undefined || theirs === undefined) return false;
    return theirs.start + shift < this.end && other.end + shift > first.start;
  }

  /** Where position 0 of `other` lies among these. */
  shiftOf(other: Coverage): number {
    return sequenceDistance(this.origin, other.origin);
  }

  /** Notes a segment with payload: `length` bytes from sequence number `sequence` on. */
  add(sequence: number, length: number, time: number): void {
    const { end } = this;
    const start = this.position(sequence);
    if (Math.abs(start - end) > FAR) return;
    const again = time - this.lastTime >= CAPTURED_TWICE;
    // A keep-alive probe brings nothing.
    if (length <= 1 && start === end - 1) return;
    this.lastTime = time;
    const last = this.ranges.at(-1);
    if (last === undefined || start > last.end) this.ranges.push({ start, end: start + length });
    else if (start === last.end) this.ranges[this.ranges.length - 1] = { start: last.start, end: start + length };
    else this.overlap(start, start + length, again ? time : null);
  }

  acknowledge(sequence: number): void {
    const position = this.position(sequence);
    if (position > this.acked && Math.abs(position - this.end) < FAR) this.acked = position;
  }

  /** Position of a sequence number: near the end of what was seen. */
  private position(sequence: number): number {
    const { end } = this;
    return end + sequenceDistance((this.origin + end) >>> 0, sequence);
  }

  /** Takes bytes some of which may have been seen: those are copies, unless `time` is null. */
  private overlap(start: number, end: number, time: number | null): void {
    let at = this.ranges.length;
    while (at > 0 && this.ranges[at - 1]!.end >= start) at--;
    let merged: Range = { start, end };
    let count = 0;
    for (let i = at; i < this.ranges.length && this.ranges[i]!.start <= end; i++, count++) {
      const range = this.ranges[i]!;
      const copy = { start: Math.max(start, range.start), end: Math.min(end, range.end) };
      if (time !== null && copy.end > copy.start) this.copies.push({ ...copy, time });
      merged = { start: Math.min(merged.start, range.start), end: Math.max(merged.end, range.end) };
    }
    this.ranges.splice(at, count, merged);
  }
}

/** When a point of capture was awake: times of its first and latest packet. */
export interface Awake {
  readonly from: number;
  readonly until: number;
}

/** One direction as one point of capture saw it. */
export interface SeenStream {
  readonly stream: Coverage;
  readonly awake: Awake;
}

/**
 * Compares what both ends saw of one direction. What the receiver acknowledged reached it, whether
 * or not its capture has it; of what one point saw while the other was not awake nothing is known.
 * @param ahead nanoseconds to be added to times of the receiver’s point to make them times of the sender’s
 */
export function lostBetween(
  { stream: sent, awake: atSender }: SeenStream,
  { stream: arrived, awake: atReceiver }: SeenStream,
  ahead: number,
): LostBetween {
  const [from, until] = [atReceiver.from + ahead, atReceiver.until + ahead - WAY];
  const shift = sent.shiftOf(arrived);
  // A FIN counts like a byte.
  const acked = Math.min(Math.max(sent.acked, arrived.acked + shift), Math.max(sent.end, arrived.end + shift));
  const first = Math.max(sent.ranges[0]?.start ?? 0, (arrived.ranges[0]?.start ?? 0) + shift);
  // Bytes behind the last that came may be on their way still.
  const onTheWay = sent.lastTime > until;
  const last = Math.min(
    onTheWay ? Math.max(acked, arrived.end + shift) : Infinity,
    arrived.lastTime + ahead > atSender.until ? sent.end : Infinity,
  );
  const copies = sent.copies.filter(({ time }) => time >= from && time <= until);
  const changes: Change[] = [];
  for (const { start, end } of [...sent.ranges, ...copies]) changes.push(...changesOf(start, end, 1, 0));
  for (const { start, end } of [...arrived.ranges, ...arrived.copies])
    changes.push(...changesOf(start + shift, end + shift, 0, 1));
  for (const at of [first, last, acked]) if (Number.isFinite(at)) changes.push({ at, sent: 0, arrived: 0 });
  changes.sort((a, b) => a.at - b.at);
  const edges = new Set(copies.flatMap(({ start, end }) => [start, end]));
  const lost = { segments: 0, bytes: 0, notCaptured: 0 };
  let [there, here, before] = [0, 0, 0];
  for (const [i, change] of changes.entries()) {
    there += change.sent;
    here += change.arrived;
    const { at } = change;
    const length = (changes[i + 1]?.at ?? at) - at;
    if (length === 0) continue;
    const reached = Math.max(here, at < acked ? 1 : 0);
    const wanted = at >= first && at < last;
    const missing = wanted ? Math.max(0, there - reached) : 0;
    if (wanted) lost.notCaptured += length * (Math.max(0, reached - there) + (reached - here));
    lost.bytes += length * missing;
    lost.segments += edges.has(at) ? missing : Math.max(0, missing - before);
    before = missing;
  }
  return lost;
}

interface Change {
  readonly at: number;
  readonly sent: number;
  readonly arrived: number;
}

function changesOf(start: number, end: number, sent: number, arrived: number): Change[] {
  return [
    { at: start, sent, arrived },
    { at: end, sent: -sent, arrived: -arrived },
  ];
}
