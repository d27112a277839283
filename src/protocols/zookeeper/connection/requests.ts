import { numberKey } from '../../../network/seed.js';
import type { ZooKeeperRequest } from '../message.js';
import { heavyBytes, RequestBudget } from './requestBudget.js';
import type { WaitingRequests } from './waitingRequests.js';
import { steadyShape } from '../../../capture/steadyShape.js';

/** Up to this many are searched one by one: nearly always it is the oldest that is answered. */
const FEW = 32;
/**
 * Requests of one connection that wait for their answer.
 * @bound requests
 */
const MAX_WAITING = 65_536;
const NONE: ZooKeeperRequest[] = [];

/**
 * Requests of one connection that wait for their answer. Matched by what was asked: by xid, and where several requests
 * have the same (reserved) xid, oldest first. Those that may have been answered in lost bytes are still matched, but wait no
 * more (see `doubt`). Bounded: beyond `limit` the oldest is forgotten, and counted.
 */
export class OutstandingRequests implements WaitingRequests {
  /** The oldest of few: mostly the only one, and then all that a message has to touch. */
  private sole: ZooKeeperRequest | null = null;
  /** Those behind it, in the order of sending. */
  private rest: ZooKeeperRequest[] = NONE;
  /** All of them instead, once they were many, until none is left. */
  private many: RequestsByXid | null = null;
  forgotten = 0;
  /** The connect request, which has no xid, while it waits. */
  connecting: ZooKeeperRequest | null = null;
  /** End of the latest request in its stream, and of the latest whose answer may have been lost. */
  private sentTo = -1;
  private doubtfulTo = -1;
  private doubtful = 0;
  /** Of the budget's heavy bytes, its own. */
  private heavy = 0;

  /** @param budget of all connections together */
  constructor(
    private readonly limit = MAX_WAITING,
    private readonly budget = new RequestBudget(),
  ) {}

  get size(): number {
    return this.kept - this.doubtful + (this.connecting === null ? 0 : 1);
  }

  get oldest(): ZooKeeperRequest | null {
    if (this.connecting !== null) return this.connecting;
    if (this.many === null) return this.few(this.doubtful);
    if (this.doubtful === 0) return this.many.oldest();
    for (const request of this) return request;
    return null;
  }

  *[Symbol.iterator](): Generator<ZooKeeperRequest> {
    if (this.connecting !== null) yield this.connecting;
    const all = this.many === null ? this.allOfFew() : this.many.all();
    for (const request of all) if (request.streamEnd > this.doubtfulTo) yield request;
  }

  /** Answers are lost: whether what was sent until now waits is unknown. */
  doubt(): void {
    this.connecting = null;
    this.doubtfulTo = this.sentTo;
    this.doubtful = this.kept;
  }

  private get kept(): number {
    if (this.many !== null) return this.many.size;
    return this.sole === null ? 0 : 1 + this.rest.length;
  }

  private few(at: number): ZooKeeperRequest | null {
    return at === 0 ? this.sole : (this.rest[at - 1] ?? null);
  }

  private allOfFew(): readonly ZooKeeperRequest[] {
    return this.sole === null ? NONE : [this.sole, ...this.rest];
  }

  add(request: ZooKeeperRequest): void {
    this.sentTo = request.streamEnd;
    const heavy = heavyBytes(request);
    if (heavy > 0) {
      this.heavy += heavy;
      this.budget.heavy += heavy;
    }
    if (this.many === null) {
      if (this.sole === null) {
        this.sole = request;
        if (heavy > 0 && this.budget.isOver) this.forgetFirst();
        return;
      }
      if (this.rest === NONE) this.rest = [];
      this.rest.push(request);
      this.budget.used++;
      if (this.budget.isOver) this.forgetFirst();
      if (this.rest.length < FEW) return;
      this.many = new RequestsByXid();
      for (const one of this.allOfFew()) this.many.add(one);
      this.budget.used++;
      this.sole = null;
      this.rest = NONE;
    } else {
      this.many.add(request);
      this.budget.used++;
    }
    const limit = this.budget.limit(this.limit);
    if (this.many.size <= limit) return;
    const before = this.many.size;
    this.many.dropOldest(limit - (limit >>> 3), (gone) => {
      this.lighten(gone);
      this.gone(gone);
    });
    const dropped = before - this.many.size;
    this.budget.used -= dropped;
    this.forgotten += dropped;
  }

  /** The connection has ended: what waits now waits for ever, and counts no more. */
  end(): void {
    this.budget.used -= this.many !== null ? this.many.size : this.rest.length;
    this.budget.heavy -= this.heavy;
    this.heavy = 0;
  }

  /** Of few, the oldest is no longer waited for. */
  private forgetFirst(): void {
    const first = this.takeFew(0);
    this.lighten(first);
    this.gone(first);
    this.forgotten++;
  }

  /** A request goes, and with it what it kept. */
  private lighten(request: ZooKeeperRequest | null): void {
    if (this.heavy === 0 || request === null) return;
    const heavy = heavyBytes(request);
    this.heavy -= heavy;
    this.budget.heavy -= heavy;
  }

  private gone(request: ZooKeeperRequest | null): void {
    if (request !== null && request.streamEnd <= this.doubtfulTo) this.doubtful--;
  }

  has(xid: number): boolean {
    return this.peek(xid) !== null;
  }

