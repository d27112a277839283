import type { ConnectionFacts } from '../../observations/connectionFacts.js';
import type { Message } from '../../protocols/registry.js';

/** What was seen of one protocol other than ZooKeeper's own. */
export interface ProtocolCounts {
  connections: number;
  messages: number;
  requests: number;
  responses: number;
}

/** Counts of the protocols that `Totals` does not count: etcd, TLS, and what servers say among themselves. */
export class OtherProtocols {
  readonly counts = new Map<string, ProtocolCounts>();

  message({ protocol, kind }: Message): void {
    const counts = this.of(protocol);
    counts.messages++;
    if (kind === 'request') counts.requests++;
    else if (kind === 'response') counts.responses++;
  }

  /** A connection has ended, or the capture has. */
  closed({ protocol }: ConnectionFacts): void {
    if (protocol !== null && protocol !== 'zookeeper') this.of(protocol).connections++;
  }

  private of(protocol: string): ProtocolCounts {
    let counts = this.counts.get(protocol);
    if (counts === undefined) {
      counts = { connections: 0, messages: 0, requests: 0, responses: 0 };
      this.counts.set(protocol, counts);
    }
    return counts;
  }
}
