import type { CapturedPairs, LatencyParts } from '../../capture/hosts.js';
import type { Message } from '../../protocols/registry.js';
import type { ConnectionFacts } from '../connectionFacts.js';
import type { Sink } from '../forward.js';

/** Nanoseconds: times of decoded lines may be rounded. */
const ROUNDED = 10_000;

const sum = ({ wayThere, inServer, wayBack }: LatencyParts): number => wayThere + inServer + wayBack;

/**
 * A sink that is told with each answer where its time went, and at the end of a connection what was lost on the way, if it
 * was captured at both ends.
 */
export function withParts(sink: Sink, pairs: CapturedPairs): Sink {
  const add = (message: Message, { client, server }: ConnectionFacts): void => {
    if (message.protocol !== 'zookeeper') return;
    const m = message as typeof message & { parts?: LatencyParts | null };
    const parts = m.kind === 'response' && m.xid > 0 ? pairs.parts(client.text, server.text, m.xid) : null;
    // Where the addresses are used again, these are those of another request.
    m.parts = parts !== null && Math.abs(sum(parts) - (m.latency ?? Infinity)) < ROUNDED ? parts : null;
  };
  /** Connections with payload that have ended, by their ends. */
  const ended = new Map<string, number>();
  const compare = (connection: ConnectionFacts): void => {
    const { client, server, toServer, toClient } = connection;
    if (pairs.nearEnd(client.text, server.text) === null) return;
    if (toServer.lastPayloadFrame < 0 && toClient.lastPayloadFrame < 0) return;
    const ends = `${client.text} ${server.text}`;
    const nth = ended.get(ends) ?? 0;
    ended.set(ends, nth + 1);
    connection.bothEnds = pairs.bothEnds(client.text, server.text, nth);
  };
  return {
    opened: (connection) => {
      sink.opened(connection);
    },
    tcp: (event, connection) => {
      sink.tcp(event, connection);
    },
    message: (message, connection) => {
      add(message, connection);
      sink.message(message, connection);
    },
    ping: (message, connection) => {
      sink.ping(message, connection);
    },
    pingAnswer: (message, connection) => {
      sink.pingAnswer(message, connection);
    },
    gap: (gap, connection) => {
      sink.gap(gap, connection);
    },
    acknowledged: (acknowledgement, connection) => {
      sink.acknowledged(acknowledgement, connection);
    },
    closed: (connection) => {
      compare(connection);
      sink.closed(connection);
    },
  };
}
