import type { ConnectionFacts, Moment } from '../../observations/connectionFacts.js';
import { NOTHING_WAITS, type WaitingRequests } from '../../protocols/zookeeper/connection/waitingRequests.js';
import type { Host } from './host.js';
import type { Server } from './server.js';
import type { Session } from './session.js';

/** The handshake of a connection as far as it was captured. */
export interface Handshake {
  /** The connect request; null if only the answer was captured. */
  request: Moment | null;
  /** Session id that was asked for: `0x0` for a new one, null if the request was not captured. */
  asked: string | null;
  /** Milliseconds; null if not captured. */
  timeoutAsked: number | null;
  lastZxidSeen: number | null;
  /** The connect response; null while (or if never) answered. */
  response: Moment | null;
  /** Session id of the answer; `0x0` says that the session which was asked for has expired. */
  granted: string | null;
  timeoutGranted: number | null;
}

/** One connection of a client to a ZooKeeper server: what was said on it. What TCP knows of it is `tcp`. */
export class ClientConnection {
  session: Session | null = null;
  handshake: Handshake | null = null;
  requests = 0;
  pings = 0;
  /** Latest ping, and its distance from the ping before: Infinity with the first. */
  lastPingTime = -Infinity;
  lastPingFrame = 0;
  pingInterval = Infinity;
  /** Frame of the ping before the latest. */
  previousPingFrame = 0;
  responses = 0;
  notifications = 0;
  /** Latest request, latest request other than ping, latest response or notification: -1 while there is none. */
  lastRequestTime = -1;
  lastRequestFrame = 0;
  lastWorkTime = -1;
  lastWorkFrame = 0;
  lastAnswerTime = -1;
  lastAnswerFrame = 0;
  /** Latest response, notifications not counted. */
  lastResponseTime = -1;
  lastResponseFrame = 0;
  /** Its length prefix. */
  lastResponseLength = 0;
  /** The latest request that was answered: the server took it for sure. -1 while there is none. */
  lastTakenTime = -1;
  lastTakenFrame = 0;
  /** Operation and path of the latest request other than ping. */
  lastOp: string | null = null;
  lastPath: string | null = null;
  closeSession: Moment | null = null;
  gaps = 0;
  gapBytes = 0;
  /** Latest moment by which the bytes of a gap must have been sent. */
  lastGap: Moment | null = null;
  /** Requests that wait for their answer: the book of whoever pairs them. */
  outstanding: WaitingRequests = NOTHING_WAITS;
  /** The connection has ended (see `tcp.end`), or the capture has. */
  closed = false;

  constructor(
    readonly tcp: ConnectionFacts,
    readonly host: Host,
    readonly server: Server,
  ) {}

  get id(): number {
    return this.tcp.id;
  }

  /** Client address and port. */
  get client(): string {
    return this.tcp.client.text;
  }

  /** Notes a ping request. */
  pinged(time: number, frame: number): void {
    this.pings++;
    this.pingInterval = time - this.lastPingTime;
    this.previousPingFrame = this.lastPingFrame;
    this.lastPingTime = time;
    this.lastPingFrame = frame;
  }

  /** Whether the handshake gave the session (and did not say that it has expired). */
  get established(): boolean {
    const granted = this.handshake?.granted;
    return granted !== undefined && granted !== null && granted !== '0x0';
  }

  /** Something of this connection may be missing from the capture at or after `time`, or before its start. */
  hasHoleSince(time: number): boolean {
    if (this.lastGap !== null && this.lastGap.time >= time) return true;
    return this.tcp.midStream && this.tcp.start.time >= time;
  }
}
