import type { LatencyParts } from '../../capture/hosts.js';
import type { Direction } from '../../network/connection.js';
import type { MessageBase, RecordOptions } from '../protocol.js';
import type { ChildNames } from './childLists.js';
import type { RequestBody, ResponseBody } from './format/records.js';
import type { Stat } from './format/stat.js';
import type { WaitingRequests } from './connection/waitingRequests.js';

/**
 * A request as the response that answers it needs it: what was asked, where and when. Lives as long as it is
 * outstanding, so nothing of the capture's bytes hangs on it.
 */
export interface ZooKeeperRequest {
  /** OpCode number; connect is 0 with xid 0 (a connect request carries neither). */
  readonly opcode: number;
  /** ZooKeeper's name, `connect`, `fourLetterWord`, or `unknown(N)`. */
  readonly op: string;
  readonly xid: number;
  readonly path: string | null;
  /** `watch` of the reads that can set one (exists, getData, getChildren, getChildren2), otherwise false. */
  readonly watch: boolean;
  /** Create flags (0 to 6) of the create family, otherwise 0; 0 too where they were cut off. */
  readonly flags: number;
  /** Its end was not captured. */
  readonly truncated: boolean;
  readonly length: number;
  readonly frame: number;
  readonly time: number;
  /** Position behind the request in the stream to the server: `connection.toServer.acked >= streamEnd` if it arrived. */
  streamEnd: number;
  /**
   * Body where the matching or the model needs it after the bytes are gone (connect, multi, multiRead, setWatches,
   * setWatches2, addWatch, removeWatches, checkWatches, fourLetterWord), otherwise null.
   */
  readonly body: RequestBody | null;
}

/**
 * One ZooKeeper message. The decoder reuses the object: it is valid only until the callback returns. Header fields are
 * read at once, the body only when asked for.
 */
export interface ZooKeeperMessage extends MessageBase {
  readonly protocol: 'zookeeper';
  readonly direction: Direction;
  /** Time of `firstFrame`. */
  readonly firstTime: number;
  readonly kind: 'request' | 'response' | 'notification';
  readonly opcode: number | null;
  readonly op: string | null;
  /** Session id as `0x…`, null until the handshake or nothing showed it. */
  readonly session: string | null;
  /** Value of the length prefix; -1 for four-letter words. */
  readonly length: number;
  readonly xid: number;
  /** Of a request or notification, and of responses that carry one (created path, sync); else null. */
  readonly path: string | null;
  readonly watch: boolean;
  readonly flags: number;
  /** Responses: the request that it answers, null where that was not captured. Requests: itself. */
  readonly request: ZooKeeperRequest | null;
  /** The requests of its connection that wait now: this one among them, or without the one that it answers. The same object always. */
  readonly waiting: WaitingRequests;
  /**
   * Responses and notifications: zxid of the reply header as a double, exact below 2^53 (an epoch below 2^21), -1 where the
   * header says -1, and for requests. `zxidHi` and `zxidLo` (unsigned) have all 64 bits.
   */
  readonly zxid: number;
  readonly zxidHi: number;
  readonly zxidLo: number;
  /** Responses and notifications: 0 or ZooKeeper's error code. */
  readonly err: number;
  /** Responses: nanoseconds since the request, null where the request was not captured. */
  readonly latency: number | null;
  /** Responses whose connection was captured at both ends: where that time went, in nanoseconds. */
  readonly parts?: LatencyParts | null;
  /** Notifications: 1 NodeCreated, 2 NodeDeleted, 3 NodeDataChanged, 4 NodeChildrenChanged, …; and KeeperState. */
  readonly eventType: number;
  readonly state: number;
  /** The record behind the header, decoded when first asked for; null where there is none (or it could not be read). */
  requestBody(): RequestBody | null;
  responseBody(): ResponseBody | null;
  /** Of an auth request with the scheme `digest`: whose credentials it brings, never the password. Null otherwise. */
  digestUser(): string | null;
  /** The Stat of a response that has one, without decoding the rest where that can be helped: valid as long as the message. */
  stat(): Stat | null;
  /** Child names of getChildren, getChildren2, getEphemerals responses. Equal lists may be the same object. */
  childNames(): ChildNames | null;
  /** How many there are, without decoding them. */
  childCount(): number | null;
  toRecord(options: RecordOptions, record?: Record<string, unknown>): Record<string, unknown>;
}
