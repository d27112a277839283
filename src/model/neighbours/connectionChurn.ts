import { afterForgetting } from '../bounds.js';
import type { ConnectionFacts, Moment } from '../../observations/connectionFacts.js';
import type { Message } from '../../protocols/registry.js';
import type { HandshakeOutcome } from '../../protocols/tls/message.js';

/**
 * Client host and server between which connections are counted; of more, those go that have kept theirs so far.
 * @bound pairs
 */
const MAX_PAIRS = 5000;
/** Connections are counted by the window in which they were opened. */
export const WINDOW = 10e9;
/** How many windows back a connection may have been opened when it ends; those that lived longer are kept ones. */
const WINDOWS_OPEN = 3;
const MAX_SAMPLES = 5;
/** A FIN that comes so much later than the last answer was not sent because of that answer. */
const LATE_FIN = 4e9;
/** Operations with which members and watchdogs look whether somebody is there. */
const PROBES = new Set(['GET /version', 'GET /raft/probing', 'GET /health', 'GET /metrics']);

/** Bytes from the client, the handshake included, below which an encrypted connection counts as a short one. */
const SHORT_TLS = 32 * 1024;

const NO_SAMPLES: readonly ShortConnection[] = [];

interface Counted {
  requests: number;
  tls: HandshakeOutcome | null;
}

/** What a connection was used for. */
export interface Use {
  /** Requests that did some work; null where they could not be read (TLS). */
  readonly requests: number | null;
  /** It did nothing but ask whether somebody is there. */
  readonly probe: boolean;
}

/** What is told of one short connection. */
export interface ShortConnection {
  /** `ip:port`. */
  readonly client: string;
  /** Its SYN. */
  readonly opened: Moment;
  /** The first FIN or RST. */
  readonly end: Moment | null;
  readonly by: 'client' | 'server' | null;
  readonly rst: boolean;
}

/** Short connections that were opened in one stretch of time. */
export class ShortConnections {
  connections = 0;
  requests = 0;
  /** Of those connections, how many were encrypted: their requests are not counted. */
  encrypted = 0;
  /** Who sent the first FIN or RST. */
  closedByServer = 0;
  closedByClient = 0;
  /** RST as the first sign of the end, whoever sent it. */
  resets = 0;
  /** The server's FIN came more than 4 s after its last byte. */
  lateServerFins = 0;
  /** First and last of their SYNs. */
  first: Moment | null = null;
  last: Moment | null = null;
  samples: readonly ShortConnection[] = NO_SAMPLES;

  /** Counts one that has ended. */
  add(tcp: ConnectionFacts, requests: number | null): void {
    const opened = tcp.syn ?? tcp.start;
    this.connections++;
    if (requests === null) this.encrypted++;
    else this.requests += requests;
    if (this.first === null || opened.time < this.first.time) this.first = opened;
    if (this.last === null || opened.time > this.last.time) this.last = opened;
    const { by, moment, rst } = firstToEnd(tcp);
    if (this.samples.length < MAX_SAMPLES)
      this.samples = this.samples.concat({ client: tcp.client.text, opened, end: moment, by, rst });
    if (by === 'server') this.closedByServer++;
    else if (by === 'client') this.closedByClient++;
    if (rst) this.resets++;
    const { fin, lastPayload } = tcp.toClient;
    if (by === 'server' && fin !== null && lastPayload !== null && fin.time - lastPayload.time > LATE_FIN) {
      this.lateServerFins++;
    }
  }

  /** Takes over what another stretch has counted. */
  merge(other: ShortConnections): void {
    this.connections += other.connections;
    this.requests += other.requests;
    this.encrypted += other.encrypted;
    this.closedByServer += other.closedByServer;
    this.closedByClient += other.closedByClient;
    this.resets += other.resets;
    this.lateServerFins += other.lateServerFins;
    if (this.first === null || (other.first !== null && other.first.time < this.first.time)) this.first = other.first;
    if (this.last === null || (other.last !== null && other.last.time > this.last.time)) this.last = other.last;
    this.samples = this.samples.concat(other.samples.slice(0, MAX_SAMPLES - this.samples.length));
  }
}

