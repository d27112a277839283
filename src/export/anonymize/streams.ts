/**
 * What was written stays at hand for retransmissions: so many bytes of a stream.
 * @bound bytes
 */
const HISTORY = 64 * 1024;
/**
 * What all streams have at hand, or wait to decide; beyond it a retransmission of what was sent long before becomes zeros.
 * @bound bytes
 */
const MOST_BYTES = 16 * 1024 * 1024;
/** What is left at hand of one whose connection has ended. */
const LEFT = 4096;
/** A longer gap is not held as zeros: what began before it is given up. */
const MOST_GAP = 1024 * 1024;
const NO_BYTES = Buffer.alloc(0);

/** A place in a frame that waits for bytes of a stream. */
export interface Waiting {
  /** Where the bytes go. */
  readonly out: Buffer;
  readonly at: number;
  readonly length: number;
  /** Stream position of the first byte, as far as it is known by now. */
  position(): number;
  /** The bytes are there. */
  filled(): void;
}

/** What many streams take together. Bounded: where it is too much, each keeps an equal share of half of it at hand. */
export class StreamBytes {
  private readonly sizes = new Map<RewrittenStream, number>();
  private bytes = 0;

  constructor(private readonly limit = MOST_BYTES) {}

  /** A stream has grown, or shrunk. */
  update(stream: RewrittenStream): void {
    this.bytes += stream.size - (this.sizes.get(stream) ?? 0);
    this.sizes.set(stream, stream.size);
    if (this.bytes <= this.limit) return;
    const share = Math.floor(this.limit / 2 / this.sizes.size);
    this.bytes = 0;
    for (const one of this.sizes.keys()) {
      one.shed(share);
      this.bytes += one.size;
      this.sizes.set(one, one.size);
    }
  }

  /** It is over, and does not grow any more. */
  remove(stream: RewrittenStream): void {
    this.bytes -= this.sizes.get(stream) ?? 0;
    this.sizes.delete(stream);
  }
}

/**
 * One direction of a connection, rewritten: what was understood is put in its place, all before it that was not becomes
 * zeros. Original bytes are held only until that is decided.
 */
export class RewrittenStream {
  /** Up to here it is decided what is written. */
  decided = 0;
  /** Position behind the last original byte. */
  seen = 0;
  /** No more bytes will be understood. */
  dead = false;
  /** Bytes that became zeros although something had been there. */
  zeroed = 0;
  private raw = NO_BYTES;
  /** Position of the first byte of `raw`. */
  private rawStart = 0;
  private done = NO_BYTES;
  private doneStart = 0;
  private waiting: Waiting[] = [];
  /** What was decided when those that wait were last looked at, and how many were left. */
  private servedTo = 0;
  private left = 0;
  /** Its connection has ended. */
  private over = false;

  constructor(private readonly all = new StreamBytes()) {}

  /** Bytes that it takes. */
  get size(): number {
    return this.raw.length + this.done.length;
  }

  /** Original bytes, in order; a gap before them reads as zeros. */
  append(bytes: Buffer, start: number, end: number, position: number): void {
    const skip = Math.max(0, this.seen - position);
    if (end - start <= skip) return;
    const from = position + skip;
    if (this.dead) {
      this.seen = from + (end - start - skip);
      this.zeroTo(this.seen);
      return;
    }
    this.dropDecided();
    if (from - this.seen > MOST_GAP) {
      this.zeroTo(from);
      this.raw = NO_BYTES;
      this.rawStart = this.seen = from;
    }
    const needed = from + (end - start - skip) - this.rawStart;
    if (needed > this.raw.length) {
      const grown = Buffer.alloc(Math.max(needed, 2 * (this.seen - this.rawStart), 256));
      this.raw.copy(grown, 0, 0, this.seen - this.rawStart);
      this.raw = grown;
      this.weigh();
    }
    this.raw.fill(0, this.seen - this.rawStart, from - this.rawStart);
    bytes.copy(this.raw, from - this.rawStart, start + skip, end);
    this.seen = from + (end - start - skip);
  }

  /** Original bytes from `position` on, as far as they are undecided and have come; valid until more come. */
  original(position: number, end = this.seen): Buffer {
    const from = Math.max(position, this.rawStart) - this.rawStart;
    return this.raw.subarray(from, Math.max(from, Math.min(end, this.seen) - this.rawStart));
  }

