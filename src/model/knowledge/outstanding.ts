import type { ZooKeeperRequest } from '../../protocols/zookeeper/message.js';
import { RequestBudget } from '../../protocols/zookeeper/connection/requestBudget.js';

const LIMIT = 4096;

/** Requests of one connection that wait for an answer, oldest first. Bounded: beyond the limit the oldest is forgotten. */
export class Outstanding {
  private items: ZooKeeperRequest[] = [];
  private head = 0;
  forgotten = 0;

  /** @param budget of all connections together */
  constructor(private readonly budget = new RequestBudget()) {}

  get size(): number {
    return this.items.length - this.head;
  }

  get oldest(): ZooKeeperRequest | null {
    return this.items[this.head] ?? null;
  }

  add(request: ZooKeeperRequest): void {
    this.items.push(request);
    if (this.size > this.budget.few) this.budget.used++;
    for (const limit = this.budget.limit(LIMIT); this.size > limit; this.forgotten++) this.take();
  }

  /** The server answers in order, so the request is nearly always the oldest. */
  answered(request: ZooKeeperRequest): void {
    if (this.items[this.head] === request) {
      this.take();
      return;
    }
    const at = this.items.indexOf(request, this.head);
    if (at < 0) return;
    if (this.size > this.budget.few) this.budget.used--;
    this.items.splice(at, 1);
  }

  clear(): void {
    this.budget.used -= Math.max(0, this.size - this.budget.few);
    this.items = [];
    this.head = 0;
  }

  *[Symbol.iterator](): Generator<ZooKeeperRequest> {
    for (let i = this.head; i < this.items.length; i++) yield this.items[i]!;
  }

  private take(): void {
    if (this.size > this.budget.few) this.budget.used--;
    // The usual case, one request at a time, keeps its array.
    if (this.head === 0 && this.items.length === 1) {
      this.items.pop();
      return;
    }
    this.head++;
    if (this.head === this.items.length) this.clear();
    else if (this.head > 1024) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
  }
}