const NONE = new ShortConnections();
const NO_WINDOWS: readonly Window[] = [];

/** A stretch of time, by its number, and what was opened in it. */
interface Window {
  readonly index: number;
  readonly opened: ShortConnections;
}

/** Connections of one client host to one server. */
export class ClientLoad {
  /** Short ones that were opened in a window with many of them, or next to such a window. */
  churn = NONE;
  /** Most that one window of 10 s saw. */
  busiest = 0;
  /** Other short ones. */
  ordinary = 0;
  probes = 0;
  /** Connections that carried more requests, lived longer, or are still open; and their requests. */
  kept = 0;
  keptRequests = 0;
  /** In order of their numbers, which count from the first short connection on; those that can still grow, or lie next to one that can. */
  private windows = NO_WINDOWS;
  private origin = -1;
  private lastBusy = -2;

  constructor(
    readonly client: string,
    readonly server: string,
  ) {}

  /** A short connection has ended; `busy` of them in one window are many. */
  short(tcp: ConnectionFacts, requests: number | null, busy: number): void {
    const opened = (tcp.syn ?? tcp.start).time;
    if (this.origin < 0) this.origin = opened;
    const index = Math.max(0, Math.floor((opened - this.origin) / WINDOW));
    const window = this.window(index) ?? this.openWindow(index, busy);
    window.add(tcp, requests);
    if (window.connections > this.busiest) this.busiest = window.connections;
  }

  private window(index: number): ShortConnections | undefined {
    return this.windows.find((window) => window.index === index)?.opened;
  }

  private openWindow(index: number, busy: number): ShortConnections {
    const opened = new ShortConnections();
    this.windows = this.windows.concat({ index, opened });
    if (this.windows.length > 1) this.windows = [...this.windows].sort((a, b) => a.index - b.index);
    if (this.windows.length > WINDOWS_OPEN + 1) this.settle(index - WINDOWS_OPEN, busy);
    return opened;
  }

  /** Counts in the windows before number `limit`: as churn where they or a neighbour are busy. */
  settle(limit: number, busy: number): void {
    for (const { index, opened } of this.windows) {
      if (index >= limit) return;
      this.windows = this.windows.length === 1 ? NO_WINDOWS : this.windows.slice(1);
      const isBusy = opened.connections >= busy;
      const next = this.window(index + 1)?.connections ?? 0;
      if (isBusy || next >= busy || this.lastBusy === index - 1) this.addChurn(opened);
      else this.ordinary += opened.connections;
      if (isBusy) this.lastBusy = index;
    }
  }

  /** Counts in what cannot grow any more at `time`, and says whether there was never too much. */
  isOrdinary(time: number, busy: number): boolean {
    this.settle(Math.floor((time - this.origin) / WINDOW) - WINDOWS_OPEN, busy);
    return this.windows.length === 0 && this.churn === NONE;
  }

  private addChurn(opened: ShortConnections): void {
    if (this.churn === NONE) this.churn = new ShortConnections();
    this.churn.merge(opened);
  }
}

export interface ChurnLimits {
  /** A connection that carried more requests is a kept one. */
  readonly maxRequests: number;
  /** So is one that lived longer, in nanoseconds. */
  readonly maxLife: number;
  /** So many short connections, opened within 10 s, are many. */
  readonly busy: number;
}

const LIMITS: ChurnLimits = { maxRequests: 3, maxLife: 20e9, busy: 20 };

/** How clients use connections: whether they keep them, or open one for every few requests. */
export class ConnectionChurn {
  private readonly loads = new Map<string, ClientLoad>();
  private readonly uses = new Map<number, Counted>();
  /** Pairs that found no room since room was last made. */
  private refused = 0;

  constructor(private readonly limits: ChurnLimits = LIMITS) {}

  /** Counts the requests of protocols that the model keeps no connections of. */
  message(message: Message, { id }: ConnectionFacts): void {
    if (message.protocol === 'tls' ? message.op !== 'Handshake' : message.kind !== 'request') return;
    let use = this.uses.get(id);
    if (use === undefined) this.uses.set(id, (use = { requests: 0, tls: null }));
    if (message.protocol === 'tls') use.tls = message.handshake?.outcome ?? null;
    else if (message.op === null || !PROBES.has(message.op)) use.requests++;
  }

