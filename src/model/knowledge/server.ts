/** A stretch of time in which a server sent nothing on any of its ZooKeeper connections. Nanoseconds, frames. */
export interface Silence {
  readonly from: number;
  readonly fromFrame: number;
  readonly to: number;
  readonly toFrame: number;
}

/**
 * Silences of one server, the longest.
 * @bound silences
 */
const KEPT = 64;
const WORTH_KEEPING = 500e6;
/** Numbers that one silence is kept as: from, fromFrame, to, toFrame. */
const FIELDS = 4;
const NOTHING = new Float64Array(0);

/** One ZooKeeper server, that is one address and port. */
export class Server {
  connections = 0;
  openConnections = 0;
  /** Handshakes that it answered with a session. */
  handshakes = 0;
  sessions = 0;
  requests = 0;
  /** Of those, what was no ping. */
  work = 0;
  responses = 0;
  lastTime = -1;
  lastFrame = 0;
  /** Highest zxid that it has shown, -1 while none. */
  zxid = -1;
  private kept = NOTHING;
  private count = 0;
  /** None that is kept is shorter (nanoseconds): nearly all that come later are. */
  private shortest = 0;

  constructor(readonly address: string) {}

  /** The longest silences of half a second and more, in order of time; bounded. */
  get silences(): readonly Silence[] {
    return Array.from({ length: this.count }, (_, i) => {
      const [from, fromFrame, to, toFrame] = this.kept.subarray(i * FIELDS) as unknown as [
        number,
        number,
        number,
        number,
      ];
      return { from, fromFrame, to, toFrame };
    });
  }

  /** Something of ZooKeeper came from the server. */
  heard(time: number, frame: number): void {
    if (this.lastTime >= 0 && time - this.lastTime >= WORTH_KEEPING) this.silent(time, frame);
    this.lastTime = time;
    this.lastFrame = frame;
  }

  private silent(to: number, toFrame: number): void {
    const length = to - this.lastTime;
    if (this.count === KEPT && (length <= this.shortest || !this.forgetShortest(length))) return;
    const at = this.count++ * FIELDS;
    if (at === this.kept.length) {
      const more = new Float64Array(Math.max(4 * FIELDS, 2 * at));
      more.set(this.kept);
      this.kept = more;
    }
    this.kept.set([this.lastTime, this.lastFrame, to, toFrame], at);
  }

  /** @returns whether there is room now: a silence shorter than all that are kept gets none */
  private forgetShortest(length: number): boolean {
    let shortest = -1;
    this.shortest = Infinity;
    for (let i = 0; i < this.count; i++) {
      const own = this.kept[i * FIELDS + 2]! - this.kept[i * FIELDS]!;
      if (own >= this.shortest) continue;
      this.shortest = own;
      shortest = i;
    }
    if (this.shortest >= length) return false;
    this.kept.copyWithin(shortest * FIELDS, (shortest + 1) * FIELDS, this.count-- * FIELDS);
    return true;
  }
}
