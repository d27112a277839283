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
  /** The longest silences of half a second and more, in order of time; bounded. */
  readonly silences: Silence[] = [];

  constructor(readonly address: string) {}

  /** Something of ZooKeeper came from the server. */
  heard(time: number, frame: number): void {
    if (this.lastTime >= 0 && time - this.lastTime >= WORTH_KEEPING) {
      this.silences.push({ from: this.lastTime, fromFrame: this.lastFrame, to: time, toFrame: frame });
      if (this.silences.length > KEPT) this.forgetShortest();
    }
    this.lastTime = time;
    this.lastFrame = frame;
  }

  private forgetShortest(): void {
    let shortest = 0;
    for (let i = 1; i < this.silences.length; i++) {
      const a = this.silences[i]!;
      const b = this.silences[shortest]!;
      if (a.to - a.from < b.to - b.from) shortest = i;
    }
    this.silences.splice(shortest, 1);
  }
}