  /** A connection has ended, or the capture has. `use` where the caller knows it; otherwise what `request` counted; null if it says nothing. */
  closed(tcp: ConnectionFacts, use: Use | null = this.useOf(tcp)): void {
    this.uses.delete(tcp.id);
    if (use === null) return;
    // What began before the capture, or was not captured whole, may have carried anything.
    if (tcp.syn === null && tcp.synAck === null) return;
    const load = this.load(tcp);
    if (load === null) return;
    const { by, moment } = firstToEnd(tcp);
    const { requests, probe } = use;
    const lived = moment === null ? Infinity : moment.time - (tcp.syn ?? tcp.start).time;
    if (probe) load.probes++;
    else if (by === null || lived > this.limits.maxLife || (requests ?? 0) > this.limits.maxRequests) {
      load.kept++;
      load.keptRequests += requests ?? 0;
    } else if (tcp.toServer.gapBytes + tcp.toClient.gapBytes === 0) load.short(tcp, requests, this.limits.busy);
  }

  /** Settles what is still open; to be called once, when all connections have been told of. */
  end(): void {
    for (const load of this.loads.values()) load.settle(Infinity, this.limits.busy);
  }

  /** Client and server between which connections were churned. */
  *churned(): Generator<ClientLoad> {
    for (const load of this.loads.values()) if (load.churn.connections > 0) yield load;
  }

  /** All that is known of connections to one server, by client host. */
  *loadsFor(server: string): Generator<ClientLoad> {
    for (const load of this.loads.values()) if (load.server === server) yield load;
  }

  private useOf(tcp: ConnectionFacts): Use | null {
    const use = this.uses.get(tcp.id);
    // Requests that were decrypted count like others.
    if (use?.tls != null && use.requests === 0) {
      // A handshake that failed is no use of a connection; one that carried much was worth it.
      return use.tls === 'completed' && tcp.toServer.delivered < SHORT_TLS ? { requests: null, probe: false } : null;
    }
    return { requests: use?.requests ?? 0, probe: (use?.requests ?? 0) === 0 };
  }

  private load(tcp: ConnectionFacts): ClientLoad | null {
    const key = `${tcp.client.ip} ${tcp.server.text}`;
    let load = this.loads.get(key);
    if (load === undefined) {
      if (this.loads.size >= MAX_PAIRS && !this.makeRoom((tcp.syn ?? tcp.start).time)) return null;
      this.loads.set(key, (load = new ClientLoad(tcp.client.ip, tcp.server.text)));
    }
    return load;
  }

  /** Of many pairs those go that have kept their connections, the oldest first. */
  private makeRoom(time: number): boolean {
    // Where nearly all have not, the next look comes only when it may be worth it.
    if (this.refused++ % (MAX_PAIRS >>> 3) !== 0) return false;
    const wanted = afterForgetting(MAX_PAIRS);
    for (const [key, load] of this.loads) {
      if (this.loads.size <= wanted) break;
      if (load.isOrdinary(time, this.limits.busy)) this.loads.delete(key);
    }
    if (this.loads.size >= MAX_PAIRS) return false;
    this.refused = 0;
    return true;
  }
}

/** The first sign of a connection's end, and whose it was. */
export function firstToEnd(tcp: ConnectionFacts): {
  by: 'client' | 'server' | null;
  moment: Moment | null;
  rst: boolean;
} {
  let by: 'client' | 'server' | null = null;
  let moment: Moment | null = null;
  let rst = false;
  const look = (candidate: Moment | null, who: 'client' | 'server', isRst: boolean): void => {
    if (candidate === null || (moment !== null && candidate.frame >= moment.frame)) return;
    moment = candidate;
    by = who;
    rst = isRst;
  };
  look(tcp.toServer.fin, 'client', false);
  look(tcp.toClient.fin, 'server', false);
  look(tcp.toServer.rst, 'client', true);
  look(tcp.toClient.rst, 'server', true);
  return { by, moment, rst };
}
