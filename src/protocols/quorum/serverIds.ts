import type { Endpoint } from '../../network/connection.js';

/**
 * Servers whose id is known.
 * @bound servers
 */
const MOST = 4096;
const MOST_LINES = 1024;
/** A host name has 253 characters at most. */
const LONGEST_HOST = 300;

/**
 * Which server (myid) is behind which address, as far as the capture has shown it: initial messages of the election,
 * FOLLOWERINFO, and the configuration that notifications and NEWLEADER carry.
 */
export class ServerIds {
  private readonly byAddress = new Map<string, number>();
  /** Null where two servers share an address (several on one host). */
  private readonly byIp = new Map<string, number | null>();
  private lastConfig = '';
  /** Grows whenever an answer of `at` may have changed. */
  version = 0;
  /** Servers that vote by the latest configuration seen; null while none was. */
  voters: number | null = null;
  /** Servers of the latest configuration that do not vote. */
  observers: ReadonlySet<number> = new Set();

  /** Id of the server at an endpoint: by address and port, or by address where only one server has it. */
  at(endpoint: Endpoint): number | null {
    return this.byAddress.get(endpoint.text) ?? this.byIp.get(endpoint.ip) ?? null;
  }

  /** A server's own connection came from this IP address. */
  learnIp(ip: string, id: number): void {
    const known = this.byIp.get(ip);
    if (known === undefined) {
      if (this.byIp.size < MOST) this.byIp.set(ip, id);
      this.version++;
    } else if (known !== id && known !== null) {
      this.byIp.set(ip, null);
      this.version++;
    }
  }

  /** `host:port` (`[host]:port` for IPv6) of one of a server's ports. */
  learnAddress(address: string, id: number): void {
    const colon = address.lastIndexOf(':');
    if (colon <= 0 || colon > LONGEST_HOST) return;
    if (this.byAddress.get(address) !== id && (this.byAddress.size < MOST || this.byAddress.has(address))) {
      this.byAddress.set(address, id);
      this.version++;
    }
    const host = address.slice(0, colon);
    if (host !== '0.0.0.0' && host !== '[::]') this.learnIp(host.replace(/^\[|\]$/g, ''), id);
  }

  /**
   * Configuration text of 3.5 and later: lines `server.ID=HOST:QUORUM:ELECTION[:participant|observer][;CLIENT]`, several
   * addresses of one server separated by `|`.
   */
  learnConfig(text: string): void {
    if (text === this.lastConfig) return;
    this.lastConfig = text;
    const observers = new Set<number>();
    let voters = 0;
    for (const line of text.split('\n', MOST_LINES)) {
      const match = /^server\.(\d{1,15})=([^;]*)/.exec(line);
      if (match === null) continue;
      const id = Number(match[1]);
      if (match[2]!.endsWith(':observer')) observers.add(id);
      else voters++;
      for (const address of match[2]!.split('|', 16)) {
        const parts = /^(\[[^\]]*\]|[^:]*):(\d+):(\d+)/.exec(address);
        if (parts === null) continue;
        this.learnAddress(`${parts[1]!}:${parts[2]!}`, id);
        this.learnAddress(`${parts[1]!}:${parts[3]!}`, id);
      }
    }
    if (voters > 0) {
      this.voters = voters;
      this.observers = observers;
    }
  }
}