  /** The oldest request with this xid, without taking it out; null if none is known. */
  peek(xid: number): ZooKeeperRequest | null {
    if (this.many !== null) return this.many.peek(xid);
    if (this.sole === null || this.sole.xid === xid) return this.sole;
    for (const request of this.rest) if (request.xid === xid) return request;
    return null;
  }

  /** Whether more than one request with this xid is outstanding. */
  several(xid: number): boolean {
    if (this.many !== null) return this.many.several(xid);
    let found = 0;
    for (const request of this.allOfFew()) if (request.xid === xid) found++;
    return found > 1;
  }

  /** Takes out the oldest request with this xid. */
  take(xid: number): ZooKeeperRequest | null {
    const request = this.takeOut(xid);
    if (this.heavy > 0) this.lighten(request);
    if (this.doubtful > 0) this.gone(request);
    return request;
  }

  /** Takes out the one of that frame and operation; null if it is not known. */
  takeThat(xid: number, frame: number, op: string | null): ZooKeeperRequest | null {
    const that = (request: ZooKeeperRequest): boolean => request.frame === frame && request.op === op;
    let request: ZooKeeperRequest | null = null;
    if (this.many !== null) {
      request = this.many.takeOne(xid, that);
      if (request !== null) this.budget.used--;
      if (this.many.size === 0) this.many = null;
    } else {
      const at = this.allOfFew().findIndex((one) => one.xid === xid && that(one));
      if (at >= 0) request = this.takeFew(at);
    }
    this.lighten(request);
    this.gone(request);
    return request;
  }

  private takeOut(xid: number): ZooKeeperRequest | null {
    const { many } = this;
    if (many !== null) {
      const request = many.take(xid);
      if (request !== null) this.budget.used--;
      if (many.size === 0) this.many = null;
      return request;
    }
    if (this.sole === null) return null;
    if (this.sole.xid === xid) return this.takeFew(0);
    const { rest } = this;
    for (let at = 0; at < rest.length; at++) if (rest[at]!.xid === xid) return this.takeFew(at + 1);
    return null;
  }

  private takeFew(at: number): ZooKeeperRequest | null {
    const { rest } = this;
    if (rest.length > 0) this.budget.used--;
    if (at > 0) return rest.splice(at - 1, 1)[0] ?? null;
    const taken = this.sole;
    this.sole = rest.length === 0 ? null : (rest.shift() ?? null);
    return taken;
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

  /** The one that was sent first, however doubtful; null if there is none. */
  first(): ZooKeeperRequest | null {
    return this.many === null ? this.sole : this.many.oldest();
  }
}

interface Waiting {
  readonly request: ZooKeeperRequest;
  next: Waiting | null;
  /** On the first of a queue: its last, so that adding does not walk. */
  last?: Waiting | undefined;
}

/** Many requests, found in constant time. */
class RequestsByXid {
  /** In order of sending; requests with the same xid hang on the first of them. By `numberKey` of the xid. */
  private readonly byXid = new Map<number, Waiting>();
  size = 0;

  add(request: ZooKeeperRequest): void {
    const waiting: Waiting = { request, next: null };
    const key = numberKey(request.xid);
    const first = this.byXid.get(key);
    if (first === undefined) this.byXid.set(key, waiting);
    else {
      (first.last ?? first).next = waiting;
      first.last = waiting;
    }
    this.size++;
  }

  peek(xid: number): ZooKeeperRequest | null {
    return this.byXid.get(numberKey(xid))?.request ?? null;
  }

  several(xid: number): boolean {
    return (this.byXid.get(numberKey(xid))?.next ?? null) !== null;
  }

  take(xid: number): ZooKeeperRequest | null {
    return this.takeKey(numberKey(xid));
  }

  private takeKey(key: number): ZooKeeperRequest | null {
    const first = this.byXid.get(key);
    if (first === undefined) return null;
    this.size--;
    const next = first.next;
    if (next === null) this.byXid.delete(key);
    else {
      next.last = first.last === next ? undefined : first.last;
      this.byXid.set(key, next);
    }
    return first.request;
  }

  /** The first with this xid for which `that` holds. */
  takeOne(xid: number, that: (request: ZooKeeperRequest) => boolean): ZooKeeperRequest | null {
    const first = this.byXid.get(numberKey(xid));
    if (first === undefined || that(first.request)) return this.take(xid);
    for (let before = first, one = first.next; one !== null; before = one, one = one.next) {
      if (!that(one.request)) continue;
      before.next = one.next;
      if (first.last === one) first.last = before === first ? undefined : before;
      this.size--;
      return one.request;
    }
    return null;
  }

  oldest(): ZooKeeperRequest | null {
    for (const first of this.byXid.values()) return first.request;
    return null;
  }

  /**
   * Leaves `wanted` of them: an eighth goes at a time, since looking for the oldest anew passes over the places of all that
   * went before.
   */
  dropOldest(wanted: number, gone: (request: ZooKeeperRequest) => void): void {
    for (const key of this.byXid.keys()) {
      while (this.size > wanted) {
        const request = this.takeKey(key);
        if (request === null) break;
        gone(request);
      }
      if (this.size <= wanted) break;
    }
  }

  /** In the order of sending. */
  all(): ZooKeeperRequest[] {
    const all: ZooKeeperRequest[] = [];
    for (const first of this.byXid.values()) {
      for (let waiting: Waiting | null = first; waiting !== null; waiting = waiting.next) all.push(waiting.request);
    }
    return all.sort((a, b) => a.streamEnd - b.streamEnd);
  }
}

steadyShape(new OutstandingRequests());
