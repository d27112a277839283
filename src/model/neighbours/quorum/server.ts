import { Histogram } from '../../measures/histogram.js';
import type { SlowStretch } from './ackPace.js';

/** A server of the ensemble as its peers' traffic shows it. */
export class QuorumServer {
  /** Nanoseconds from PROPOSAL to this server's ACK, synchronisation apart. */
  readonly ackLatency = new Histogram();
  /** Nanoseconds from the leader's PING to this server's answer. */
  readonly pingLatency = new Histogram();
  /** Stretches of time in which its acknowledgements came late, in order of time. */
  readonly slow: SlowStretch[] = [];
  /** Highest zxid that it is known to have logged, -1 while none. */
  zxid = -1;
  /** It has followed or led in this capture. */
  served = false;

  /** @param id myid, null while the capture has not shown it */
  constructor(
    public id: number | null,
    readonly ip: string,
  ) {}

  /** For texts: `server 2 (10.0.0.2)`, or the address alone. */
  get name(): string {
    return this.id === null ? this.ip : `server ${this.id} (${this.ip})`;
  }
}

/**
 * Servers of ensembles.
 * @bound servers
 */
const MOST_SERVERS = 1024;

/** The servers of all ensembles in a capture, by myid where it is known, otherwise by address. */
export class QuorumServers {
  private readonly list: QuorumServer[] = [];
  private readonly byKey = new Map<string, QuorumServer>();
  /** Stands for all servers beyond the bound. */
  private readonly others = new QuorumServer(null, 'another server');

  /** The server with this id at this address; made, or given its id, when it is new. */
  get(id: number | null, ip: string): QuorumServer {
    if (id !== null) {
      const known = this.byKey.get(`${id}@${ip}`);
      if (known !== undefined) return known;
      const nameless = this.byKey.get(ip);
      if (nameless?.id === null) {
        nameless.id = id;
        this.byKey.set(`${id}@${ip}`, nameless);
        return nameless;
      }
    } else {
      const known = this.byKey.get(ip);
      if (known !== undefined) return known;
    }
    if (this.list.length >= MOST_SERVERS) return this.others;
    const server = new QuorumServer(id, ip);
    this.list.push(server);
    if (id !== null) this.byKey.set(`${id}@${ip}`, server);
    if (!this.byKey.has(ip)) this.byKey.set(ip, server);
    return server;
  }

  all(): readonly QuorumServer[] {
    return this.list;
  }
}
