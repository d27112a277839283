import { StreamFacts } from './streamFacts.js';

/** A place in the capture: a frame and its time (nanoseconds since the base of the run's Clock). */
export interface Moment {
  readonly frame: number;
  readonly time: number;
}

export const TO_SERVER = 0;
export const TO_CLIENT = 1;
/** TO_SERVER (requests) or TO_CLIENT (responses). */
export type Direction = typeof TO_SERVER | typeof TO_CLIENT;

export interface Endpoint {
  /** `10.0.0.1` or `fd77::1`. */
  readonly ip: string;
  readonly port: number;
  /** `10.0.0.1:2181` or `[fd77::1]:2181`. */
  readonly text: string;
}

/** One direction of a connection as the reassembly knows it. */
export class Stream extends StreamFacts {
  /**
   * Whoever sets it to a position is told by `ConnectionListener.acknowledged` as soon as an acknowledgement that reaches
   * it comes in; telling sets it back to Infinity.
   */
  watchFor = Infinity;

  /** @param direction whose bytes these are; changes where the roles were guessed wrongly */
  constructor(public direction: Direction) {
    super();
  }
}

/**
 * Why TLS could not be read: no key was given; one was, and opens nothing; the handshake that says which key it is was not
 * captured; the cipher is none that is known.
 */
export type Encrypted = 'no key' | 'key does not fit' | 'handshake not captured' | 'cipher not supported';

/** How the end of a connection was seen; `open` while it lives, and at the end of the capture. */
export type ConnectionEnd = 'open' | 'fin' | 'rst' | 'replaced' | 'forgotten';

/** One TCP connection and what is known of it without looking at payload. */
export class Connection {
  /** What the listener keeps with the connection (see observations/captureSource.ts); nothing here looks at it. */
  attachment: unknown = null;
  /** Number in order of first packet over all TCP connections of the capture, from 0 (Wireshark's tcp.stream). */
  readonly id: number;
  client: Endpoint;
  server: Endpoint;
  /** False while only a guess from the ports says who is the client. */
  rolesKnown: boolean;
  /** Name of the protocol it carries, once known (`zookeeper`, `zab`, `etcd` …), null before and for strangers. */
  protocol: string | null = null;
  /** What the stranger is where the port belongs to a protocol but the bytes do not: `TLS`, `HTTP` … */
  foreign: string | null = null;
  /** Why its TLS, or some of it, could not be read; null where it was, and where there is none. */
  encrypted: Encrypted | null = null;
  /** First packet of any kind. */
  readonly start: Moment;
  /** First SYN, how many times it was sent (same sequence number), and the last of them. */
  syn: Moment | null = null;
  synCount = 0;
  lastSyn: Moment | null = null;
  synAck: Moment | null = null;
  /** RST that answered the SYN. */
  refused: Moment | null = null;
  /** Neither SYN nor SYN-ACK was captured: what came before is unknown. */
  midStream: boolean;
  end: ConnectionEnd = 'open';
  endMoment: Moment | null = null;
  toServer: Stream;
  toClient: Stream;

  constructor(
    id: number,
    client: Endpoint,
    server: Endpoint,
    rolesKnown: boolean,
    start: Moment,
    midStream: boolean,
    toServer = new Stream(TO_SERVER),
    toClient = new Stream(TO_CLIENT),
  ) {
    this.id = id;
    this.client = client;
    this.server = server;
    this.rolesKnown = rolesKnown;
    this.start = start;
    this.midStream = midStream;
    this.toServer = toServer;
    this.toClient = toClient;
  }

  /** Exchanges client and server, where bytes show that the guess from the ports was wrong. */
  swapRoles(): void {
    [this.client, this.server] = [this.server, this.client];
    [this.toServer, this.toClient] = [this.toClient, this.toServer];
    this.toServer.direction = TO_SERVER;
    this.toClient.direction = TO_CLIENT;
    this.rolesKnown = true;
  }

  stream(direction: Direction): Stream {
    return direction === TO_SERVER ? this.toServer : this.toClient;
  }

  /** No payload was seen of it. */
  get isEmpty(): boolean {
    return this.toServer.lastPayloadFrame < 0 && this.toClient.lastPayloadFrame < 0;
  }
}
