/**
 * Requests of all connections that wait for their answer, those with few not counted.
 * @bound requests
 */
const MAX_WAITING = 200_000;

/**
 * How many requests may wait for an answer on all connections together, those with few of them not counted. Beyond it a
 * connection may have few only: so a capture in which nobody answers cannot fill the memory, however many ask.
 */
export class RequestBudget {
  used = 0;

  constructor(
    private readonly total = MAX_WAITING,
    readonly few = 32,
  ) {}

  /** Requests that one connection may have at the moment, whose own limit is `limit`. */
  limit(limit: number): number {
    return this.used > this.total ? Math.min(this.few, limit) : limit;
  }
}