  /** Understood bytes at a position: what lies undecided before them becomes zeros; what is decided stays. */
  put(position: number, bytes: Buffer): void {
    if (position > this.decided) this.zeroTo(position);
    const skip = this.decided - position;
    if (skip >= bytes.length) return;
    const fresh = skip === 0 ? bytes : bytes.subarray(skip);
    const was = this.original(this.decided, this.decided + fresh.length);
    for (let i = 0; i < was.length; i++) if (fresh[i] === 0 && was[i] !== 0) this.zeroed++;
    this.write(fresh);
  }

  /** All that is undecided before a position becomes zeros. */
  zeroTo(position: number): void {
    const left = position - this.decided;
    if (left <= 0) return;
    this.zeroed += Math.max(0, Math.min(position, this.seen) - this.decided);
    if (left <= MOST_GAP) {
      this.write(Buffer.alloc(left));
      return;
    }
    // What is not at hand reads as zeros.
    this.serve();
    this.decided = position;
    this.keepFrom(position);
  }

  /** No more is understood of it: all that came, and all that will come, is zeros. */
  die(): void {
    this.dead = true;
    this.zeroTo(this.seen);
    this.serve();
    this.dropDecided();
    this.raw = NO_BYTES;
    this.weigh();
  }

  /** Its connection has ended: all that comes is what was sent again. */
  close(): void {
    this.die();
    this.keepFrom(this.decided - LEFT);
    this.over = true;
    this.all.remove(this);
  }

  /** Keeps no more at hand than so many bytes, apart from what is not decided yet and what a frame waits for. */
  shed(bytes: number): void {
    const undecided = this.seen - this.rawStart;
    if (this.raw.length > 2 * undecided) this.raw = Buffer.from(this.raw.subarray(0, undecided));
    let from = this.decided - bytes;
    for (const waiting of this.waiting) from = Math.min(from, waiting.position());
    this.keepFrom(from);
  }

  /** Fills a frame with the bytes of its place, at once or as soon as they are decided. */
  wait(waiting: Waiting): void {
    if (!this.fill(waiting)) this.waiting.push(waiting);
  }

  /** Fills what can be filled by now. */
  serve(): void {
    const { waiting } = this;
    // While nothing was decided nothing can be filled, and looking at thousands of places for each byte takes minutes; all
    // the same they are looked at now and then, since of a stream without a beginning places may come to be known later.
    if (waiting.length > 0 && (this.decided !== this.servedTo || this.dead || waiting.length >= 2 * this.left)) {
      this.servedTo = this.decided;
      this.waiting = waiting.filter((one) => !this.fill(one));
      this.left = this.waiting.length;
    }
    this.trim();
  }

  private fill(waiting: Waiting): boolean {
    const { out, at, length } = waiting;
    const position = waiting.position();
    const end = position + length;
    if (end > this.decided && !this.dead) return false;
    const from = Math.max(position, this.doneStart);
    const to = Math.min(end, this.decided);
    if (to > from) this.done.copy(out, at + from - position, from - this.doneStart, to - this.doneStart);
    waiting.filled();
    return true;
  }

  private write(bytes: Buffer): void {
    const have = this.decided - this.doneStart;
    if (have + bytes.length > this.done.length) {
      const grown = Buffer.alloc(Math.max(have + bytes.length, Math.min(2 * have, have + HISTORY), 256));
      this.done.copy(grown, 0, 0, have);
      this.done = grown;
      bytes.copy(this.done, have);
      this.decided += bytes.length;
      this.weigh();
      return;
    }
    bytes.copy(this.done, have);
    this.decided += bytes.length;
  }

  /** Forgets what no retransmission is likely to want; nothing while a frame waits. */
  private trim(): void {
    if (this.waiting.length > 0 || this.decided - this.doneStart <= 2 * HISTORY) return;
    this.keepFrom(this.decided - HISTORY);
    this.weigh();
  }

  private weigh(): void {
    if (!this.over) this.all.update(this);
  }

  private keepFrom(position: number): void {
    if (position <= this.doneStart) return;
    this.done = Buffer.from(this.done.subarray(position - this.doneStart, this.decided - this.doneStart));
    this.doneStart = position;
  }

  private dropDecided(): void {
    const upTo = Math.min(this.decided, this.seen);
    if (upTo === this.rawStart) return;
    if (upTo === this.seen) {
      this.rawStart = this.seen;
      return;
    }
    // Not for every message: half of it has to be done with.
    if (upTo - this.rawStart < (this.seen - this.rawStart) / 2) return;
    this.raw.copyWithin(0, upTo - this.rawStart, this.seen - this.rawStart);
    this.rawStart = upTo;
  }
}
