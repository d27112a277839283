import type { ZooKeeperRequest } from '../message.js';

/**
 * Requests of all connections that wait for their answer, the oldest of each not counted.
 * @bound requests
 */
const MAX_WAITING = 200_000;
/**
 * What is kept of them that their clients choose the length of: long paths, and what several operations or watches are
 * asked for.
 * @bound bytes
 */
const MAX_HEAVY = 8 * 1024 * 1024;
/** Shorter paths are shared with others, or weigh little beside the request. */
const LONG_PATH = 128;
/** Bytes that a list of operations or paths takes for each byte of the request. */
const DECODED = 3;

/**
 * How many requests may wait for an answer on all connections together, the oldest of each not counted, and how many bytes
 * they may keep. Beyond it a connection may have few only: so a capture in which nobody answers cannot fill the memory,
 * however many ask, and whatever for.
 */
export class RequestBudget {
  used = 0;
  heavy = 0;

  constructor(
    private readonly total = MAX_WAITING,
    readonly few = 32,
    private readonly maxHeavy = MAX_HEAVY,
  ) {}

  /** Nothing more fits. */
  get isOver(): boolean {
    return this.used > this.total || this.heavy > this.maxHeavy;
  }

  /** Requests that one connection may have at the moment, whose own limit is `limit`. */
  limit(limit: number): number {
    return this.isOver ? Math.min(this.few, limit) : limit;
  }
}

/** Bytes that a request keeps beyond those that all do. */
export function heavyBytes({ body, path, length }: ZooKeeperRequest): number {
  if (body !== null) return length * DECODED;
  return path !== null && path.length > LONG_PATH ? path.length : 0;
}
