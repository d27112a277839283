import type { ZooKeeperRequest } from './message.js';

/**
 * Requests of one connection that wait for their answer. Matched by what was asked: by xid, and where several requests
 * have the same (reserved) xid, oldest first. Bounded: beyond `limit` the oldest is forgotten, and counted.
 */
export class OutstandingRequests {
  /** In order of sending; requests with the same xid hang on the first of them. */
  private readonly byXid = new Map<number, Waiting>();
  size = 0;
  forgotten = 0;

  constructor(private readonly limit = 65_536) {}

  add(request: ZooKeeperRequest): void {
    const waiting: Waiting = { request, next: null };
    const first = this.byXid.get(request.xid);
    if (first === undefined) this.byXid.set(request.xid, waiting);
    else {
      // A reserved xid has one or two of them at a time; a forged queue stays short because of the limit below.
      (first.last ?? first).next = waiting;
      first.last = waiting;
    }
    if (++this.size > this.limit) {
      const oldest = this.byXid.keys().next();
      if (oldest.done !== true) this.take(oldest.value);
      this.forgotten++;
    }
  }

  has(xid: number): boolean {
    return this.byXid.has(xid);
  }

  /** The oldest request with this xid, without taking it out; null if none is known. */
  peek(xid: number): ZooKeeperRequest | null {
    return this.byXid.get(xid)?.request ?? null;
  }

  /** Whether more than one request with this xid is outstanding. */
  several(xid: number): boolean {
    return (this.byXid.get(xid)?.next ?? null) !== null;
  }

  /** Takes out the oldest request with this xid. */
  take(xid: number): ZooKeeperRequest | null {
    const first = this.byXid.get(xid);
    if (first === undefined) return null;
    this.size--;
    const next = first.next;
    if (next === null) this.byXid.delete(xid);
    else {
      next.last = first.last === next ? undefined : first.last;
      this.byXid.set(xid, next);
    }
    return first.request;
  }

  /** Takes out all requests with this xid, which have become ambiguous; gives the newest if all asked for the same. */
  takeAll(xid: number): ZooKeeperRequest | null {
    let newest = this.take(xid);
    let same = true;
    for (let next = this.take(xid); next !== null; next = this.take(xid)) {
      if (next.opcode !== newest?.opcode) same = false;
      newest = next;
    }
    return same ? newest : null;
  }

  *[Symbol.iterator](): Generator<ZooKeeperRequest> {
    for (const first of this.byXid.values()) {
      for (let waiting: Waiting | null = first; waiting !== null; waiting = waiting.next) yield waiting.request;
    }
  }
}

interface Waiting {
  readonly request: ZooKeeperRequest;
  next: Waiting | null;
  /** On the first of a queue: its last, so that adding does not walk. */
  last?: Waiting | undefined;
}
