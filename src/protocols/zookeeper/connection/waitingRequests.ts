import type { ZooKeeperRequest } from '../message.js';

/**
 * The requests of one connection that wait for an answer, as whoever pairs them keeps them. Where answers may have been in
 * bytes that were lost, what was sent before is not among them: nobody knows whether it waits.
 */
export interface WaitingRequests extends Iterable<ZooKeeperRequest> {
  readonly size: number;
  /** Null while nothing waits. Iteration begins with it, and goes on in the order of sending. */
  readonly oldest: ZooKeeperRequest | null;
  /** How many were forgotten to bound memory. */
  readonly forgotten: number;
}

/** Of a connection on which nothing was asked. */
export const NOTHING_WAITS: WaitingRequests = {
  size: 0,
  oldest: null,
  forgotten: 0,
  [Symbol.iterator]: () => ([] as ZooKeeperRequest[]).values(),
};
