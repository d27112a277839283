import { numberKey } from '../../../network/seed.js';
import type { ZooKeeperRequest } from '../message.js';
import { RequestBudget } from './requestBudget.js';

/** Up to this many are searched one by one: nearly always it is the oldest that is answered. */
const FEW = 32;

/**
 * Requests of one connection that wait for their answer. Matched by what was asked: by xid, and where several requests
 * have the same (reserved) xid, oldest first. Bounded: beyond `limit` the oldest is forgotten, and counted.
 */
export class OutstandingRequests {
  /** Oldest first. */
  private readonly few: ZooKeeperRequest[] = [];
  /** All of them instead, once they were many, until none is left. */
  private many: RequestsByXid | null = null;
  forgotten = 0;

  /** @param budget of all connections together */
  constructor(
    private readonly limit = 65_536,
    private readonly budget = new RequestBudget(),
  ) {}

  get size(): number {
    return this.many === null ? this.few.length : this.many.size;
  }

  add(request: ZooKeeperRequest): void {
    if (this.many === null) {
      this.few.push(request);
      if (this.few.length <= FEW) return;
      this.many = new RequestsByXid();
      for (const one of this.few) this.many.add(one);
      this.budget.used += this.few.length;
      this.few.length = 0;
    } else {
      this.many.add(request);
      this.budget.used++;
    }
    const limit = this.budget.limit(this.limit);
    if (this.many.size <= limit) return;
    const dropped = this.many.dropOldest(limit - (limit >>> 3));
    this.budget.used -= dropped;
    this.forgotten += dropped;
  }

  /** The connection has ended: what waited on it is of no use any more. */
  end(): void {
    if (this.many !== null) this.budget.used -= this.many.size;
    this.many = null;
    this.few.length = 0;
  }

  has(xid: number): boolean {
    return this.peek(xid) !== null;
  }

  /** The oldest request with this xid, without taking it out; null if none is known. */
  peek(xid: number): ZooKeeperRequest | null {
    if (this.many !== null) return this.many.peek(xid);
    for (const request of this.few) if (request.xid === xid) return request;
    return null;
  }

  /** Whether more than one request with this xid is outstanding. */
  several(xid: number): boolean {
    if (this.many !== null) return this.many.several(xid);
    let found = 0;
    for (const request of this.few) if (request.xid === xid) found++;
    return found > 1;
  }

  /** Takes out the oldest request with this xid. */
  take(xid: number): ZooKeeperRequest | null {
    const { few, many } = this;
    if (many !== null) {
      const request = many.take(xid);
      if (request !== null) this.budget.used--;
      if (many.size === 0) this.many = null;
      return request;
    }
    const [oldest] = few;
    if (oldest?.xid === xid) {
      if (few.length === 1) few.pop();
      else few.shift();
      return oldest;
    }
    for (let at = 1; at < few.length; at++) {
      const request = few[at]!;
      if (request.xid !== xid) continue;
      few.splice(at, 1);
      return request;
    }
    return null;
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

  /** The one that was sent first; null if there is none. */
  oldest(): ZooKeeperRequest | null {
    return this.many === null ? (this.few[0] ?? null) : this.many.oldest();
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

  oldest(): ZooKeeperRequest | null {
    for (const first of this.byXid.values()) return first.request;
    return null;
  }

  /**
   * Leaves `wanted` of them: an eighth goes at a time, since looking for the oldest anew passes over the places of all that
   * went before.
   * @returns how many went
   */
  dropOldest(wanted: number): number {
    const before = this.size;
    for (const key of this.byXid.keys()) {
      while (this.size > wanted && this.takeKey(key) !== null);
      if (this.size <= wanted) break;
    }
    return before - this.size;
  }
}
