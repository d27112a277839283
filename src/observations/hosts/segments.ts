import { EndpointTable } from '../../network/address.js';
import type { Connection, Endpoint } from '../../network/connection.js';
import { ACK, SYN, type Segment } from '../../network/segment.js';
import { TO_CLIENT, TO_SERVER, type Direction } from '../connectionFacts.js';
import { Coverage } from './coverage.js';

/**
 * Ranges of bytes that are kept of one host, in all: a connection without repetitions has one for each direction. Of what
 * comes beyond nothing is known.
 * @bound ranges
 */
const MOST = 200_000;

/** What one point of capture saw of one connection. */
export interface SeenConnection {
  readonly client: Endpoint;
  readonly server: Endpoint;
  /** By direction. */
  readonly streams: [Coverage | null, Coverage | null];
}

/** Which bytes of which connections the packets of one host brought, to be compared with another host's. */
export class SeenSegments {
  /** By `client server`, in the order in which they began. */
  private readonly byEnds = new Map<string, SeenConnection[]>();
  private readonly seen = new Map<number, SeenConnection>();
  private readonly endpoints = new EndpointTable();
  private kept = 0;

  /** Of each segment, when its connection is known. */
  readonly segment = (segment: Segment, connection: Connection): void => {
    const seen = this.seen.get(connection.id) ?? (segment.wireLength > 0 ? this.begin(connection) : null);
    if (seen === null) return;
    const { client, server } = seen;
    const source = this.endpoints.source(segment);
    const fromClient = client.port === server.port ? source.ip === client.ip : source.port === client.port;
    const direction = fromClient ? TO_SERVER : TO_CLIENT;
    const other = fromClient ? TO_CLIENT : TO_SERVER;
    if (segment.wireLength > 0) {
      const sequence = (segment.flags & SYN) === 0 ? segment.sequence : (segment.sequence + 1) >>> 0;
      const stream = this.stream(seen, direction, sequence);
      const before = stream.size;
      stream.add(sequence, segment.wireLength, segment.time);
      this.kept += stream.size - before;
      if (this.kept > MOST) {
        seen.streams.fill(null);
        this.seen.delete(connection.id);
      }
    }
    if ((segment.flags & ACK) !== 0) seen.streams[other]?.acknowledge(segment.acknowledgement);
  };

  /** The connections between two ends, in the order in which they began. */
  of(ends: string): readonly SeenConnection[] {
    return this.byEnds.get(ends) ?? [];
  }

  private begin({ id, client, server }: Connection): SeenConnection | null {
    if (this.kept >= MOST) return null;
    const seen: SeenConnection = { client, server, streams: [null, null] };
    this.seen.set(id, seen);
    const ends = `${client.text} ${server.text}`;
    const same = this.byEnds.get(ends);
    if (same === undefined) this.byEnds.set(ends, [seen]);
    else same.push(seen);
    return seen;
  }

  private stream({ streams }: SeenConnection, direction: Direction, sequence: number): Coverage {
    return (streams[direction] ??= new Coverage(sequence));
  }
}
