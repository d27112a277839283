import type { Segment } from './segment.js';

export interface TableEntry<T> {
  readonly hash: number;
  /** Addresses and ports of both ends: four words and a port each, the opener's first. */
  readonly words: Int32Array;
  sameHash: T | null;
}

/** Finds the connection of a segment, whichever of its two ends sent it. */
export class ConnectionTable<T extends TableEntry<T>> {
  private readonly byHash = new Map<number, T>();
  private latest: T | null = null;
  size = 0;

  /** The same for both directions. */
  hash(s: Segment): number {
    const source =
      Math.imul(s.source0 ^ Math.imul(s.source1, 31) ^ s.source2 ^ Math.imul(s.source3, 0x9e3779b1), 0x85ebca6b) ^
      Math.imul(s.sourcePort, 0xc2b2ae35);
    const destination =
      Math.imul(
        s.destination0 ^ Math.imul(s.destination1, 31) ^ s.destination2 ^ Math.imul(s.destination3, 0x9e3779b1),
        0x85ebca6b,
      ) ^ Math.imul(s.destinationPort, 0xc2b2ae35);
    const sum = (source + destination) | 0;
    // 30 bits: V8 keeps such a key without allocating.
    return (sum ^ (sum >>> 15)) & 0x3fffffff;
  }

  words(s: Segment): Int32Array {
    return Int32Array.of(
      s.source0,
      s.source1,
      s.source2,
      s.source3,
      s.sourcePort,
      s.destination0,
      s.destination1,
      s.destination2,
      s.destination3,
      s.destinationPort,
    );
  }

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

  /** Whether the segment was sent by the end that the entry's words name first. */
  isFromFirst(entry: T, s: Segment): boolean {
    const w = entry.words;
    return (
      s.sourcePort === w[4] &&
      s.source3 === w[3] &&
      s.source0 === w[0] &&
      s.source1 === w[1] &&
      s.source2 === w[2] &&
      s.destinationPort === w[9] &&
      s.destination3 === w[8]
    );
  }

  private matches(entry: T, s: Segment): boolean {
    const w = entry.words;
    if (s.sourcePort === w[4] && s.destinationPort === w[9]) {
      if (
        s.source3 === w[3] &&
        s.destination3 === w[8] &&
        s.source0 === w[0] &&
        s.source1 === w[1] &&
        s.source2 === w[2] &&
        s.destination0 === w[5] &&
        s.destination1 === w[6] &&
        s.destination2 === w[7]
      )
        return true;
    }
    return (
      s.sourcePort === w[9] &&
      s.destinationPort === w[4] &&
      s.source3 === w[8] &&
      s.destination3 === w[3] &&
      s.source0 === w[5] &&
      s.source1 === w[6] &&
      s.source2 === w[7] &&
      s.destination0 === w[0] &&
      s.destination1 === w[1] &&
      s.destination2 === w[2]
    );
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
