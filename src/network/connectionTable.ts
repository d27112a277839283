import { seed } from './seed.js';
import type { Segment } from './segment.js';

const START = seed(0);
const FACTOR = seed(1) | 1;
const PORT_FACTOR = seed(2) | 1;

/** Key of a connection as small integers on the entry itself: looking one up touches one object. */
export class TableEntry {
  /** The next in the same place of the table. */
  samePlace: this | null = null;
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

/** Places in a new table, a power of two; there are at least twice as many as connections. */
const PLACES = 1024;

/** Finds the connection of a segment, whichever of its two ends sent it. */
export class ConnectionTable<T extends TableEntry> {
  /** By the last bits of the hash: the first of those that share them. A Map would be one more place to look at. */
  private places: (T | null)[] = new Array<T | null>(PLACES).fill(null);
  private mask = PLACES - 1;
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
    // 30 bits: V8 keeps such a number without allocating.
    return (sum ^ (sum >>> 15)) & 0x3fffffff;
  }

  /** The entry of a segment, null if there is none; `forward` then tells whether its first end sent it. */
  find(segment: Segment): T | null {
    const latest = this.latest;
    if (latest !== null && this.matches(latest, segment)) return latest;
    for (let entry: T | null = this.places[this.hash(segment) & this.mask]!; entry !== null; entry = entry.samePlace) {
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
    if (this.size * 2 >= this.places.length) this.grow();
    this.put(entry);
    this.latest = entry;
    this.size++;
  }

  private put(entry: T): void {
    const place = entry.hash & this.mask;
    entry.samePlace = this.places[place]!;
    this.places[place] = entry;
  }

  private grow(): void {
    const entries = [...this.all()];
    this.places = new Array<T | null>(this.places.length * 2).fill(null);
    this.mask = this.places.length - 1;
    for (const entry of entries) this.put(entry);
  }

  remove(entry: T): void {
    if (this.latest === entry) this.latest = null;
    const place = entry.hash & this.mask;
    let before: T | null = null;
    for (let at: T | null = this.places[place]!; at !== null; before = at, at = at.samePlace) {
      if (at !== entry) continue;
      if (before === null) this.places[place] = at.samePlace;
      else before.samePlace = at.samePlace;
      this.size--;
      return;
    }
  }

  /** In no order; those that are there when the iteration begins, less those that were removed before their turn. */
  *all(): Generator<T> {
    for (const first of [...this.places]) {
      let entry: T | null = first;
      while (entry !== null) {
        const next: T | null = entry.samePlace;
        yield entry;
        entry = next;
      }
    }
  }
}
