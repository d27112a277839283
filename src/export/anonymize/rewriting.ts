import { writeChecksum, type Checksum } from './checksums.js';

/**
 * What is being rewritten: a frame, or a datagram that is put together from fragments. All of it is zeros but for what was
 * understood.
 */
export class Rewriting {
  readonly checksums: Checksum[] = [];
  /** Frames that wait for it, beside the one that it is itself. */
  private readonly takers: (() => void)[] = [];
  private done = false;

  constructor(
    readonly out: Buffer,
    /** Offset in the original's bytes of what stands at 0 here. */
    readonly shift: number,
  ) {}

  /** Calls when all is written; at once where it is. */
  whenDone(taker: () => void): void {
    if (this.done) taker();
    else this.takers.push(taker);
  }

  /** Payload is there: checksums follow, the innermost first. */
  finish(): void {
    if (this.done) return;
    this.done = true;
    for (const checksum of this.checksums.reverse()) writeChecksum(this.out, checksum);
    for (const taker of this.takers.splice(0)) taker();
  }
}
