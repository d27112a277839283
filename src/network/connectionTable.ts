import { seed } from './seed.js';
import type { Segment } from './segment.js';

const START = seed(0);
const FACTOR = seed(1) | 1;
const PORT_FACTOR = seed(2) | 1;

/** Key of a connection as small integers on the entry itself: looking one up touches one object. */
export class TableEntry {
  sameHash: this | null = null;
  /** Addresses (four words) and ports of both ends, the sender of the first segment first. */
  private readonly a0: number;
  private readonly a1: number;
  private readonly a2: number;
  private readonly a3: number;
  private readonly aPort: number;
  private readonly b0: number;
  private readonly b1: number;
  private readonly b2: number;
  private readonly b3: number;
  private readonly bPort: number;

  constructor(
    readonly hash: number,
    s: Segment,
  ) {
    this.a0 = s.source0;
    this.a1 = s.source1;
    this.a2 = s.source2;
    this.a3 = s.source3;
    this.aPort = s.sourcePort;
    this.b0 = s.destination0;
    this.b1 = s.destination1;
    this.b2 = s.destination2;
    this.b3 = s.destination3;
    this.bPort = s.destinationPort;
  }

  /** Whether a segment goes from the first end to the second. */
  isForward(s: Segment): boolean {
    return (
      s.sourcePort === this.aPort &&
      s.destinationPort === this.bPort &&
      s.source3 === this.a3 &&
      s.destination3 === this.b3 &&
      s.source0 === this.a0 &&
      s.source1 === this.a1 &&
      s.source2 === this.a2 &&
      s.destination0 === this.b0 &&
      s.destination1 === this.b1 &&
      s.destination2 === this.b2
    );
  }

  /** Whether a segment goes from the second end to the first. */
  isBackward(s: Segment): boolean {
    return (
      s.sourcePort === this.bPort &&
      s.destinationPort === this.aPort &&
      s.source3 === this.b3 &&
      s.destination3 === this.a3 &&
      s.source0 === this.b0 &&
      s.source1 === this.b1 &&
      s.source2 === this.b2 &&
      s.destination0 === this.a0 &&
      s.destination1 === this.a1 &&
      s.destination2 === this.a2
    );
  }
}

/** All bits of both decide on all bits: with a factor that is drawn for each run nobody can make addresses collide. */
function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, FACTOR);
  return Math.imul(product ^ (product >>> 15), FACTOR);
}

/** Finds the connection of a segment, whichever of its two ends sent it. */
export class ConnectionTable<T extends TableEntry> {
  private readonly byHash = new Map<number, T>();
  private latest: T | null = null;
  size = 0;
  /** Direction of the segment that was found last. */
  forward = true;

  /** The same for both directions. */
  hash(s: Segment): number {
    let source = START;
    let destination = START;
    if (s.family !== 4) {
      source = mix(mix(mix(source, s.source0), s.source1), s.source2);
      destination = mix(mix(mix(destination, s.destination0), s.destination1), s.destination2);
    }
    source = mix(source, s.source3) ^ Math.imul(s.sourcePort, PORT_FACTOR);
    destination = mix(destination, s.destination3) ^ Math.imul(s.destinationPort, PORT_FACTOR);
    const sum = (mix(source, 0) + mix(destination, 0)) | 0;
    // 30 bits: V8 keeps such a key without allocating.
    return (sum ^ (sum >>> 15)) & 0x3fffffff;
  }

  /** The entry of a segment, null if there is none; `forward` then tells whether its first end sent it. */
  find(segment: Segment): T | null {
    const latest = this.latest;
    if (latest !== null && this.matches(latest, segment)) return latest;
    for (let entry = this.byHash.get(this.hash(segment)) ?? null; entry !== null; entry = entry.sameHash) {
      if (this.matches(entry, segment)) {
        this.latest = entry;
        return entry;
      }
    }
    return null;
  }

  private matches(entry: T, segment: Segment): boolean {
    this.forward = entry.isForward(segment);
    return this.forward || entry.isBackward(segment);
  }

  add(entry: T): void {
    entry.sameHash = this.byHash.get(entry.hash) ?? null;
    this.byHash.set(entry.hash, entry);
    this.latest = entry;
    this.size++;
  }

  remove(entry: T): void {
    if (this.latest === entry) this.latest = null;
    let before: T | null = null;
    for (let at = this.byHash.get(entry.hash) ?? null; at !== null; before = at, at = at.sameHash) {
      if (at !== entry) continue;
      if (before !== null) before.sameHash = at.sameHash;
      else if (at.sameHash !== null) this.byHash.set(entry.hash, at.sameHash);
      else this.byHash.delete(entry.hash);
      this.size--;
      return;
    }
  }

  *all(): Generator<T> {
    for (const first of [...this.byHash.values()]) {
      for (let entry: T | null = first; entry !== null;) {
        const next: T | null = entry.sameHash;
        yield entry;
        entry = next;
      }
    }
  }
}
